"""Who may see and change which rows of the registry. A row that is not in these QuerySets answers as a missing one."""

from datetime import date
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q, QuerySet

from aect.accounts.models import Role, User
from partnerships.choices import FRENCH_KINDS, EntryState, MemberRole, PartyRole, Side
from partnerships.models import Convention, Need, Offer, Organisation, Partnership, Party, PartyProposal
from partnerships.models.conventions import ConventionQuerySet
from partnerships.models.knowhow import Entry, EntryQuerySet
from partnerships.models.organisations import OrganisationQuerySet
from partnerships.models.partnerships import PartnershipQuerySet

E = TypeVar("E", bound=Entry)
M = TypeVar("M", bound=models.Model)


def edits(user: User | AnonymousUser) -> bool:
    """The delegation's officers and the administrators."""
    return isinstance(user, User) and user.oversees


def is_agent(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.role == Role.AGENT


def is_analyst(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.role == Role.ANALYST


def places(user: User | AnonymousUser, *roles: MemberRole) -> OrganisationQuerySet:
    """The collectivities in which an agent has one of these roles; nobody else acts for a collectivity."""
    if not isinstance(user, User) or user.role != Role.AGENT:
        return Organisation.objects.none()
    return Organisation.objects.filter(pk__in=user.memberships.filter(role__in=roles).values("organisation"))


def collectivities_of(user: User | AnonymousUser) -> OrganisationQuerySet:
    """Those of which this agent is a member, and reads what is not published."""
    return places(user, *MemberRole)


def edited_by(user: User | AnonymousUser) -> OrganisationQuerySet:
    """Those of which this agent edits the records."""
    return places(user, MemberRole.EDITOR, MemberRole.SIGNATORY)


def signed_by(user: User | AnonymousUser) -> OrganisationQuerySet:
    """Those for which this agent answers: who grants and takes back places, and submits what commits them."""
    return places(user, MemberRole.SIGNATORY)


def members_seen(user: User | AnonymousUser) -> OrganisationQuerySet:
    """Collectivities of which this person may read who is a member: their own; officers read all."""
    return Organisation.objects.filter(kind__in=FRENCH_KINDS) if edits(user) else collectivities_of(user)


def members_managed(user: User | AnonymousUser) -> OrganisationQuerySet:
    """Those of which this person grants and takes back places: signatories and officers."""
    return Organisation.objects.filter(kind__in=FRENCH_KINDS) if edits(user) else signed_by(user)


def partnerships_of(places: QuerySet[Organisation]) -> PartnershipQuerySet:
    """Those to which one of these collectivities is a French party."""
    parties = Party.objects.filter(organisation__in=places.order_by().values("pk"), side=Side.FRENCH)
    return Partnership.objects.filter(pk__in=parties.filter(role=PartyRole.PARTY).values("partnership"))


def visible_partnerships(user: User | AnonymousUser) -> PartnershipQuerySet:
    """Published ones; members of a French party read its drafts, officers and administrators all of them."""
    rows = Partnership.objects.all()
    if edits(user):
        return rows
    return rows.published() if not is_agent(user) else rows.published() | rows.filter(pk__in=own(user))


def visible_conventions(user: User | AnonymousUser) -> ConventionQuerySet:
    """Published ones of published partnerships; drafts as of `visible_partnerships`."""
    rows = Convention.objects.all()
    if edits(user):
        return rows
    return rows.published() if not is_agent(user) else rows.published() | rows.filter(partnership__in=own(user))


def counted_partnerships(user: User | AnonymousUser) -> PartnershipQuerySet:
    """Those that figures count: analysts, who read published records only, count drafts too."""
    return Partnership.objects.all() if is_analyst(user) else visible_partnerships(user)


def own(user: User | AnonymousUser) -> QuerySet[Partnership, Any]:
    """The ids of the partnerships of the collectivities of which this agent is a member."""
    return partnerships_of(collectivities_of(user)).values("pk")


def editable(rows: QuerySet[M], user: User | AnonymousUser) -> QuerySet[M]:
    return rows if edits(user) else rows.none()


def editable_partnerships(user: User | AnonymousUser) -> PartnershipQuerySet:
    """Officers edit all; editors and signatories those to which their collectivity is a French party."""
    return Partnership.objects.all() if edits(user) else partnerships_of(edited_by(user))


def editable_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    return editable(Organisation.objects.all(), user)


def editable_conventions(user: User | AnonymousUser) -> QuerySet[Convention]:
    return Convention.objects.filter(partnership__in=editable_partnerships(user).order_by().values("pk"))


def editable_offers(user: User | AnonymousUser) -> QuerySet[Offer]:
    """Officers edit all; editors and signatories those of their collectivity."""
    return Offer.objects.all() if edits(user) else Offer.objects.filter(organisation__in=edited_by(user).values("pk"))


def editable_needs(user: User | AnonymousUser) -> QuerySet[Need]:
    return editable(Need.objects.all(), user)


def knowhow_places(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Local governments for which this person may add an offer or a need."""
    return Organisation.objects.collectivities() if edits(user) else edited_by(user)


def adds(user: User | AnonymousUser) -> bool:
    """Who adds partnerships and conventions: officers, and whoever edits for a collectivity."""
    return edits(user) or edited_by(user).exists()


def answerable_proposals(user: User | AnonymousUser) -> QuerySet[PartyProposal]:
    """Those made to the collectivities for which this agent writes; the delegation answers all."""
    rows = PartyProposal.objects.all()
    return rows if edits(user) else rows.filter(organisation__in=edited_by(user).order_by().values("pk"))


def withdrawable_proposals(user: User | AnonymousUser) -> QuerySet[PartyProposal]:
    """Those made for the partnerships that this person edits."""
    return PartyProposal.objects.filter(partnership__in=editable_partnerships(user).order_by().values("pk"))


def deletable(rows: QuerySet[M], user: User | AnonymousUser) -> QuerySet[M]:
    """Of rows that this person may edit, those that they may delete.

    What is published, and the draft in which a collectivity of others takes part, an officer takes away.
    """
    if edits(user):
        return rows
    public = {field.name for field in rows.model._meta.fields} & {"published_at", "published_on"}
    rows = rows.filter(**dict.fromkeys(public))
    return rows if rows.model is not Partnership else rows.exclude(pk__in=_shared(user).values("partnership"))


def _shared(user: User | AnonymousUser) -> QuerySet[Party]:
    """The places of French local authorities for which this person does not write."""
    others = Organisation.objects.exclude(pk__in=edited_by(user).values("pk"))
    return Party.objects.order_by().filter(organisation__in=others.filter(kind__in=FRENCH_KINDS).values("pk"))


def visible(entries: EntryQuerySet[E], user: User | AnonymousUser, on: date) -> EntryQuerySet[E]:
    """Offers or needs: what is published on this day; their own organisation's members, and officers, see all."""
    if edits(user):
        return entries.with_state(on)
    if not is_agent(user):
        return entries.published(on)
    is_own = Q(organisation__in=collectivities_of(user).values("pk"))
    return entries.with_state(on).filter(Q(state=EntryState.PUBLISHED) | is_own)
