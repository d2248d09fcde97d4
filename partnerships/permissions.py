"""Who may change the registry."""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import QuerySet

from aect.accounts.models import User
from partnerships.models import Convention, Organisation, Partnership

M = TypeVar("M", bound=models.Model)


def edits(user: User | AnonymousUser) -> bool:
    """The delegation's officers and the administrators."""
    return isinstance(user, User) and user.oversees


def editable(rows: QuerySet[M], user: User | AnonymousUser) -> QuerySet[M]:
    return rows if edits(user) else rows.none()


def editable_partnerships(user: User | AnonymousUser) -> QuerySet[Partnership]:
    return editable(Partnership.objects.all(), user)


def editable_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    return editable(Organisation.objects.all(), user)


def editable_conventions(user: User | AnonymousUser) -> QuerySet[Convention]:
    return editable(Convention.objects.all(), user)
