"""Sessions kept with their owner, so that they can be listed and closed; idle and absolute limits."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DbStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

if TYPE_CHECKING:
    from aect.accounts.models import User

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
AGENT = "agent"
NOTICE = timedelta(minutes=1)  # how often a visit is noted: not at each request


class SessionStore(DbStore):
    """Django's own store, which also writes whose session it is, and closes one that is over when it is read."""

    @classmethod
    def get_model_class(cls) -> Any:
        from aect.accounts.models import Session  # noqa: PLC0415  # models are loaded after this engine

        return Session

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if SESSION_KEY not in data:
            return data
        now = timezone.now()
        if is_over(data, now):
            self.delete(self.session_key)
            self._session_key = None
            return {}
        if now - datetime.fromisoformat(data[SEEN_AT]) > NOTICE:
            data[SEEN_AT] = now.isoformat()
            self.modified = True
        return data

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        session.agent = data.get(AGENT, "")
        session.signed_in_at = datetime.fromisoformat(data[SIGNED_IN_AT]) if SIGNED_IN_AT in data else None
        return session


def begin(sender: object, request: HttpRequest, **signal: Any) -> None:
    """Starts the two clocks when somebody signs in (`user_logged_in`)."""
    now = timezone.now().isoformat()
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now
    request.session[AGENT] = request.META.get("HTTP_USER_AGENT", "")[:200]


def learn_language(sender: object, user: "User", **signal: Any) -> None:
    """Writes to somebody in the language in which they first signed in, until they choose another."""
    if not user.language:
        user.language = (get_language() or settings.LANGUAGE_CODE)[:2]
        user.save(update_fields=["language"])


def is_over(session: dict[str, Any], now: datetime) -> bool:
    """Whether the session has lasted, or been left idle, for too long. One without clocks is: nobody began it."""
    if SIGNED_IN_AT not in session or SEEN_AT not in session:
        return True
    age: timedelta = now - datetime.fromisoformat(session[SIGNED_IN_AT])
    idle: timedelta = now - datetime.fromisoformat(session[SEEN_AT])
    limits = timedelta(seconds=settings.SESSION_COOKIE_AGE), timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return age > limits[0] or idle > limits[1]
