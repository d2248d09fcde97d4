"""Views of a list that somebody keeps: nothing but the list's own query string."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.filters import UrlFilterSet
from aect.saved.listings import Listing, listings


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def kept(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def alerting(self) -> Self:
        """Those of which somebody who may sign in wants the news."""
        return self.kept().filter(is_alert=True, user__is_active=True)


class SavedView(models.Model):
    """What one person keeps of one list. `seen_ids` are the rows that an alert has told of, or that were there before.

    A deleted view waits a while, to be taken back.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("compte"), on_delete=models.CASCADE, related_name="views"
    )
    list_name = models.CharField(_("liste"), max_length=50)
    query = models.CharField(_("critères"), max_length=2000, blank=True)
    name = models.CharField(_("nom"), max_length=120)
    language = models.CharField(_("langue"), max_length=2, default="fr")
    is_alert = models.BooleanField(_("m’écrire chaque semaine ce qui est nouveau"), default=False)
    seen_ids = ArrayField(models.BigIntegerField(), verbose_name=_("déjà vus"), default=list, blank=True)
    created_at = models.DateTimeField(_("enregistrée le"), default=timezone.now)
    deleted_at = models.DateTimeField(_("supprimée le"), null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("vue enregistrée")
        verbose_name_plural = _("vues enregistrées")
        ordering = ["list_name", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_name", "query"],
                condition=Q(deleted_at__isnull=True),
                name="savedview_stands_once",
                violation_error_message=_("Vous avez déjà enregistré cette vue."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse(self.list_name) + (f"?{self.query}" if self.query else "")

    @property
    def listing(self) -> Listing:
        return listings()[self.list_name]

    @property
    def filterset(self) -> UrlFilterSet:
        return self.listing.filterset(QueryDict(self.query), self.user)

    @property
    def rows(self) -> models.QuerySet[Any]:
        """None at all when the list has since changed and no longer takes such a query."""
        return self.filterset.rows


class Alert(models.Model):
    """What was new to a view in one ISO week. Its row is the claim: of two jobs, one makes it."""

    view = models.ForeignKey(SavedView, verbose_name=_("vue"), on_delete=models.CASCADE, related_name="alerts")
    week = models.CharField(_("semaine"), max_length=8)
    row_ids = ArrayField(models.BigIntegerField(), verbose_name=_("nouveautés"), default=list)

    class Meta:
        verbose_name = _("alerte")
        verbose_name_plural = _("alertes")
        constraints = [
            models.UniqueConstraint(
                fields=["view", "week"],
                name="alert_once_a_week",
                violation_error_message=_("Cette vue a déjà son alerte de la semaine."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.view}, {self.week}"
