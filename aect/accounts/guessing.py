"""Passwords and codes that are tried: counted and limited before their costly check.

Beside django-axes, which counts by account and address together, failures are counted by address, by network and by
account. Who signed in right from the same network before is held by the first count only: neither the guesser in the
next room nor one with a thousand addresses shuts the owner out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest
from django.utils import timezone

from aect.accounts.models import User
from aect.accounts.throttling import account_tried, client_address, counted_address, network_of
from aect.journal.models import Action, Entry
from aect.journal.services import address as network
from aect.limits import rooms, services
from aect.limits.services import Exceeded, Limit

KNOWN_FOR = timedelta(days=90)


class TooManyGuesses(Exceeded):
    template = "accounts/too_many_guesses.html"


class Hasher(PBKDF2PasswordHasher):
    """Django's own, of which only some work at once: others wait a little, and then are told to come back."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        at_once = settings.PASSWORDS_AT_ONCE
        line = ("passwords waiting", at_once + settings.PASSWORDS_WAITING)
        with rooms.within(line, ("passwords", at_once), patience=settings.PASSWORDS_PATIENCE):
            return super().encode(password, salt, iterations)


@contextmanager
def guess(request: HttpRequest, account: str) -> Iterator[SimpleNamespace]:
    """What tries a password or a code: sets `is_right` on what this gives. Raises TooManyGuesses before it is tried."""
    account = account_tried(request, {"username": account})
    limits = [] if is_shut(request, account) else list(limits_of(request, account))
    own = f"guesses {counted_address(request)}", settings.PASSWORDS_PER_ADDRESS
    with rooms.within(own):
        services.take(limits, refusal=TooManyGuesses)
        found = SimpleNamespace(is_right=False)
        try:
            yield found
        except rooms.Busy:
            found.is_right = True  # nothing was tried
            raise
        finally:
            if found.is_right:
                services.give_back(limits)


def is_shut(request: HttpRequest, account: str) -> bool:
    """Whether django-axes refuses already: that costs nothing, and counts no more."""
    return not AxesProxyHandler.is_allowed(request, {"username": account})


def limits_of(request: HttpRequest, account: str) -> Iterator[Limit]:
    if is_known(account):
        return
    lasts = settings.AXES_COOLOFF_TIME
    place = network_of(client_address(request), 24, 48)
    yield Limit("guess-address", str(counted_address(request)), settings.GUESSES_PER_ADDRESS, lasts)
    yield Limit("guess-network", str(place), settings.GUESSES_PER_NETWORK, lasts)
    yield Limit("guess-account", account, settings.GUESSES_PER_ACCOUNT, lasts)


def is_known(account: str) -> bool:
    """Whether this account was signed in to from the network of this request, or its password changed by a link."""
    return (
        network.get() != ""
        and Entry.objects.filter(
            actor_id__in=User.objects.filter(email=account).values("pk"),
            action__in=[Action.SIGNED_IN, Action.PASSWORD_CHANGED],
            address=network.get(),
            at__gt=timezone.now() - KNOWN_FOR,
        ).exists()
    )


def is_own_password(request: HttpRequest, user: User, password: str) -> bool:
    """Whether this is the password of who is signed in; a wrong one counts as a failed sign-in does."""
    with guess(request, user.email) as tried:
        tried.is_right = authenticate(request, username=user.email, password=password) == user
    return bool(tried.is_right)
