"""What happens to accounts: links asked for, sessions closed, what is old forgotten."""

from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from aect.accounts.guessing import is_known
from aect.accounts.models import Role, Session, User
from aect.accounts.throttling import account_of
from aect.journal.models import Action
from aect.journal.services import record
from aect.mail import quotas
from aect.mail.models import Message
from aect.mail.services import queue

RESET_MAIL = "accounts/password_reset"
SIGN_UP_MAIL = "accounts/sign_up"
SIGN_UP_LASTS = timedelta(days=1)
RESET_PAUSE = timedelta(minutes=5)  # between two messages to one address, asked for from one address
ATTEMPTS_KEPT = timedelta(days=30)


def ask_password_reset(email: str, *, address: str | None, language: str) -> None:
    """Asks for the message, whether or not the account exists: both take the same time and give the same answer."""
    _ask(RESET_MAIL, email, address=address, language=language)


def ask_sign_up(email: str, *, address: str | None, language: str) -> None:
    """Asks for the message that lets somebody open an account: whatever the address, the same answer."""
    _ask(SIGN_UP_MAIL, email, address=address, language=language)


@transaction.atomic
def _ask(template: str, email: str, *, address: str | None, language: str) -> None:
    """Once in a while for who asks from one address: what a stranger asks from another does not silence the owner's."""
    now, whose = timezone.now(), salted_hmac(template, f"{address} {account_of(email)}").hexdigest()
    name = f"{template.partition('/')[2].replace('_', '-')}-{whose}"
    if not Message.objects.filter(key__startswith=name, created_at__gt=now - RESET_PAUSE).exists():
        quotas.by_stranger(address, to=email, about=template, is_owner=is_known(account_of(email)))
        queue(template, to=email, language=language, key=f"{name}-{now:%Y%m%d%H%M%S}")


def sign_up_token(email: str) -> str:
    return signing.dumps(email.lower(), salt=SIGN_UP_MAIL)


def signing_up(token: str) -> str | None:
    """The address that the link was sent to; None when it is not one of ours, or is a day old."""
    try:
        email: str = signing.loads(token, salt=SIGN_UP_MAIL, max_age=SIGN_UP_LASTS)
    except signing.BadSignature:
        return None
    return email


@transaction.atomic
def open_account(email: str, *, password: str, language: str) -> User | None:
    """A collectivity's agent, who belongs to none yet; None when the address has an account already."""
    if User.objects.filter(email__iexact=email).exists():
        return None
    user = User.objects.create_user(email, password, role=Role.AGENT, language=language[:2])
    record(Action.ACCOUNT_CHANGED, by=user, on=user, opened=True)
    return user


def close_other_sessions(user: User, *, current: str | None) -> int:
    """Closes the sessions of this person but the `current` one; returns how many."""
    closed: int = Session.objects.filter(user=user).exclude(session_key=current).delete()[0]
    return closed


def forget() -> None:
    """Deletes what is kept for a time only: sessions that are over, old failed sign-ins."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - ATTEMPTS_KEPT).delete()
