"""What hangs on a project's record on its way to publication: its steps, its attachments, its guests."""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.history import recorded
from funding.choices import AttachmentKind, StepKind
from funding.models.projects import Project

INVITATION_DAYS = 14
ATTACHMENTS = "attachments"  # the folder of their files


class ProjectStep(models.Model):
    """What happened to a record: written once by `funding.filing`, never changed."""

    project = models.ForeignKey(Project, verbose_name=_("projet"), on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(_("étape"), max_length=11, choices=StepKind)
    at = models.DateTimeField(_("le"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("par"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="steps_taken",
    )
    concerns = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("concerne"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="steps_concerning",
    )
    comment = models.TextField(_("commentaire"), blank=True)
    due_on = models.DateField(_("à compléter avant le"), null=True, blank=True)

    class Meta:
        verbose_name = _("étape de dossier")
        verbose_name_plural = _("étapes de dossiers")
        ordering = ["project", "-at", "-pk"]
        indexes = [models.Index(fields=["project", "kind", "-at"], name="projectstep_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.project}"


def stored_name(attachment: "Attachment", name: str) -> str:
    """Where a file is kept: under a name that says nothing of the one it came with."""
    return f"{ATTACHMENTS}/{uuid.uuid4().hex}"


@recorded("project")
class Attachment(models.Model):
    """A file of a record, which passed `aect.uploads`; served by `views.attachments` only, never by its path.

    Of one that was taken off, the file stays as long as the bin keeps the row, see `services.forget_files`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, verbose_name=_("projet"), on_delete=models.CASCADE, related_name="attachments")
    kind = models.CharField(_("nature"), max_length=12, choices=AttachmentKind, default=AttachmentKind.OTHER)
    file = models.FileField(_("fichier"), upload_to=stored_name)
    name = models.CharField(_("nom du fichier"), max_length=150)
    size = models.PositiveIntegerField(_("taille en octets"))
    sha256 = models.CharField(_("empreinte"), max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ajouté par"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="attachments",
    )
    uploaded_at = models.DateTimeField(_("ajouté le"), default=timezone.now)

    class Meta:
        verbose_name = _("pièce jointe")
        verbose_name_plural = _("pièces jointes")
        ordering = ["project", "kind", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sha256"],
                name="attachment_stands_once",
                violation_error_message=_("Ce fichier est déjà joint à ce dossier."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("attachment", args=[self.project.slug, self.pk])


class Assignment(models.Model):
    """Which officer instructs a record: apart from it, so that assigning makes nobody's open form stale."""

    project = models.OneToOneField(
        Project, verbose_name=_("projet"), on_delete=models.CASCADE, related_name="assignment"
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("instruit par"), on_delete=models.CASCADE, related_name="assignments"
    )
    at = models.DateTimeField(_("affecté le"), default=timezone.now)

    class Meta:
        verbose_name = _("affectation")
        verbose_name_plural = _("affectations")

    def __str__(self) -> str:
        return f"{self.project} → {self.officer}"


class GuestQuerySet(models.QuerySet["Guest"]):
    def waiting(self) -> Self:
        """Invited, not arrived yet, and still in time."""
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())


def invitation_end() -> Any:
    return timezone.now() + timedelta(days=INVITATION_DAYS)


class Guest(models.Model):
    """A partner invited to one record, who reads and edits it and nothing else that is not public.

    The link is made when it is mailed, signed over the day of the invitation, and kept nowhere.
    """

    project = models.ForeignKey(Project, verbose_name=_("projet"), on_delete=models.CASCADE, related_name="guests")
    email = models.EmailField(_("adresse électronique"), max_length=254)
    language = models.CharField(_("langue de l’invitation"), max_length=2, choices=settings.LANGUAGES, default="es")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("compte"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="guest_places",
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("invité par"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="guests_invited",
    )
    invited_at = models.DateTimeField(_("invité le"), default=timezone.now)
    expires_at = models.DateTimeField(_("valable jusqu’au"), default=invitation_end)
    accepted_at = models.DateTimeField(_("acceptée le"), null=True, blank=True)

    objects = GuestQuerySet.as_manager()

    class Meta:
        verbose_name = _("partenaire invité")
        verbose_name_plural = _("partenaires invités")
        ordering = ["project", "email"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "email"],
                name="guest_invited_once",
                violation_error_message=_("Cette personne est déjà invitée à ce dossier."),
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="guest_email_is_lower_case",
                violation_error_message=_("L’adresse électronique s’écrit en minuscules."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, accepted_at__isnull=True)
                | Q(user__isnull=False, accepted_at__isnull=False),
                name="guest_arrived_has_account",
                violation_error_message=_("Une invitation acceptée porte le compte et la date."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        return self.accepted_at is None and self.expires_at <= timezone.now()
