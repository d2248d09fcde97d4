"""Totals of APD lines, and the marks of those that changed since they were computed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models
from django.db.models import F, Max, Min, Q, Sum, Value
from django.db.models.query import ValuesIterable
from django.utils.translation import gettext_lazy as _

from aect.fields import AmountField
from aect.text import Fold
from funding.models.apd import siren_of
from funding.models.reference import PurposeCode
from partnerships.models import Country, Organisation


class Dimension(NamedTuple):
    """What totals can be grouped by: `keys` make the groups, `labels` are what names each of them, `order` sorts.

    Labels are read by MIN: a group has one, and PostgreSQL then groups and sorts by the short keys alone.
    Names end with an underscore while SQL is built, since a column may be named like a field of the model.
    """

    keys: dict[str, str]
    labels: dict[str, str]
    order: tuple[Any, ...]


#: `{language}` is the reader's; code lists have French and English labels only (`{codes}`).
DIMENSIONS = {
    "annee": Dimension({"year_": "year"}, {}, ("year_",)),
    "collectivite": Dimension(
        {"key_": "collectivity_id"},
        {
            "collectivity_siren_": "siren__code",
            "collectivity_": "collectivity__name",
            "collectivity_type_": "collectivity__kind",
        },
        (Fold("collectivity_"), "collectivity_id"),
    ),
    "type": Dimension({"collectivity_type_": "collectivity__kind"}, {}, ("collectivity_type_",)),
    "pays": Dimension(
        {"recipient_iso2_": "recipient_id"},
        {"recipient_": "recipient__name_{language}"},
        (Fold("recipient_"), "recipient_id"),
    ),
    "secteur": Dimension({"purpose_code_": "purpose_id"}, {"purpose_": "purpose__label_{codes}"}, ("purpose_id",)),
}
SUMS = {
    "lines_": Sum("lines", default=0),
    "committed_eur_": Sum("committed_amount"),
    "paid_eur_": Sum("paid_amount"),
    "net_eur_": Sum("net_amount"),
    "apd_eur_": Sum("apd_amount"),
    "apd_without_refugees_eur_": Sum("apd_amount", filter=Q(counts_as_refugees=False)),
    "fictitious_lines_": Sum("lines", filter=Q(is_fictitious=True), default=0),
    "unpublished_lines_": Sum("lines", filter=Q(is_published=False), default=0),
}
COUNTS = {"lines_", "fictitious_lines_", "unpublished_lines_"}


#: Every column that `summed` may have, in the contract's order.
SUMMED_COLUMNS = (
    "year",
    "collectivity_siren",
    "collectivity",
    "collectivity_type",
    "recipient_iso2",
    "recipient",
    "purpose_code",
    "purpose",
    *(name[:-1] for name in SUMS),
)


class SummedRows(ValuesIterable):
    """Rows of `summed` under their columns' names, in the contract's order."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in super().__iter__():
            yield {name: row[f"{name}_"] for name in SUMMED_COLUMNS if f"{name}_" in row}


class ApdTotalQuerySet(models.QuerySet["ApdTotal"]):
    def summed(self, *dimensions: str, language: str = "fr") -> "models.QuerySet[ApdTotal, dict[str, Any]]":
        """The one aggregation behind every table, chart and export: one dict a group, named as in the contract.

        `dimensions`: any of `annee`, `collectivite`, `type`, `pays`, `secteur`; none gives one row in all.
        Amounts are euros; a sum of which nothing is known is None. `collectivity_type` is the code of an
        OrganisationKind. Names come in `language` (code lists: French or English).
        """
        asked = [dimension for name, dimension in DIMENSIONS.items() if name in dimensions]
        words = {"language": language, "codes": "fr" if language == "fr" else "en"}
        keys: dict[str, Any] = {name: F(path) for dimension in asked for name, path in dimension.keys.items()}
        labels = {
            n: Min(p.format(**words)) for dimension in asked for n, p in dimension.labels.items() if n not in keys
        }
        rows: Any = self.annotate(siren=siren_of("collectivity")).values(**(keys or {"key_": Value(1)}))
        rows = rows.annotate(**SUMS, **labels)
        summed: models.QuerySet[ApdTotal, dict[str, Any]] = rows.order_by(*(by for d in asked for by in d.order))
        summed._iterable_class = SummedRows
        return summed

    def grand_total(self) -> dict[str, Any]:
        """The one row of `summed()`, also where no total can match."""
        return next(iter(self.summed()), {name[:-1]: 0 if name in COUNTS else None for name in SUMS})

    def computed_at(self) -> datetime | None:
        """When the latest of these totals was computed."""
        latest: datetime | None = self.aggregate(latest=Max("computed_at"))["latest"]
        return latest


class ApdTotal(models.Model):
    """The lines of one year, collectivity, recipient and sector, added up. Written by `funding.totals` only.

    Lines that are published and lines that are not make totals of their own; `funding.permissions` says who reads
    which. `purpose` is the CRS code that counts (the parent of a voluntary one). Amounts are euros; a sum in which
    no amount is known is empty.
    """

    year = models.PositiveSmallIntegerField(_("année"))
    collectivity = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.CASCADE, related_name="apd_totals"
    )
    recipient = models.ForeignKey(
        Country, verbose_name=_("pays bénéficiaire"), on_delete=models.CASCADE, null=True, blank=True
    )
    purpose = models.ForeignKey(PurposeCode, verbose_name=_("secteur"), on_delete=models.CASCADE)
    counts_as_refugees = models.BooleanField(_("accueil de réfugiés"))
    is_fictitious = models.BooleanField(_("données fictives"))
    is_published = models.BooleanField(_("lignes publiées"))
    lines = models.PositiveIntegerField(_("lignes"))
    committed_amount = AmountField(_("engagé"), null=True)
    paid_amount = AmountField(_("versé"), null=True)
    net_amount = AmountField(_("net"), null=True)
    apd_amount = AmountField(_("APD"), null=True)
    computed_at = models.DateTimeField(_("calculé le"), db_default=models.functions.Now())

    objects = ApdTotalQuerySet.as_manager()

    class Meta:
        verbose_name = _("total d’APD")
        verbose_name_plural = _("totaux d’APD")
        indexes = [models.Index(fields=["recipient", "year"], name="apdtotal_recipient_year")]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "year",
                    "collectivity",
                    "recipient",
                    "purpose",
                    "counts_as_refugees",
                    "is_fictitious",
                    "is_published",
                ],
                nulls_distinct=False,
                name="apdtotal_one_per_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.collectivity_id} {self.recipient_id} {self.purpose_id}"


class StaleTotalQuerySet(models.QuerySet["StaleTotal"]):
    def since(self) -> datetime | None:
        """The oldest change not yet counted, or None when the totals are up to date."""
        oldest: datetime | None = self.aggregate(oldest=Min("marked_at"))["oldest"]
        return oldest


class StaleTotal(models.Model):
    """A mark: lines of this year and collectivity, published or not, changed since their totals were computed.

    Marks are only ever added by the lines' trigger and deleted by the worker that saw them; two marks for one
    key are two changes, so a change that commits while the worker runs keeps its own mark.
    """

    year = models.PositiveSmallIntegerField(_("année"))
    collectivity = models.ForeignKey(Organisation, verbose_name=_("collectivité"), on_delete=models.CASCADE)
    is_published = models.BooleanField(_("lignes publiées"))
    marked_at = models.DateTimeField(_("depuis"), db_default=models.functions.Now())

    objects = StaleTotalQuerySet.as_manager()

    class Meta:
        verbose_name = _("total à recalculer")
        verbose_name_plural = _("totaux à recalculer")
        indexes = [models.Index(fields=["year", "collectivity"], name="staletotal_year_collectivity")]

    def __str__(self) -> str:
        return f"{self.year} {self.collectivity_id}"
