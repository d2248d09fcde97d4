"""Background jobs. The row is the truth, Redis only rings: a lost message never loses the work."""

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LEASE = timedelta(seconds=settings.JOB_LEASE_SECONDS)  # how long a worker may stay silent before its job is offered
PATIENCE = timedelta(seconds=20)  # how long a job may wait before the bell is rung again
MAX_ATTEMPTS = 3


class JobState(models.TextChoices):
    PENDING = "pending", _("En attente")
    RUNNING = "running", _("En cours")
    DONE = "done", _("Terminée")
    FAILED = "failed", _("Échouée")


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=[JobState.PENDING, JobState.RUNNING])

    def forgotten(self) -> Self:
        """Jobs whose bell was lost, or whose worker died: pending for too long, or running past their lease.

        By the database's clock, which all workers share; one that was put back leaves instants that are still to come.
        """
        lost_bell = Q(rung_at__lt=Now() - PATIENCE) | Q(rung_at__gt=Now() + PATIENCE)
        return self.filter(Q(lost_bell, state=JobState.PENDING) | self.silent())

    @staticmethod
    def silent() -> Q:
        """That a job runs, and its worker has not been heard of for the length of a lease."""
        is_over = Q(lease_until__lt=Now()) | Q(lease_until__gt=Now() + 2 * LEASE)
        return Q(is_over, state=JobState.RUNNING)


class Job(models.Model):
    """One piece of background work, from the request for it to its end.

    `key` names the work: of two requests with one key, only one is unfinished at a time.
    `steps_done` / `steps_total` count what the job itself counts (years, rows…).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(_("tâche"), max_length=100, help_text=_("Nom de la tâche Celery qui fait le travail."))
    key = models.CharField(_("clé"), max_length=200)
    arguments = models.JSONField(_("paramètres"), default=dict, blank=True)
    state = models.CharField(_("état"), max_length=10, choices=JobState, default=JobState.PENDING)
    attempts = models.PositiveSmallIntegerField(
        _("tentatives"), default=0, validators=[MaxValueValidator(MAX_ATTEMPTS)]
    )
    steps_done = models.PositiveIntegerField(_("étapes faites"), default=0)
    steps_total = models.PositiveIntegerField(_("étapes en tout"), null=True, blank=True)
    result = models.JSONField(_("résultat"), default=dict, blank=True)
    error = models.TextField(_("erreur"), blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("demandée par"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="jobs",
    )
    created_at = models.DateTimeField(_("demandée le"), default=timezone.now)
    rung_at = models.DateTimeField(_("dernier appel le"), default=timezone.now)
    started_at = models.DateTimeField(_("commencée le"), null=True, blank=True)
    lease_until = models.DateTimeField(_("réservée jusqu’au"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finie le"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("tâche")
        verbose_name_plural = _("tâches")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at"], name="job_latest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state="pending"),
                name="job_waits_once_per_key",
                violation_error_message=_("Cette tâche est déjà en attente."),
            ),
            models.CheckConstraint(
                condition=Q(steps_total__isnull=True) | Q(steps_done__lte=F("steps_total")),
                name="job_progress_within_total",
                violation_error_message=_("Une tâche ne peut avoir fait plus d’étapes que prévu."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="job_finished_has_date",
                violation_error_message=_("Une tâche finie porte sa date de fin, une autre n’en a pas."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.key}"

    @property
    def title(self) -> str:
        """What this job does, in the reader's words."""
        return str(TITLES.get(self.task, self.task))

    @property
    def is_unfinished(self) -> bool:
        return self.state in {JobState.PENDING, JobState.RUNNING}

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took, or None while it has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def percent(self) -> int | None:
        """Progress in whole percent, or None when the total is not known yet."""
        return self.steps_done * 100 // self.steps_total if self.steps_total else None


#: What each task is called on screen; an application adds its own where it defines them.
TITLES: dict[str, object] = {}
