"""Somebody whose password was right and whose second factor is awaited: known to the session, signed in nowhere.

Until then `request.user` is nobody, so that no page has to know of the state between.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import login
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from aect.accounts.models import User
from aect.second_factor import services

KEY = "awaiting"
LASTS = timedelta(minutes=10)


def begin(request: HttpRequest, user: User, *, next_url: str) -> None:
    """Keeps who gave their password; what the session holds already (a text typed) stays in it."""
    request.session.cycle_key()
    request.session[KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": timezone.now().isoformat(),
        "next": next_url,
    }


def person(request: HttpRequest) -> User | None:
    """Who is awaited, unless it took too long, or the account was closed or its password changed meanwhile."""
    kept: dict[str, Any] = request.session.get(KEY) or {}
    if not kept or timezone.now() - datetime.fromisoformat(kept["at"]) > LASTS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    is_same = user and constant_time_compare(kept["password"], user.get_session_auth_hash())
    return user if is_same else None


def finish(request: HttpRequest, user: User, *, by: services.Factor) -> str:
    """Signs the person in, and returns where they wanted to go, or nothing."""
    wanted = cast(str, request.session.pop(KEY)["next"])
    user.backend = "django.contrib.auth.backends.ModelBackend"
    login(request, user)
    services.note(request, by)
    return wanted
