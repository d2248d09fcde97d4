"""What is kept of a person: a copy of it, and its erasure (règlement (UE) 2016/679, articles 15 et 17)."""

import json
from collections.abc import Iterator
from typing import Any

from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core import serializers
from django.db import transaction
from django.db.models import CASCADE, Q, QuerySet

from aect.accounts.models import User
from aect.journal.models import Action, Entry
from aect.journal.services import record
from aect.mail.models import Message

SECRETS = {"password", "session_key", "session_data", "key", "context"}  # they open the account: never in a copy


def export_person(user: User) -> dict[str, Any]:
    """The account and every row that names it, by model, without the secrets that would open it."""
    sets = [User.objects.filter(pk=user.pk), AccessAttempt.objects.filter(username=user.email)]
    sets += [Message.objects.filter(to__iexact=user.email)]
    sets += [rows for rows, _is_own in rows_of(user)]
    sets += [Entry.objects.filter(Q(actor_id=user.pk) | Q(record_kind=User._meta.label_lower, record_id=user.pk))]
    found: dict[str, Any] = {}
    for rows in sets:
        for row in json.loads(serializers.serialize("json", rows)):
            fields = {name: value for name, value in row["fields"].items() if name not in SECRETS}
            number = None if row["model"] == "accounts.session" else row["pk"]
            found.setdefault(row["model"], []).append({"id": number, **fields})
    record(Action.PERSON_EXPORTED, by=None, on=user)
    return found


@transaction.atomic
def erase_person(user: User) -> None:
    """Deletes what is the person's own, and leaves a closed account without a name.

    Its number stays, because the history, the journal, the jobs and the administration's log say by it who did what;
    it no longer leads to anybody.
    """
    AccessAttempt.objects.filter(username=user.email).delete()
    Message.objects.filter(to__iexact=user.email).delete()
    LogEntry.objects.filter(object_repr=user.email).update(object_repr=f"#{user.pk}")
    for rows, is_own in rows_of(user):
        if is_own:
            rows.delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.email, user.first_name, user.last_name = f"compte-{user.pk}@efface.invalid", "", ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
    record(Action.PERSON_ERASED, by=None, on=user)


def rows_of(user: User) -> Iterator[tuple[QuerySet[Any], bool]]:
    """The rows that name the account, and whether they are its own: those that would go with it."""
    for model in apps.get_models():  # who was written to before there was an account
        if model is not User and any(field.name == "email" for field in model._meta.fields):
            yield model._base_manager.filter(email__iexact=user.email), True
    for relation in User._meta.related_objects:
        model = relation.related_model
        if model._meta.proxy or not model._meta.managed:  # a view over other tables
            continue
        is_own = relation.on_delete is CASCADE and model is not LogEntry
        yield model._base_manager.filter(**{relation.field.name: user}), is_own
