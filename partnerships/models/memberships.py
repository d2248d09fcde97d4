"""People's places in collectivities: who may read, edit and answer for what is theirs."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
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
