"""Code lists of the OECD's DAC and of IATI. Withdrawn codes stay, for the lines of their years."""

from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from funding.apd import DacList
from funding.choices import IncomeGroup
from partnerships.models import Country


class Code(models.Model):
    """One entry of a code list, with its French and English label."""

    code = models.CharField(_("code"), max_length=10, primary_key=True)
    label_fr = models.CharField(_("libellé français"), max_length=300)
    label_en = models.CharField(_("libellé anglais"), max_length=300)
    withdrawn_on = models.DateField(_("retiré le"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self) -> str:
        """French for French readers, else English: the lists have no Spanish labels."""
        return self.label_fr if get_language() in {None, "fr"} and self.label_fr else self.label_en


class PurposeCodeQuerySet(models.QuerySet["PurposeCode"]):
    def counted(self, codes: Collection[str] | None = None) -> dict[str, str]:
        """Voluntary codes (all, or those among `codes`) to the code under which each counts."""
        voluntary = self.filter(parent__isnull=False)
        return dict((voluntary if codes is None else voluntary.filter(pk__in=codes)).values_list("code", "parent"))


class PurposeCode(Code):
    """CRS purpose code. A voluntary code (15185) counts under its parent (15112)."""

    parent = models.ForeignKey(
        "self",
        verbose_name=_("code parent"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    category = models.CharField(_("catégorie"), max_length=3)

    objects = PurposeCodeQuerySet.as_manager()

    class Meta(Code.Meta):
        verbose_name = _("code objet du SNPC")
        verbose_name_plural = _("codes objet du SNPC")


class AidType(Code):
    class Meta(Code.Meta):
        verbose_name = _("type d’aide")
        verbose_name_plural = _("types d’aide")


class FinanceType(Code):
    class Meta(Code.Meta):
        verbose_name = _("type de financement")
        verbose_name_plural = _("types de financement")


class FlowType(Code):
    class Meta(Code.Meta):
        verbose_name = _("type de flux")
        verbose_name_plural = _("types de flux")


class Channel(Code):
    """CRS channel of delivery; the parent groups it."""

    parent = models.ForeignKey(
        "self",
        verbose_name=_("canal parent"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )

    class Meta(Code.Meta):
        verbose_name = _("canal d’acheminement")
        verbose_name_plural = _("canaux d’acheminement")


class DacListingQuerySet(models.QuerySet["DacListing"]):
    def in_year(self, year: int) -> Self:
        return self.filter(Q(last_year__isnull=True) | Q(last_year__gte=year), first_year__lte=year)

    def by_country(self, countries: Collection[str] | None = None) -> DacList:
        """The list (or its part for `countries`) as `funding.apd` reads it."""
        listings = self if countries is None else self.filter(country__in=countries)
        found: dict[str, list[tuple[int, int | None]]] = {}
        for country, first, last in listings.values_list("country", "first_year", "last_year"):
            found.setdefault(country, []).append((first, last))
        return found


class DacListing(models.Model):
    """The years through which a country stands on the DAC list of ODA recipients, with its income group."""

    country = models.ForeignKey(Country, verbose_name=_("pays"), on_delete=models.CASCADE, related_name="dac_listings")
    dac_code = models.PositiveSmallIntegerField(_("code CAD"))
    income_group = models.CharField(_("groupe de revenu"), max_length=4, choices=IncomeGroup)
    first_year = models.PositiveSmallIntegerField(_("première année"))
    last_year = models.PositiveSmallIntegerField(_("dernière année"), null=True, blank=True)
    origin = models.CharField(_("origine"), max_length=200, blank=True)

    objects = DacListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("inscription sur la liste du CAD")
        verbose_name_plural = _("liste du CAD")
        ordering = ["country", "first_year"]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "first_year"],
                name="daclisting_starts_once",
                violation_error_message=_("Ce pays a déjà une inscription qui commence cette année-là."),
            ),
            models.CheckConstraint(
                condition=Q(last_year__isnull=True) | Q(last_year__gte=F("first_year")),
                name="daclisting_ends_after_start",
                violation_error_message=_("La dernière année suit la première."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_id} {self.first_year}–{self.last_year or ''}"
