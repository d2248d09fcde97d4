"""What the registry's messages say, found out when they are sent."""

from typing import Any

from django.contrib.auth.models import AnonymousUser

from aect.accounts.models import User
from aect.mail.models import Message
from partnerships.joining import token_of
from partnerships.models import Invitation, JoinRequest, Organisation, Partnership, PartyProposal
from partnerships.permissions import editable_conventions


def invitation(message: Message) -> dict[str, Any] | None:
    """The link, made only now so that it is kept nowhere; nothing once it was accepted, withdrawn or replaced."""
    rows = Invitation.objects.select_related("organisation", "invited_by")
    found = rows.filter(pk=message.context["invitation"], accepted_at=None).first()
    if found is None or found.is_over:
        return None
    token = token_of(found.email, found.organisation_id, found.invited_at)
    return {"invitation": found, "token": token}


def join_request(message: Message) -> dict[str, Any] | None:
    """Nothing once it is answered."""
    found = _request(message)
    return None if found is None or found.answered_at else {"request": found}


def join_answer(message: Message) -> dict[str, Any] | None:
    found = _request(message)
    return {"request": found} if found else None


def convention_ending(message: Message) -> dict[str, Any] | None:
    """Nothing once it has a successor, or is no longer this person's to renew."""
    person = User.objects.filter(pk=message.context["person"], is_active=True).first()
    rows = editable_conventions(person or AnonymousUser()).select_related("partnership").filter(renewed_by=None)
    found = rows.filter(pk=message.context["convention"]).first()
    return {"convention": found} if found else None


def _request(message: Message) -> JoinRequest | None:
    rows = JoinRequest.objects.select_related("organisation", "user")
    return rows.filter(pk=message.context["request"]).first()


def party_proposed(message: Message) -> dict[str, Any] | None:
    """Nothing once it is answered or withdrawn."""
    rows = PartyProposal.objects.select_related("organisation")
    found = rows.filter(pk=message.context["proposal"]).first()
    return {"proposal": found} if found else None


def party_changed(message: Message) -> dict[str, Any] | None:
    """What became of an organisation's place; nothing once one of both is gone."""
    partnership = Partnership.objects.filter(pk=message.context["partnership"]).first()
    organisation = Organisation.objects.filter(pk=message.context["organisation"]).first()
    found = {**message.context, "partnership": partnership, "organisation": organisation}
    return found if partnership and organisation else None


CONTENTS = {
    "partnerships/party_proposed": party_proposed,
    "partnerships/party_answered": party_changed,
    "partnerships/party_removed": party_changed,
    "partnerships/invitation": invitation,
    "partnerships/join_request": join_request,
    "partnerships/join_answer": join_answer,
    "partnerships/convention_ending": convention_ending,
}
