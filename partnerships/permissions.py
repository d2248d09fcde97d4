"""Who may see and change which rows of the registry. A row that is not in these QuerySets answers as a missing one."""

from datetime import date
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import QuerySet

from aect.accounts.models import Role, User
from partnerships.choices import MemberRole
from partnerships.models import Convention, Need, Offer, Organisation, Partnership
from partnerships.models.knowhow import Entry, EntryQuerySet

E = TypeVar("E", bound=Entry)
M = TypeVar("M", bound=models.Model)


def edits(user: User | AnonymousUser) -> bool:
    """The delegation's officers and the administrators."""
    return isinstance(user, User) and user.oversees


def places(user: User | AnonymousUser, *roles: MemberRole) -> QuerySet[Organisation]:
    """The collectivities in which an agent has one of these roles; nobody else acts for a collectivity."""
    if not isinstance(user, User) or user.role != Role.AGENT:
        return Organisation.objects.none()
    return Organisation.objects.filter(pk__in=user.memberships.filter(role__in=roles).values("organisation"))


def collectivities_of(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Those of which this agent is a member, and reads what is not published."""
    return places(user, *MemberRole)


def edited_by(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Those of which this agent edits the records."""
    return places(user, MemberRole.EDITOR, MemberRole.SIGNATORY)


def signed_by(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Those for which this agent answers: who grants and takes back places, and submits what commits them."""
    return places(user, MemberRole.SIGNATORY)


def editable(rows: QuerySet[M], user: User | AnonymousUser) -> QuerySet[M]:
    return rows if edits(user) else rows.none()


def editable_partnerships(user: User | AnonymousUser) -> QuerySet[Partnership]:
    return editable(Partnership.objects.all(), user)


def editable_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    return editable(Organisation.objects.all(), user)


def editable_conventions(user: User | AnonymousUser) -> QuerySet[Convention]:
    return editable(Convention.objects.all(), user)


def editable_offers(user: User | AnonymousUser) -> QuerySet[Offer]:
    return editable(Offer.objects.all(), user)


def editable_needs(user: User | AnonymousUser) -> QuerySet[Need]:
    return editable(Need.objects.all(), user)


def knowhow_places(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Local governments for which this person may add an offer or a need."""
    return editable(Organisation.objects.collectivities(), user)


def visible(entries: EntryQuerySet[E], user: User | AnonymousUser, on: date) -> EntryQuerySet[E]:
    """Offers or needs: what is published on this day; those who edit see drafts and closed ones too."""
    return entries.with_state(on) if edits(user) else entries.published(on)
