"""What the journal keeps of signing in and out."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from aect.accounts.models import User
from aect.accounts.throttling import account_tried
from aect.journal.models import Action, Entry
from aect.journal.services import address, record


def signed_in(sender: object, user: User, **signal: Any) -> None:
    record(Action.SIGNED_IN, by=user, backend=getattr(user, "backend", "").rpartition(".")[2])


def signed_out(sender: object, user: User | None, **signal: Any) -> None:
    if user:
        record(Action.SIGNED_OUT, by=user)


def failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **signal: Any) -> None:
    """A wrong password; what is tried while the door is shut is told by the throttling."""
    if request is not None and not getattr(request, "axes_locked_out", False):
        record(Action.SIGN_IN_FAILED, by=None, **tried(request, credentials))


def throttled(sender: object, request: HttpRequest, username: str, **signal: Any) -> None:
    """Once for as long as the door stays shut, however many knock."""
    details = tried(request, {"username": username})
    since = timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
    same = {"action": Action.SIGN_IN_THROTTLED, "address": address.get(), "details": details}
    if not Entry.objects.filter(**same, at__gt=since).exists():
        record(Action.SIGN_IN_THROTTLED, by=None, **details)


def tried(request: HttpRequest, credentials: dict[str, Any]) -> dict[str, Any]:
    """The account that was tried, by its number; what was typed for one that is not there only as a fingerprint."""
    typed = account_tried(request, credentials)
    account = User.objects.filter(email=typed).values_list("pk", flat=True).first()
    return {"account": account} if account else {"typed": salted_hmac("aect.journal", typed).hexdigest()[:12]}
