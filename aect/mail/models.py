"""Messages to be sent, and what became of them."""

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: How long after each attempt the next one may be made; after the last, none is. The first is short: a worker that
#: dies between taking a message and sending it must not keep it for long.
PAUSES = (timedelta(seconds=20), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
MAX_ATTEMPTS = len(PAUSES)


class MessageState(models.TextChoices):
    WAITING = "waiting", _("En attente")
    SENT = "sent", _("Envoyé")
    DROPPED = "dropped", _("Sans objet")
    FAILED = "failed", _("Abandonné")


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self) -> Self:
        """Those that may be tried now."""
        return self.filter(state=MessageState.WAITING, attempts__lt=MAX_ATTEMPTS, due_at__lte=timezone.now())

    def exhausted(self) -> Self:
        """Those whose last attempt never said how it ended."""
        return self.filter(state=MessageState.WAITING, attempts__gte=MAX_ATTEMPTS, due_at__lte=timezone.now())


class Message(models.Model):
    """One message to one address. `key` names it: what is queued twice under one key is sent once.

    `context` is what the template needs and may be a secret: it is emptied as soon as the message has left.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(_("clé"), max_length=200)
    template = models.CharField(_("modèle"), max_length=100)
    language = models.CharField(_("langue"), max_length=2, choices=settings.LANGUAGES)
    to = models.EmailField(_("destinataire"), max_length=254, blank=True)
    context = models.JSONField(_("contenu"), default=dict, blank=True)
    state = models.CharField(_("état"), max_length=10, choices=MessageState, default=MessageState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tentatives"), default=0)
    due_at = models.DateTimeField(_("prochain essai"), default=timezone.now)
    last_error = models.TextField(_("dernière erreur"), blank=True)
    created_at = models.DateTimeField(_("demandé le"), default=timezone.now)
    sent_at = models.DateTimeField(_("envoyé le"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="message_waiting"),
            models.Index(fields=["to"], name="message_to"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                name="message_once_per_key",
                violation_error_message=_("Ce message est déjà demandé."),
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="message_sent_has_date",
                violation_error_message=_("Un message envoyé porte sa date d’envoi, un autre n’en a pas."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "dropped"]) | Q(context={}),
                name="message_sent_keeps_no_content",
                violation_error_message=_("D’un message envoyé, le contenu n’est pas gardé."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.key}"

    @property
    def message_id(self) -> str:
        """The header by which mail programs know a message sent twice."""
        host = settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
        return f"<{self.pk}@{host}>"
