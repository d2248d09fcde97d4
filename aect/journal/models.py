"""What happened, one row each. The application's own database role may add rows and read them, nothing else."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from pghistory.models import Context

from aect.journal import telling


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
    PURGED = "purged", _("Purge du journal")


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


#: What a line may tell: an act, or what becomes of data, as the history names it.
ACTIONS: list[tuple[str, Any]] = [
    *Action.choices,
    ("insert", _("Ajout")),
    ("opening", _("État trouvé")),
    ("update", _("Modification")),
    ("delete", _("Suppression")),
]
CHUNK = 1000


class LineQuerySet(models.QuerySet[Any]):
    def of_data(self, is_data: bool) -> Self:
        return self.filter(event__isnull=not is_data)

    def by(self, number: int) -> Self:
        """What this account did."""
        return self.filter(models.Q(actor_id=number) | models.Q(context__metadata__user=number))

    def iterator(self, chunk_size: int | None = None) -> Iterator[Any]:
        """Each line told, as files want them."""
        rows = super().iterator(chunk_size=chunk_size or CHUNK)
        while lines := list(islice(rows, chunk_size or CHUNK)):
            yield from telling.tell(lines)


class Line(models.Model):
    """A row of the journal or of a history: the view `journal_line` (see `aect.journal.lines`).

    `event` is the history's number of a change of data, and `context` whose doing it was; both are None for an entry.
    """

    id = models.CharField(primary_key=True, max_length=200)
    at = models.DateTimeField(_("date"))
    action = models.CharField(_("action"), max_length=30)
    actor_id = models.BigIntegerField(_("compte"), null=True)
    context = models.ForeignKey(Context, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    record_kind = models.CharField(_("genre de fiche"), max_length=100)
    record_id = models.CharField(_("numéro de fiche"), max_length=50)
    record_label = models.TextField(_("fiche"))
    organisation = models.CharField(_("collectivité"), max_length=300)
    address = models.CharField(_("adresse IP abrégée"), max_length=50)
    details = models.JSONField(_("détails"))
    event = models.BigIntegerField(_("numéro dans l’historique"), null=True)

    objects = LineQuerySet.as_manager()

    # What `telling.tell` adds.
    who: str
    change: Any
    told_details: list[str]

    class Meta:
        managed = False
        db_table = "journal_line"
        verbose_name = _("ligne du journal")
        ordering = ["-at", "-event", "-id"]

    def __str__(self) -> str:
        return self.id
