"""Who somebody is at the identity provider."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User


class Identity(models.Model):
    """An account is found by (issuer, subject), and by nothing else: an address can pass from one person to another.

    A person who changes employer, and so provider, has another subject: an account may have several.
    """

    user = models.ForeignKey(User, verbose_name=_("compte"), on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(_("émetteur"), max_length=255)
    subject = models.CharField(_("identifiant chez l’émetteur"), max_length=255)
    acr = models.CharField(_("niveau de garantie à la dernière connexion"), max_length=255, blank=True)
    amr = ArrayField(
        models.CharField(max_length=50),
        verbose_name=_("moyens employés à la dernière connexion"),
        default=list,
        blank=True,
    )
    created_at = models.DateTimeField(_("reliée le"), auto_now_add=True)
    used_at = models.DateTimeField(_("dernière connexion"), null=True, blank=True)

    class Meta:
        verbose_name = _("identité ProConnect")
        verbose_name_plural = _("identités ProConnect")
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                name="identity_is_of_one_account",
                violation_error_message=_("Cette identité est déjà reliée à un compte."),
            ),
            models.CheckConstraint(
                condition=~Q(issuer="") & ~Q(subject=""),
                name="identity_names_issuer_and_subject",
                violation_error_message=_("Une identité a un émetteur et un identifiant chez lui."),
            ),
        ]

    def __str__(self) -> str:
        return self.subject
