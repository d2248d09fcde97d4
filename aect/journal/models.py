"""What happened, one row each. The application's own database role may add rows and read them, nothing else."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    SIGNED_IN = "signed_in", _("Connexion")
    SIGN_IN_FAILED = "sign_in_failed", _("Connexion refusée")
    SIGN_IN_THROTTLED = "sign_in_throttled", _("Connexions trop nombreuses")
    SIGNED_OUT = "signed_out", _("Déconnexion")
    PASSWORD_CHANGED = "password_changed", _("Changement de mot de passe")
    ACCOUNT_CHANGED = "account_changed", _("Changement d’un compte")
    GRANTED = "granted", _("Droit donné")
    REVOKED = "revoked", _("Droit retiré")
    STATE_CHANGED = "state_changed", _("Changement d’état")
    ASSIGNED = "assigned", _("Attribution")
    REFUSED = "refused", _("Refus")
    EXPORTED = "exported", _("Export")
    PERSON_EXPORTED = "person_exported", _("Copie des données d’une personne")
    PERSON_ERASED = "person_erased", _("Effacement d’une personne")


class Entry(models.Model):
    """One thing done or refused. No foreign key: a row stays as it was, whatever becomes of what it names.

    `record_kind` is a model's label (`funding.project`), `record_label` what the record was called then; `address` is
    the visitor's, without its end; `details` never hold an e-mail address.
    """

    at = models.DateTimeField(_("date"), db_default=Now(), editable=False)
    action = models.CharField(_("action"), max_length=30, choices=Action)
    actor_id = models.BigIntegerField(_("compte"), null=True, blank=True)
    record_kind = models.CharField(_("genre de fiche"), max_length=100, blank=True)
    record_id = models.CharField(_("numéro de fiche"), max_length=50, blank=True)
    record_label = models.CharField(_("fiche"), max_length=300, blank=True)
    organisation_id = models.BigIntegerField(_("numéro de collectivité"), null=True, blank=True)
    organisation = models.CharField(_("collectivité"), max_length=300, blank=True)
    address = models.CharField(_("adresse IP abrégée"), max_length=50, blank=True)
    details = models.JSONField(_("détails"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("ligne du journal")
        verbose_name_plural = _("journal")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="entry_latest_first"),
            models.Index(fields=["actor_id", "-at"], name="entry_actor"),
            models.Index(fields=["record_kind", "record_id"], name="entry_record"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.action}"
