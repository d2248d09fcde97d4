"""Who takes part in a partnership: proposed, accepted or not by those concerned, and told of it.

Nobody but the delegation puts a collectivity into a partnership without its consent, nor takes it out.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aect.accounts.models import User
from aect.mail import quotas
from aect.mail.services import queue
from aect.trash import NotRestored
from partnerships.choices import FRENCH_KINDS, MemberRole
from partnerships.models import Membership, Organisation, Partnership, Party, PartyProposal
from partnerships.permissions import editable_partnerships, edited_by, edits

WRITERS = (MemberRole.EDITOR, MemberRole.SIGNATORY)


class Answered(Exception):
    """Somebody answered, or withdrew, the proposal before; the message says so."""


def is_free(partnership: Partnership, organisation: Organisation, user: User) -> bool:
    """Whether this person may put it in, take it out or change its place without anybody's consent.

    The delegation may. An agent may what concerns their own collectivity and, in a draft, which nobody else reads,
    whoever has no people here: all but French local authorities.
    """
    if edits(user) or edited_by(user).filter(pk=organisation.pk).exists():
        return True
    return partnership.is_draft and organisation.kind not in FRENCH_KINDS


def may_restore(party: Party, user: User) -> bool:
    """Who may put back a party that was taken out: as it was put in. Raises NotRestored where that needs consent."""
    if not editable_partnerships(user).filter(pk=party.partnership_id).exists():
        return False
    if not is_free(party.partnership, party.organisation, user):
        said = _("« %(name)s » ne revient que si elle, ou la délégation, l’accepte : proposez-la de nouveau.")
        raise NotRestored(said % {"name": party.organisation})
    return True


@transaction.atomic
def propose(party: Party, *, by: User) -> PartyProposal:
    """Offers the place instead of giving it, and tells those who answer; once, however often it is asked.

    Raises Exceeded.
    """
    values = {"side": party.side, "role": party.role, "part": party.part, "proposed_by": by}
    proposal, is_new = PartyProposal.objects.get_or_create(
        partnership=party.partnership, organisation=party.organisation, defaults=values
    )
    if is_new:
        quotas.by_person(by, about=f"place of {party.organisation_id}")
        tell("party_proposed", _writers_of([party.organisation_id]), f"proposal-{proposal.pk}", proposal=proposal.pk)
    return proposal


@transaction.atomic
def answer(proposal: PartyProposal, *, is_accepted: bool, by: User) -> Party | None:
    """Ends the proposal; the organisation takes part once it is accepted, if it did not yet. Raises Answered."""
    found = _held(proposal)
    context = {"partnership": found.partnership_id, "organisation": found.organisation_id, "is_accepted": is_accepted}
    people = {found.proposed_by} if found.proposed_by else set()
    party = None
    if is_accepted:
        people |= set(_people_of(found.partnership)) | set(_writers_of([found.organisation_id]))
        values = {"side": found.side, "role": found.role, "part": found.part}
        party, _is_new = Party.objects.get_or_create(
            partnership=found.partnership, organisation=found.organisation, defaults=values
        )
    tell("party_answered", people - {by}, f"proposal-{found.pk}-answer", **context)
    found.delete()
    return party


@transaction.atomic
def withdraw(proposal: PartyProposal, *, by: User) -> None:
    """The proposal was a mistake. Raises Answered."""
    _held(proposal).delete()


def tell_removed(partnership: Partnership, organisation: Organisation, *, event: int, by: User) -> None:
    """Tells all concerned that the organisation takes part no longer; `event` is the deletion in the history.

    Raises Exceeded.
    """
    quotas.by_person(by, about=f"place of {organisation.pk}")
    people = {*_people_of(partnership), *_writers_of([organisation.pk])} - {by}
    tell("party_removed", people, f"party-removed-{event}", partnership=partnership.pk, organisation=organisation.pk)


def tell(template: str, people: Iterable[User], key: str, **context: Any) -> None:
    for user in people:
        language = user.language or get_language() or ""
        queue(f"partnerships/{template}", to=user.email, language=language, context=context, key=f"{key}-{user.pk}")


def _held(proposal: PartyProposal) -> PartyProposal:
    rows = PartyProposal.objects.select_for_update(of=("self",), no_key=True)
    if (found := rows.filter(pk=proposal.pk).first()) is None:
        raise Answered(_("Cette proposition a déjà reçu une réponse, ou a été retirée."))
    return found


def _people_of(partnership: Partnership) -> list[User]:
    return _writers_of(partnership.parties.values("organisation"))


def _writers_of(places: Any) -> list[User]:
    """Who edits or signs for these collectivities."""
    members = Membership.objects.filter(organisation__in=places, role__in=WRITERS, user__is_active=True)
    return list(User.objects.filter(pk__in=members.values("user")))
