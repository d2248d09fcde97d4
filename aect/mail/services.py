"""What happens to a message: queued, claimed, sent, tried again, abandoned, forgotten."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation

from aect.jobs.models import Job
from aect.jobs.services import advance, finish, request_job
from aect.mail.contents import content_of
from aect.mail.models import MAX_ATTEMPTS, PAUSES, Message, MessageState

log = logging.getLogger(__name__)

SEND_TASK = "aect.mail.tasks.send"
KEY = "mail"
KEPT = timedelta(days=90)  # to whom a message went, and when
FAILED_KEPT = timedelta(days=7)  # what an abandoned message would have said


def queue(template: str, *, to: str, language: str, context: dict[str, Any] | None = None, key: str) -> Message:
    """Asks for a message in the caller's transaction: it leaves once that is committed, and not otherwise.

    `template` is `templates/mail/<template>.txt`; `language` is the reader's, or empty when it is not known; `context`
    goes to JSON. What was asked for before under the same `key` is returned, and not sent again.
    """
    get_template(f"mail/{template}.txt")  # what does not exist fails here, not in the worker
    codes = dict(settings.LANGUAGES)
    message, _is_new = Message.objects.get_or_create(
        key=key,
        defaults={
            "template": template,
            "to": to,
            "language": language[:2] if language[:2] in codes else settings.LANGUAGE_CODE,
            "context": context or {},
        },
    )
    if not any(asked[1] == request_sending for asked in connection.run_on_commit):  # once however many are queued
        transaction.on_commit(request_sending, robust=True)
    return message


def request_sending() -> Job | None:
    """Asks for the job when messages may be sent. The clock does so too, lest an asking be lost."""
    _abandon_exhausted()
    return request_job(SEND_TASK, key=KEY, by=None) if Message.objects.due().exists() else None


def run_sending(job: Job) -> None:
    """The job's work. A message that does not leave keeps no other back; it is tried again later."""
    waiting = _due()
    sent = 0
    for done, pk in enumerate(waiting):
        advance(job, done=done, total=len(waiting))
        sent += try_sending(pk)
    with transaction.atomic():
        finish(job, sent=sent)


def send_waiting() -> int:
    """Sends what is due, here and now; returns how many left."""
    return sum(try_sending(pk) for pk in _due())


def _due() -> list[Any]:
    return list(Message.objects.due().order_by("created_at").values_list("pk", flat=True))


def try_sending(pk: Any) -> bool:
    """Counts the attempt, then makes it: so a message that kills its worker is not tried for ever."""
    if not claim(pk):
        return False
    try:
        return send(pk)
    except Exception as error:  # the mail server's, or the template's
        log.warning("The message %s did not leave.", pk, exc_info=True)
        _note_failure(pk, f"{type(error).__name__}: {error}")
        return False


@transaction.atomic
def claim(pk: Any) -> bool:
    """Takes the message for one attempt, unless it is not due, or another process is at it."""
    message = Message.objects.due().select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
    if message is None:
        return False
    message.due_at = timezone.now() + PAUSES[message.attempts]
    message.attempts += 1
    message.save(update_fields=["attempts", "due_at"])
    return True


@transaction.atomic
def send(pk: Any) -> bool:
    """Sends the message, unless it has left: its row stays locked meanwhile."""
    message = Message.objects.select_for_update(no_key=True).filter(pk=pk, state=MessageState.WAITING).first()
    if message is None:
        return False
    with translation.override(message.language):
        context = content_of(message)
        if context is not None:
            written(message, context).send()
    message.state = MessageState.DROPPED if context is None else MessageState.SENT
    message.sent_at = None if context is None else timezone.now()
    message.to = "" if context is None else message.to
    message.context, message.last_error = {}, ""
    message.save()
    return context is not None


def written(message: Message, context: dict[str, Any]) -> EmailMessage:
    """The message in the language that is active. A name of several lines stays within its subject."""
    headers = {"Message-ID": message.message_id, **context.get("headers", {})}
    given = {"site": settings.SITE_URL, "language": message.language, **context}
    subject, body = (
        render_to_string(f"mail/{message.template}.txt", {**given, "is_subject": part}) for part in (True, False)
    )
    return EmailMessage(" ".join(subject.split()), body.strip() + "\n", to=[message.to], headers=headers)


def _note_failure(pk: Any, error: str) -> None:
    waiting = Message.objects.filter(pk=pk, state=MessageState.WAITING)
    waiting.update(last_error=error[-2000:])
    waiting.filter(attempts__gte=MAX_ATTEMPTS).update(state=MessageState.FAILED)


def _abandon_exhausted() -> None:
    """A worker that died at a message's last attempt did not say so."""
    Message.objects.exhausted().update(state=MessageState.FAILED)


@transaction.atomic
def send_again(pk: Any) -> bool:
    """Gives an abandoned message its attempts anew; False when it is not one, or is too old to be written."""
    failed = Message.objects.filter(pk=pk, state=MessageState.FAILED, created_at__gt=timezone.now() - FAILED_KEPT)
    again = failed.update(state=MessageState.WAITING, attempts=0, due_at=timezone.now())
    transaction.on_commit(request_sending, robust=True)
    return bool(again)


def forget() -> None:
    """Deletes what is kept for a time only."""
    now = timezone.now()
    Message.objects.filter(created_at__lt=now - KEPT).delete()
    Message.objects.filter(state=MessageState.FAILED, created_at__lt=now - FAILED_KEPT).update(context={})
