"""Writing into the journal."""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from aect.accounts.models import User
from aect.journal.models import Action, Entry

#: The address of the request under way, without its end (`aect.journal.middleware`).
address: ContextVar[str] = ContextVar("address", default="")
HIDDEN = "…"


def record(
    action: Action | str,
    *,
    by: User | AnonymousUser | None,
    on: models.Model | None = None,
    organisation: models.Model | None = None,
    **details: Any,
) -> Entry:
    """Adds a row in the caller's transaction, so that it stands if and only if what it tells of does.

    `by` is who did it, None for the service itself or a stranger; `on` the record; `organisation` the collectivity
    concerned; `details` go to JSON: numbers and codes, never a person's name or address. Whatever holds an e-mail
    address is left out: people are known by their account's number.
    """
    return Entry.objects.create(
        action=Action(action),
        actor_id=by.pk if by else None,
        record_kind=on._meta.concrete_model._meta.label_lower if on else "",  # type: ignore[union-attr]
        record_id=str(on.pk) if on else "",
        record_label=_masked(str(on))[:300] if on and not isinstance(on, User) else "",
        organisation_id=organisation.pk if organisation else None,
        organisation=str(organisation)[:300] if organisation else "",
        address=address.get(),
        details=_masked(details),
    )


def refused(*, by: User | AnonymousUser | None, within: timedelta = timedelta(minutes=1), **details: Any) -> None:
    """Notes a refusal once a while, however often it is met, and never in the way of the answer."""
    same = {"action": Action.REFUSED, "actor_id": by.pk if by else None, "address": address.get(), "details": details}
    try:
        with transaction.atomic():
            if not Entry.objects.filter(**same, at__gt=timezone.now() - within).exists():
                record(Action.REFUSED, by=by, **details)
    except DatabaseError:
        pass


def _masked(value: Any) -> Any:
    """The same without e-mail addresses."""
    if isinstance(value, Mapping):
        return {name: _masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    if isinstance(value, models.Model):
        return value.pk
    return HIDDEN if isinstance(value, str) and "@" in value else value
