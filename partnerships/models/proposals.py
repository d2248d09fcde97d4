"""Organisations that somebody wants in a partnership, until they or the delegation answer."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.history import recorded
from partnerships.choices import PartyRole, Side
from partnerships.models.organisations import Organisation
from partnerships.models.partnerships import Partnership


@recorded("partnership")
class PartyProposal(models.Model):
    """A place in a partnership that is offered to an organisation. It becomes a `Party` once it is accepted.

    Until then it gives no right on the partnership and counts nowhere.
    """

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="proposals"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="proposals"
    )
    side = models.CharField(_("côté"), max_length=8, choices=Side)
    role = models.CharField(_("rôle"), max_length=9, choices=PartyRole, default=PartyRole.PARTY)
    part = models.CharField(_("part prise"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("proposée par"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    proposed_at = models.DateTimeField(_("proposée le"), default=timezone.now)

    class Meta:
        verbose_name = _("partie proposée")
        verbose_name_plural = _("parties proposées")
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partnership", "organisation"],
                name="partyproposal_waits_once",
                violation_error_message=_("Cette organisation est déjà proposée, et n’a pas encore répondu."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.get_side_display()})"
