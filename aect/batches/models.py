"""Imports: a file that somebody sent, its lines as they were read, and what became of them."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.batches.kinds import KINDS
from aect.jobs.models import Job, JobState


class Mode(models.TextChoices):
    ADD = "add", _("Ajouter")
    UPDATE = "update", _("Mettre à jour")


class BatchState(models.TextChoices):
    CHECKING = "checking", _("En vérification")
    READY = "ready", _("Prêt à écrire")
    REFUSED = "refused", _("À corriger")
    STALE = "stale", _("À vérifier de nouveau")
    WRITING = "writing", _("En écriture")
    WRITTEN = "written", _("Écrit")
    UNDOING = "undoing", _("En annulation")
    UNDONE = "undone", _("Annulé")
    ABANDONED = "abandoned", _("Abandonné")


#: States in which a job is, or should be, at work.
AT_WORK = frozenset({BatchState.CHECKING, BatchState.WRITING, BatchState.UNDOING})
#: States in which nothing was written yet: lines may be mended, and the batch checked again or abandoned.
OPEN = frozenset({BatchState.READY, BatchState.REFUSED, BatchState.STALE})


class RowAction(models.TextChoices):
    NEW = "new", _("Ajout")
    CHANGED = "changed", _("Modification")
    UNCHANGED = "unchanged", _("Sans changement")
    ERROR = "error", _("À corriger")


FOLDER = "imports"


def stored_name(batch: "Batch", name: str) -> str:
    """Where the file is kept: under a name that says nothing of the one it came with."""
    return f"{FOLDER}/{uuid.uuid4().hex}"


class Batch(models.Model):
    """One file on its way into the registry. Nothing is written before somebody has seen what would be.

    `problems` are those of the file as a whole, as lists `[line, column, value, message]`; those of a line are with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("contenu"), max_length=30)
    mode = models.CharField(_("mode"), max_length=6, choices=Mode)
    file = models.FileField(_("fichier"), upload_to=stored_name)
    name = models.CharField(_("nom du fichier"), max_length=255)
    sha256 = models.CharField(_("empreinte"), max_length=64)
    state = models.CharField(_("état"), max_length=9, choices=BatchState, default=BatchState.CHECKING)
    header = models.JSONField(_("colonnes du fichier"), default=list, blank=True)
    is_french = models.BooleanField(_("en-têtes français"), default=False)
    notes = models.JSONField(_("remarques"), default=list, blank=True)
    problems = models.JSONField(_("problèmes du fichier"), default=list, blank=True)
    new_count = models.PositiveIntegerField(_("ajouts"), default=0)
    changed_count = models.PositiveIntegerField(_("modifications"), default=0)
    unchanged_count = models.PositiveIntegerField(_("sans changement"), default=0)
    error_count = models.PositiveIntegerField(_("lignes à corriger"), default=0)
    warning_count = models.PositiveIntegerField(_("lignes à vérifier"), default=0, db_default=0)
    job = models.ForeignKey(
        Job, verbose_name=_("tâche"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("envoyé par"), on_delete=models.PROTECT, related_name="batches"
    )
    uploaded_at = models.DateTimeField(_("envoyé le"), default=timezone.now)
    written_at = models.DateTimeField(_("écrit le"), null=True, blank=True)
    undone_at = models.DateTimeField(_("annulé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-uploaded_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(written_at__isnull=True) | Q(state__in=["written", "undoing", "undone"]),
                name="batch_written_has_its_state",
                violation_error_message=_("Seul un import écrit porte une date d’écriture."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "writing", "written"]) | Q(error_count=0),
                name="batch_with_errors_is_not_written",
                violation_error_message=_("Un import dont une ligne est à corriger ne s’écrit pas."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_label(self) -> str:
        return str(KINDS[self.kind].label) if self.kind in KINDS else self.kind

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def has_failed(self) -> bool:
        """Whether the job that the batch waits for was set aside after its last attempt."""
        return self.is_at_work and self.job is not None and self.job.state == JobState.FAILED

    @property
    def kept_until(self) -> datetime:
        """When it is abandoned, unless it is written by then."""
        return self.uploaded_at + timedelta(settings.IMPORT_KEEP_DAYS)

    @property
    def to_write(self) -> int:
        return self.new_count + self.changed_count


class BatchRowQuerySet(models.QuerySet["BatchRow"]):
    def refused(self) -> Self:
        return self.filter(action=RowAction.ERROR)

    def to_write(self) -> Self:
        return self.filter(action__in=[RowAction.NEW, RowAction.CHANGED])


class BatchRow(models.Model):
    """A line of the file. `cells`, `before` and `after` are texts by column; the last two hold what changes only.

    `problems` are `[column, message]`, and so are `warnings`, which forbid nothing. Once written, `object_id` is the
    row's; `added` and `removed` hold the rows that came and went with it, as Django serializes them, and `version` the
    row's own, where it has one.
    """

    batch = models.ForeignKey(Batch, verbose_name=_("import"), on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("ligne"))
    cells = models.JSONField(_("valeurs lues"))
    problems = models.JSONField(_("problèmes"), default=list, blank=True)
    warnings = models.JSONField(_("à vérifier"), default=list, blank=True)
    action = models.CharField(_("effet"), max_length=9, choices=RowAction)
    before = models.JSONField(_("avant"), default=dict, blank=True)
    after = models.JSONField(_("après"), default=dict, blank=True)
    object_id = models.BigIntegerField(_("fiche"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)
    added = models.JSONField(_("lignes liées ajoutées"), default=list, blank=True)
    removed = models.JSONField(_("lignes liées retirées"), default=list, blank=True)

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("ligne d’import")
        verbose_name_plural = _("lignes d’import")
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "line"],
                name="batchrow_line_stands_once",
                violation_error_message=_("Cette ligne du fichier est déjà enregistrée."),
            )
        ]
        indexes = [models.Index(fields=["batch", "action", "line"], name="batchrow_by_action")]

    def __str__(self) -> str:
        return f"{self.batch}, {self.line}"

    @property
    def written_id(self) -> int:
        """The id of the row that this line wrote. Ask a written line only."""
        return int(self.object_id)  # type: ignore[arg-type]
