"""Countries, and the sources that facts come from."""

from typing import Self

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aect.history import recorded
from aect.text import Fold


class CountryQuerySet(models.QuerySet["Country"]):
    def alphabetical(self) -> Self:
        """By the name that the reader sees."""
        return self.order_by(Fold(name_field()), "pk")


def name_field() -> str:
    return f"name_{(get_language() or 'fr')[:2]}"


@recorded()
class Country(models.Model):
    """A country of ISO 3166-1, named in the service's three languages."""

    iso2 = models.CharField(_("code ISO"), max_length=2, primary_key=True)
    iso3 = models.CharField(_("code ISO à trois lettres"), max_length=3, unique=True)
    name_fr = models.CharField(_("nom français"), max_length=100)
    name_es = models.CharField(_("nom espagnol"), max_length=100)
    name_en = models.CharField(_("nom anglais"), max_length=100)
    zone = models.CharField(_("zone"), max_length=100, blank=True, help_text=_("Sous-région M49 des Nations unies."))

    objects = CountryQuerySet.as_manager()

    class Meta:
        verbose_name = _("pays")
        verbose_name_plural = _("pays")
        ordering = ["name_fr"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(iso2__regex=r"^[A-Z]{2}$"),
                name="country_iso2_is_two_capitals",
                violation_error_message=_("Le code ISO d’un pays est fait de deux majuscules."),
            )
        ]

    def __str__(self) -> str:
        return str(getattr(self, name_field()))


@recorded()
class Source(models.Model):
    """A text that facts are taken from."""

    slug = models.SlugField(_("identifiant"), max_length=80, unique=True)
    title = models.CharField(_("titre"), max_length=300)
    publisher = models.CharField(_("éditeur"), max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(_("année"), null=True, blank=True)
    url = models.URLField(_("adresse"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["title"]

    def __str__(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title


class Sourced(models.Model):
    """A fact with the place it comes from."""

    source = models.ForeignKey(
        Source, verbose_name=_("source"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    source_place = models.CharField(
        _("endroit dans la source"), max_length=120, blank=True, help_text=_("Page, ligne ou partie.")
    )

    class Meta:
        abstract = True

    @property
    def citation(self) -> str:
        """`Title (year), place`, or nothing when no source is known."""
        return ", ".join(filter(None, [str(self.source or ""), self.source_place]))
