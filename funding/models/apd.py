"""Lines of official development assistance (APD): what collectivities declare, year by year."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from aect.fields import AmountField, amount_check
from funding import apd
from funding.choices import ApdReason, BiMulti, OnePercentFund
from funding.models.projects import Project
from funding.models.reference import AidType, Channel, DacListing, FinanceType, FlowType, PurposeCode
from partnerships.choices import Scheme
from partnerships.models import Country, Organisation

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
    true. A database trigger marks the totals of the line's year and collectivity as stale at every change. A line
    that is not published is read by its collectivity and those who instruct only (`funding.permissions`).
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
    is_published = models.BooleanField(_("publiée"), default=False, db_default=False)
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
