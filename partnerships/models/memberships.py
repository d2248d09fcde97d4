"""People's places in collectivities: who may read, edit and answer for what is theirs."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships.choices import FRENCH_KINDS, MemberRole
from partnerships.models.organisations import Organisation


class Membership(models.Model):
    """A person's place in a French collectivity. It counts for agents only: see `permissions.collectivities_of`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("personne"), on_delete=models.CASCADE, related_name="memberships"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.PROTECT, related_name="members"
    )
    role = models.CharField(_("rôle"), max_length=9, choices=MemberRole, default=MemberRole.READER)
    joined_at = models.DateTimeField(_("membre depuis"), auto_now_add=True)

    class Meta:
        verbose_name = _("membre d’une collectivité")
        verbose_name_plural = _("membres des collectivités")
        ordering = ["joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                name="membership_one_a_person_and_collectivity",
                violation_error_message=_("Cette personne est déjà membre de cette collectivité."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=MemberRole.values),
                name="membership_role_is_known",
                violation_error_message=_("Un membre lit, édite ou signe."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.organisation})"

    def clean(self) -> None:
        if self.organisation_id and self.organisation.kind not in FRENCH_KINDS:
            raise ValidationError({"organisation": _("On est membre d’une collectivité française.")})


INVITATION_LASTS = timedelta(days=14)


def invitation_end() -> datetime:
    return timezone.now() + INVITATION_LASTS


class Invitation(models.Model):
    """An address invited to a collectivity, until it is accepted or over. The link is known by its digest only."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.PROTECT, related_name="invitations"
    )
    email = models.EmailField(_("adresse électronique"), max_length=254)
    role = models.CharField(_("rôle"), max_length=9, choices=MemberRole, default=MemberRole.EDITOR)
    language = models.CharField(_("langue de l’invitation"), max_length=2, choices=settings.LANGUAGES, default="fr")
    digest = models.CharField(_("empreinte du lien"), max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("invité par"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="invitations_sent",
    )
    invited_at = models.DateTimeField(_("invité le"), default=timezone.now)
    expires_at = models.DateTimeField(_("valable jusqu’au"), default=invitation_end)
    accepted_at = models.DateTimeField(_("acceptée le"), null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("acceptée par"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations_accepted",
    )

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["invited_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=models.Q(accepted_at=None),
                name="invitation_waits_once",
                violation_error_message=_("Cette adresse est déjà invitée."),
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="invitation_email_is_lower_case",
                violation_error_message=_("L’adresse électronique s’écrit en minuscules."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=MemberRole.values),
                name="invitation_role_is_known",
                violation_error_message=_("Un membre lit, édite ou signe."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.organisation})"

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()


class JoinRequest(models.Model):
    """Somebody who asks to join a collectivity, and what was answered."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("personne"), on_delete=models.CASCADE, related_name="join_requests"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.PROTECT, related_name="join_requests"
    )
    message = models.CharField(
        _("votre fonction"), max_length=300, blank=True, help_text=_("Pour que l’on sache qui demande, et pourquoi.")
    )
    asked_at = models.DateTimeField(_("demandé le"), auto_now_add=True)
    answered_at = models.DateTimeField(_("réponse du"), null=True, blank=True)
    is_granted = models.BooleanField(_("acceptée"), null=True, blank=True)

    class Meta:
        verbose_name = _("demande de rattachement")
        verbose_name_plural = _("demandes de rattachement")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=models.Q(answered_at=None),
                name="joinrequest_waits_once",
                violation_error_message=_("Vous avez déjà demandé à rejoindre cette collectivité."),
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, is_granted=None)
                | models.Q(answered_at__isnull=False, is_granted__isnull=False),
                name="joinrequest_answer_has_a_date",
                violation_error_message=_("Une réponse a une date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.organisation}"
