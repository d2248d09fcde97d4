"""What happens to people's places in collectivities: invited, asked for, granted, changed, given up.

Whatever changes a collectivity's members first locks its row, so that of two signatories who leave at once one stays.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from aect.accounts.models import Role, User
from aect.journal import services as journal
from aect.journal.models import Action
from aect.mail import quotas
from aect.mail.services import queue
from partnerships.choices import MemberRole
from partnerships.handover import hand_over_all
from partnerships.models import Invitation, JoinRequest, Membership, Organisation
from partnerships.models.memberships import invitation_end

SALT = "partnerships.joining.invitation"
INVITATION_KEPT = timedelta(days=30)  # after its end, when nobody accepted it
REQUEST_KEPT = timedelta(days=365)  # after its answer


class Refused(Exception):
    """What cannot be done; the message says why and what to do, to the reader."""


def locked(organisation: Organisation) -> Organisation:
    return Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)


def token_of(email: str, organisation: int, at: datetime) -> str:
    """The secret of an invitation's link: made again when the message is sent, kept nowhere."""
    return salted_hmac(SALT, f"{organisation}:{email}:{at.isoformat()}", algorithm="sha256").hexdigest()


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(organisation: Organisation, *, email: str, role: str, language: str, by: User) -> Invitation:
    """Invites an address by e-mail; an invitation that waits already is replaced, and its link with it.

    Raises Refused, Exceeded.
    """
    locked(organisation)
    email, now = email.lower(), timezone.now()
    if Membership.objects.filter(organisation=organisation, user__email=email).exists():
        raise Refused(_("%(email)s est déjà membre de cette collectivité.") % {"email": email})
    Invitation.objects.filter(organisation=organisation, email=email, accepted_at=None).delete()
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        role=role,
        language=language,
        invited_by=by,
        invited_at=now,
        expires_at=invitation_end(),
        digest=digest_of(token_of(email, organisation.pk, now)),
    )
    quotas.invitation(by, to=email)
    key, context = f"invitation-{invitation.pk}", {"invitation": invitation.pk}
    queue("partnerships/invitation", to=email, language=language, context=context, key=key)
    journal.record(Action.GRANTED, by=by, organisation=organisation, invited=invitation.pk, role=role)
    return invitation


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    """Its link then leads nowhere."""
    journal.record(Action.REVOKED, by=by, organisation=invitation.organisation, invited=invitation.pk)
    invitation.delete()


@transaction.atomic
def accept(invitation: Invitation, *, by: User) -> Membership:
    """The person of the invited address becomes a member, once. Raises Refused."""
    held = Invitation.objects.select_for_update(of=("self",), no_key=True).filter(pk=invitation.pk).first()
    if held is None or held.accepted_at or held.is_over:
        raise Refused(_("Cette invitation a déjà servi, ou n’est plus valable."))
    if by.email != held.email:
        raise Refused(_("Cette invitation est pour une autre adresse que celle de votre compte."))
    membership = _join(by, held.organisation, held.role, by=held.invited_by or by)
    held.accepted_at, held.user = timezone.now(), by
    held.save(update_fields=["accepted_at", "user"])
    return membership


@transaction.atomic
def accept_with_account(invitation: Invitation, *, password: str, language: str) -> User:
    """The same for whoever has no account yet: it is made with this password. Raises Refused."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise Refused(_("Un compte existe déjà avec cette adresse électronique."))
    user = User.objects.create_user(invitation.email, password, role=Role.AGENT, language=language[:2])
    accept(invitation, by=user)
    return user


def _join(user: User, organisation: Organisation, role: str, *, by: User) -> Membership:
    """A member already keeps their place, and the higher of both roles."""
    if user.role != Role.AGENT:
        raise Refused(_("Seuls les agents de collectivité sont membres d’une collectivité."))
    locked(organisation)
    membership, is_new = Membership.objects.get_or_create(user=user, organisation=organisation, defaults={"role": role})
    order = list(MemberRole.values)
    if not is_new and order.index(role) > order.index(membership.role):
        membership.role = role
        membership.save(update_fields=["role"])
    JoinRequest.objects.filter(user=user, organisation=organisation, answered_at=None).update(
        answered_at=timezone.now(), is_granted=True
    )
    journal.record(Action.GRANTED, by=by, on=user, organisation=organisation, role=membership.role)
    return membership


@transaction.atomic
def ask_to_join(request: JoinRequest) -> JoinRequest:
    """Saves the request and tells the signatories; the delegation when there is none. Raises Refused, Exceeded."""
    user, organisation = request.user, locked(request.organisation)
    if user.role != Role.AGENT:
        raise Refused(_("Seuls les agents de collectivité sont membres d’une collectivité."))
    if Membership.objects.filter(user=user, organisation=organisation).exists():
        raise Refused(_("Vous êtes déjà membre de cette collectivité."))
    if JoinRequest.objects.filter(user=user, organisation=organisation, answered_at=None).exists():
        raise Refused(_("Vous avez déjà demandé à rejoindre cette collectivité."))
    quotas.by_person(user, about="join")
    request.save()
    told = User.objects.filter(is_active=True, **_signing(organisation))
    for person in told if told.exists() else User.objects.filter(is_active=True, role=Role.OFFICER):
        key = f"join-request-{request.pk}-{person.pk}"
        context = {"request": request.pk}
        queue("partnerships/join_request", to=person.email, language=person.language, context=context, key=key)
    return request


@transaction.atomic
def answer_request(request: JoinRequest, *, is_granted: bool, role: str, by: User) -> None:
    """Grants a place, or refuses it, and tells who asked. Raises Refused when it was answered meanwhile."""
    held = JoinRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if held.answered_at:
        raise Refused(_("Une réponse a déjà été donnée à cette demande."))
    held.answered_at, held.is_granted = timezone.now(), is_granted
    held.save(update_fields=["answered_at", "is_granted"])
    if is_granted:
        _join(held.user, held.organisation, role, by=by)
    else:
        journal.record(Action.REFUSED, by=by, on=held.user, organisation=held.organisation, join_request=held.pk)
    person, key = held.user, f"join-answer-{held.pk}"
    queue(
        "partnerships/join_answer",
        to=person.email,
        language=person.language,
        context={"request": held.pk},
        key=key,
    )


@transaction.atomic
def change_role(membership: Membership, role: str, *, by: User) -> None:
    """Raises Refused for the last signatory."""
    locked(membership.organisation)
    held = Membership.objects.get(pk=membership.pk)
    if role != MemberRole.SIGNATORY:
        _require_another(held)
    former, held.role = held.role, role
    held.save(update_fields=["role"])
    details: dict[str, Any] = {"role": role, "former_role": former}
    journal.record(Action.GRANTED, by=by, on=held.user, organisation=held.organisation, **details)


@transaction.atomic
def end(membership: Membership, *, by: User) -> None:
    """Somebody leaves, or is taken out, and hands over what they hold. Raises Refused for the last signatory."""
    locked(membership.organisation)
    held = Membership.objects.filter(pk=membership.pk).first()
    if held is None:
        return
    _require_another(held)
    hand_over_all(held.user, held.organisation, by=by)
    journal.record(Action.REVOKED, by=by, on=held.user, organisation=held.organisation, role=held.role)
    held.delete()


def forget() -> None:
    """Deletes invitations that nobody accepted and requests answered long ago."""
    now = timezone.now()
    Invitation.objects.filter(accepted_at=None, expires_at__lt=now - INVITATION_KEPT).delete()
    JoinRequest.objects.filter(answered_at__lt=now - REQUEST_KEPT).delete()


def _require_another(membership: Membership) -> None:
    if membership.role != MemberRole.SIGNATORY:
        return
    others = User.objects.filter(is_active=True, **_signing(membership.organisation)).exclude(pk=membership.user_id)
    if not others.exists():
        raise Refused(_("C’est le dernier signataire de cette collectivité : nommez-en d’abord un autre."))


def _signing(organisation: Organisation) -> dict[str, Any]:
    """The filter of accounts: whoever signs for this collectivity."""
    return {"memberships__organisation": organisation, "memberships__role": MemberRole.SIGNATORY, "role": Role.AGENT}
