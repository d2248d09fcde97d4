"""What loading last read of each row of `fixtures/`, and where people's rows and the files differ."""

from functools import cached_property
from typing import Any, Self, cast

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.history import recorded
from aect.versions import Versioned


class Origin(models.TextChoices):
    REFERENCE = "reference", _("Données de référence")
    FOUNDING = "founding", _("Cas fondateurs")


class DifferenceKind(models.TextChoices):
    VALUE = "value", _("Valeur différente")
    ABSENT = "absent", _("Absente ici, présente dans les fichiers")
    DROPPED = "dropped", _("Présente ici, retirée des fichiers")


class DifferenceState(models.TextChoices):
    OPEN = "open", _("À décider")
    TAKEN = "taken", _("Prise")
    LEFT = "left", _("Laissée")


class LoadedRowQuerySet(models.QuerySet["LoadedRow"]):
    def differing(self, state: str) -> Self:
        """Rows that have a difference in this state, the latest found first, each with its differences."""
        asked = Difference.objects.filter(state=state)
        return (
            self.filter(Exists(asked.filter(row=OuterRef("pk"))))
            .annotate(latest=Max("differences__found_at", filter=Q(differences__state=state)))
            .order_by("-latest", "pk")
            .prefetch_related(models.Prefetch("differences", asked.select_related("decided_by"), to_attr="shown"))
        )


class LoadedRow(models.Model):
    """A row of the files: what they said of it at the last load, as `aect.loading.values` tells it.

    `key` is what the files know it by, `object_id` the row of the database that stands for it, even once deleted.
    """

    origin = models.CharField(_("origine"), max_length=9, choices=Origin)
    model = models.CharField(_("genre de fiche"), max_length=100)
    key = models.CharField(_("clé"), max_length=500)
    object_id = models.CharField(_("numéro de fiche"), max_length=50)
    values = models.JSONField(_("valeurs du fichier"), default=dict)

    objects = LoadedRowQuerySet.as_manager()
    shown: "list[Difference]"  # given by `differing`

    class Meta:
        verbose_name = _("ligne chargée")
        verbose_name_plural = _("lignes chargées")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["origin", "model", "key"], name="loadedrow_stands_once"),
        ]
        indexes = [models.Index(fields=["model", "object_id"], name="loadedrow_of_object")]

    def __str__(self) -> str:
        return f"{self.model_class._meta.verbose_name} {self.key}"

    @property
    def model_class(self) -> type[models.Model]:
        return cast("type[models.Model]", apps.get_model(self.model))


class DifferenceQuerySet(models.QuerySet["Difference"]):
    def to_decide(self) -> Self:
        return self.filter(state=DifferenceState.OPEN)


@recorded()
class Difference(Versioned):
    """A value of the files that a load did not write, because people had changed or deleted what it would replace.

    `field` is empty when it is the row as a whole. `theirs` is the file's value; `before` what stood here when
    somebody took it, so that the choice can be undone. `note` says why the value cannot be written as things are.
    """

    row = models.ForeignKey(
        LoadedRow, verbose_name=_("ligne chargée"), on_delete=models.CASCADE, related_name="differences"
    )
    field = models.CharField(_("champ"), max_length=100, blank=True)
    kind = models.CharField(_("nature"), max_length=7, choices=DifferenceKind)
    theirs = models.JSONField(_("valeur du fichier"), null=True, blank=True)
    before = models.JSONField(_("valeur remplacée"), null=True, blank=True)
    place = models.CharField(_("endroit du fichier"), max_length=200, blank=True)
    note = models.TextField(_("empêchement"), blank=True)
    state = models.CharField(_("choix"), max_length=5, choices=DifferenceState, default=DifferenceState.OPEN)
    found_at = models.DateTimeField(_("trouvée le"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("décidée par"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("décidée le"), null=True, blank=True)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("différence avec les fichiers")
        verbose_name_plural = _("différences avec les fichiers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["row", "field"], name="difference_stands_once"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | Q(~Q(state="open"), decided_at__isnull=False),
                name="difference_decided_has_its_date",
                violation_error_message=_("Une différence décidée porte la date du choix."),
            ),
        ]
        indexes = [models.Index(fields=["state", "row"], name="difference_by_state")]

    def __str__(self) -> str:
        return f"{self.row}, {self.field}" if self.field else str(self.row)

    @cached_property
    def is_whole(self) -> bool:
        return self.kind != DifferenceKind.VALUE


def kinds_that_differ() -> list[tuple[str, Any]]:
    """The kinds of records that have a difference, decided or not, with their names."""
    found = LoadedRow.objects.filter(differences__isnull=False).order_by("model").values_list("model", flat=True)
    return [(label, apps.get_model(label)._meta.verbose_name) for label in found.distinct()]
