"""What happens to accounts: links asked for, sessions closed, what is old forgotten."""

from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from aect.accounts.models import Session, User
from aect.mail.models import Message
from aect.mail.services import queue

RESET_MAIL = "accounts/password_reset"
RESET_PAUSE = timedelta(minutes=5)  # between two messages to one address
ATTEMPTS_KEPT = timedelta(days=30)


def ask_password_reset(email: str, *, host: str, is_secure: bool, language: str) -> None:
    """Asks for the message, whether or not the account exists: both take the same time and give the same answer."""
    now, name = timezone.now(), f"password-reset-{salted_hmac(RESET_MAIL, email.lower()).hexdigest()}"
    if not Message.objects.filter(key__startswith=name, created_at__gt=now - RESET_PAUSE).exists():
        context = {"protocol": "https" if is_secure else "http", "domain": host}
        queue(RESET_MAIL, to=email, language=language, context=context, key=f"{name}-{now:%Y%m%d%H%M}")


def close_other_sessions(user: User, *, current: str | None) -> int:
    """Closes the sessions of this person but the `current` one; returns how many."""
    closed: int = Session.objects.filter(user=user).exclude(session_key=current).delete()[0]
    return closed


def forget() -> None:
    """Deletes what is kept for a time only: sessions that are over, old failed sign-ins."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - ATTEMPTS_KEPT).delete()
