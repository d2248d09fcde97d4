"""Lines of official development assistance (APD), their totals, and the figures that were published.

Computed and published figures live in tables of their own and are never mixed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, FilteredRelation, Max, Min, Q, Sum, Value
from django.db.models.query import ValuesIterable
from django.utils.translation import gettext_lazy as _

from aect.fields import AmountField, amount_check
from aect.text import Fold
from funding import apd
from funding.choices import ApdReason, BiMulti, Metric, OnePercentFund, Unit
from funding.models.projects import Call, Project
from funding.models.reference import AidType, Channel, DacListing, FinanceType, FlowType, PurposeCode
from partnerships.choices import Scheme
from partnerships.models import Country, Organisation, Sourced

YEARS = (1990, 2100)


def siren_of(path: str) -> FilteredRelation:
    """The one SIREN of the organisation at `path`, joined once, absent or not."""
    return FilteredRelation(f"{path}__identifiers", condition=Q(**{f"{path}__identifiers__scheme": Scheme.SIREN}))


def year_check(model: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(year__range=YEARS),
        name=f"{model}_year_is_plausible",
        violation_error_message=_("L’année va de 1990 à 2100."),
    )


class ApdLineQuerySet(models.QuerySet["ApdLine"]):
    def in_year(self, year: int) -> Self:
        return self.filter(year=year)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Assesses every line first. `update()` and `bulk_update()` do not: `services.reassess_lines` follows them."""
        assessed: list[Any] = assess_lines(objs)
        return super().bulk_create(assessed, *args, **kwargs)


def assess_lines(lines: Iterable["ApdLine"]) -> list["ApdLine"]:
    """Makes what is assessed of every line true, with two queries in all."""
    lines = list(lines)
    countries = {line.recipient_id for line in lines if line.recipient_id}
    dac_list = DacListing.objects.by_country(countries)
    counted = PurposeCode.objects.counted({line.purpose_id for line in lines})
    for line in lines:
        line.assess(dac_list, counted)
    return lines


class ApdLine(models.Model):
    """One line of a collectivity's yearly declaration (CGCT, art. L. 1115-6), in euros.

    The last four fields are what `funding.apd.assess` makes of the others; `save` and the services keep them
    true. A database trigger marks the totals of the line's year and collectivity as stale at every change.
    """

    line_id = models.CharField(_("identifiant de ligne"), max_length=64, unique=True)
    year = models.PositiveSmallIntegerField(
        _("année"), validators=[MinValueValidator(YEARS[0]), MaxValueValidator(YEARS[1])]
    )
    collectivity = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.PROTECT, related_name="apd_lines"
    )
    project = models.ForeignKey(
        Project,
        verbose_name=_("projet"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="apd_lines",
    )
    title = models.CharField(_("intitulé"), max_length=250)
    description = models.TextField(_("description"), blank=True)
    recipient = models.ForeignKey(
        Country,
        verbose_name=_("pays bénéficiaire"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text=_("Vide pour une dépense en France ou multilatérale."),
    )
    purpose = models.ForeignKey(PurposeCode, verbose_name=_("secteur (code objet)"), on_delete=models.PROTECT)
    aid_type = models.ForeignKey(AidType, verbose_name=_("type d’aide"), on_delete=models.PROTECT, default="C01")
    finance_type = models.ForeignKey(
        FinanceType, verbose_name=_("type de financement"), on_delete=models.PROTECT, default="110"
    )
    flow_type = models.ForeignKey(FlowType, verbose_name=_("type de flux"), on_delete=models.PROTECT, default="10")
    channel = models.ForeignKey(
        Channel, verbose_name=_("canal d’acheminement"), on_delete=models.PROTECT, null=True, blank=True
    )
    bi_multi = models.PositiveSmallIntegerField(
        _("bilatéral ou multilatéral"), choices=BiMulti, default=BiMulti.BILATERAL
    )
    currency = models.CharField(_("monnaie"), max_length=3, default="EUR")
    committed_amount = AmountField(_("montant engagé"), null=True, blank=True)
    paid_amount = AmountField(_("montant versé"), null=True, blank=True)
    refunded_amount = AmountField(_("montant remboursé"), null=True, blank=True)
    public_receipts_amount = AmountField(
        _("recettes publiques affectées"),
        null=True,
        blank=True,
        help_text=_("Reçu de l’État, de l’AFD, de l’Union européenne ou d’une autre collectivité pour cette dépense."),
    )
    one_percent_fund = models.CharField(_("fonds « 1 % »"), max_length=6, choices=OnePercentFund, blank=True)
    sdg_goals = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("ODD"), default=list, blank=True, size=17)
    refugee_costs = models.BooleanField(_("accueil de réfugiés en France"), default=False)
    starts_on = models.DateField(_("début"), null=True, blank=True)
    ends_on = models.DateField(_("fin"), null=True, blank=True)
    is_fictitious = models.BooleanField(_("donnée fictive"), default=False, db_default=False)
    net_amount = AmountField(_("montant net"), null=True, blank=True, editable=False)
    apd_amount = AmountField(_("APD"), null=True, blank=True, editable=False)
    apd_reason = models.CharField(_("motif"), max_length=20, choices=ApdReason, editable=False)
    counts_as_refugees = models.BooleanField(_("compté comme accueil de réfugiés"), default=False, editable=False)

    objects = ApdLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("ligne d’APD")
        verbose_name_plural = _("lignes d’APD")
        ordering = ["year", "line_id"]
        indexes = [
            models.Index(fields=["year", "collectivity"], name="apdline_year_collectivity"),
            models.Index(fields=["recipient", "year"], name="apdline_recipient_year"),
        ]
        constraints = [
            year_check("apdline"),
            *amount_check("apdline", "committed_amount", "paid_amount", "refunded_amount", "public_receipts_amount"),
            *amount_check("apdline", "net_amount", "apd_amount", signed=True),
            models.CheckConstraint(
                condition=Q(currency="EUR"),
                name="apdline_currency_is_euro",
                violation_error_message=_("Les montants sont attendus en euros (EUR)."),
            ),
            models.CheckConstraint(
                condition=Q(sdg_goals__contained_by=list(range(1, 18))),
                name="apdline_sdg_goals_from_1_to_17",
                violation_error_message=_("Les objectifs de développement durable vont de 1 à 17."),
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="apdline_ends_after_start",
                violation_error_message=_("La fin suit le début."),
            ),
            models.CheckConstraint(
                condition=Q(one_percent_fund__in=["", *OnePercentFund.values]),
                name="apdline_one_percent_fund_is_known",
                violation_error_message=_("Le fonds « 1 % » est vide, water, energy ou waste."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} ({self.year})"

    def save(self, **kwargs: Any) -> None:
        assess_lines([self])
        if (names := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*names, *ASSESSED_FIELDS}
        super().save(**kwargs)

    def assess(self, dac_list: apd.DacList, counted: Mapping[str, str]) -> None:
        """Sets the four assessed fields from the others; `counted` gives the parents of voluntary codes."""
        found = apd.assess(self.declared(counted), dac_list)
        self.net_amount, self.apd_amount = found.net, found.apd
        self.apd_reason, self.counts_as_refugees = found.reason, found.refugees

    def declared(self, counted: Mapping[str, str]) -> apd.Declared:
        return apd.Declared(
            year=self.year,
            purpose=counted.get(self.purpose_id, self.purpose_id),
            recipient=self.recipient_id,
            aid_type=str(self.aid_type_id),
            finance_type=str(self.finance_type_id),
            flow_type=str(self.flow_type_id),
            bi_multi=self.bi_multi,
            refugee_costs=self.refugee_costs,
            paid=self.paid_amount,
            refunded=self.refunded_amount,
            public_receipts=self.public_receipts_amount,
        )


ASSESSED_FIELDS = ("net_amount", "apd_amount", "apd_reason", "counts_as_refugees")


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
}
COUNTS = {"lines_", "fictitious_lines_"}


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

    `purpose` is the CRS code that counts (the parent of a voluntary one). Amounts are euros; a sum in which
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
    """A mark: lines of this year and collectivity changed since their totals were computed.

    Marks are only ever added by the lines' trigger and deleted by the worker that saw them; two marks for one
    key are two changes, so a change that commits while the worker runs keeps its own mark.
    """

    year = models.PositiveSmallIntegerField(_("année"))
    collectivity = models.ForeignKey(Organisation, verbose_name=_("collectivité"), on_delete=models.CASCADE)
    marked_at = models.DateTimeField(_("depuis"), db_default=models.functions.Now())

    objects = StaleTotalQuerySet.as_manager()

    class Meta:
        verbose_name = _("total à recalculer")
        verbose_name_plural = _("totaux à recalculer")
        indexes = [models.Index(fields=["year", "collectivity"], name="staletotal_year_collectivity")]

    def __str__(self) -> str:
        return f"{self.year} {self.collectivity_id}"


class PublishedFigureQuerySet(models.QuerySet["PublishedFigure"]):
    def yearly(self) -> Self:
        """The national APD figures of each year, oldest first."""
        apd = [Metric.APD, Metric.APD_WITHOUT_REFUGEES, Metric.REFUGEES]
        return self.filter(metric__in=apd, country__isnull=True).order_by("year", "metric")


class PublishedFigure(Sourced):
    """A figure somebody published, kept as it was published. Never summed with computed totals."""

    key = models.SlugField(_("identifiant"), max_length=80, unique=True)
    label = models.CharField(_("intitulé"), max_length=250)
    metric = models.CharField(_("mesure"), max_length=24, choices=Metric)
    unit = models.CharField(_("unité"), max_length=7, choices=Unit, default=Unit.EUR)
    year = models.PositiveSmallIntegerField(_("année"), null=True, blank=True)
    country = models.ForeignKey(Country, verbose_name=_("pays"), on_delete=models.PROTECT, null=True, blank=True)
    call = models.ForeignKey(
        Call, verbose_name=_("appel à projets"), on_delete=models.PROTECT, null=True, blank=True, related_name="figures"
    )
    value = models.DecimalField(_("valeur"), max_digits=17, decimal_places=2)
    is_approximate = models.BooleanField(_("valeur approchée"), default=False)
    note = models.CharField(_("précision"), max_length=300, blank=True)

    objects = PublishedFigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("chiffre publié")
        verbose_name_plural = _("chiffres publiés")
        ordering = ["year", "key"]
        constraints = [*amount_check("publishedfigure", "value", signed=True)]

    def __str__(self) -> str:
        return self.label
