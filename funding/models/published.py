"""Figures as their sources published them, in a table of their own: never mixed with computed totals."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aect.fields import amount_check
from aect.history import recorded
from funding.choices import Metric, Unit
from funding.models.projects import Call
from partnerships.models import Country, Sourced


class PublishedFigureQuerySet(models.QuerySet["PublishedFigure"]):
    def yearly(self) -> Self:
        """The national APD figures of each year, oldest first."""
        return self.filter(national_apd()).order_by("year", "metric")

    def others(self) -> Self:
        """All but those, latest first: shares, changes, one country's APD, calls, meetings, labels."""
        return self.exclude(national_apd()).order_by(F("year").desc(nulls_last=True), "key")


def national_apd() -> Q:
    return Q(metric__in=[Metric.APD, Metric.APD_WITHOUT_REFUGEES, Metric.REFUGEES], country__isnull=True)


@recorded()
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
