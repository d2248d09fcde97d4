"""What happens with ProConnect: a sign-in begun and ended, an account made or linked, a sign-out there too."""

import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import get_language
from mozilla_django_oidc.utils import add_state_and_verifier_and_nonce_to_session, generate_code_challenge

from aect.accounts.models import User
from aect.journal.models import Action
from aect.journal.services import record
from aect.proconnect.backends import PATH, Claimed
from aect.proconnect.choices import Reason, Refused
from aect.proconnect.models import Identity
from aect.second_factor import services as second_factor

STATES = "oidc_states"  # the library's name: state → what was begun with it
KEPT = "proconnect"  # in a session that ProConnect opened: the id_token, by which one signs out there
LEAVING = "proconnect_leaving"
LASTS = 600  # seconds between the departure and the return
ASK_AMR = '{"id_token":{"amr":{"essential":true}}}'  # as ProConnect documents it
SECRET_SIZE = 43  # characters of a state or a nonce: 256 bits; ProConnect asks for 32 characters at least


def is_configured() -> bool:
    return bool(settings.OIDC_ISSUER)


def begin(request: HttpRequest, *, next_url: str, link: User | None = None) -> str:
    """Where to send the browser. State, nonce and PKCE's secret are bound to its session; `link` adds to an account."""
    state, nonce = get_random_string(SECRET_SIZE), get_random_string(SECRET_SIZE)
    params = {
        "response_type": "code",
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "redirect_uri": callback_address(request),
        "scope": settings.OIDC_RP_SCOPES,
        "state": state,
        "nonce": nonce,
    }
    if settings.OIDC_ASK_AMR:
        params["claims"] = ASK_AMR
    verifier = get_random_string(64) if settings.OIDC_USE_PKCE else None
    if verifier:
        params |= {"code_challenge": generate_code_challenge(verifier, "S256"), "code_challenge_method": "S256"}
    add_state_and_verifier_and_nonce_to_session(request, state, params, verifier)
    begun = {"next": next_url, "link": link and link.pk, "language": get_language()}
    request.session[STATES][state].update(begun)
    request.session.modified = True
    return f"{settings.OIDC_OP_AUTHORIZATION_ENDPOINT}?{urlencode(params)}"


def callback_address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("proconnect_callback"))


def take_begun(request: HttpRequest) -> dict[str, Any]:
    """What this browser began with the state that came back; it serves once. `Refused` when it began nothing."""
    begun: dict[str, Any] | None = request.session.get(STATES, {}).pop(request.GET.get("state", ""), None)
    if begun is None:
        raise Refused(Reason.STRANGE, "state")
    request.session.save()  # now: the conversation that follows is slow
    if time.time() - begun["added_on"] > LASTS:
        raise Refused(Reason.EXPIRED, "state")
    return begun


@transaction.atomic
def person_of(claimed: Claimed) -> User:
    """The account that this identity opens, made at its first visit: an agent without a collectivity yet."""
    identity = find(claimed) or first_visit(claimed)
    if not identity.user.is_active:
        raise Refused(Reason.DISABLED, f"account {identity.user_id}")
    note_visit(identity, claimed)
    return identity.user


def find(claimed: Claimed) -> Identity | None:
    known = Identity.objects.select_related("user")
    return known.filter(issuer=claimed.issuer, subject=claimed.subject).first()


def first_visit(claimed: Claimed) -> Identity:
    """A new account. One that has the same address already is never taken for the same person."""
    try:
        validate_email(claimed.email)
    except ValidationError as error:
        raise Refused(Reason.NO_EMAIL) from error
    email = claimed.email.lower()
    names = {"first_name": claimed.given_name[:150], "last_name": claimed.usual_name[:150]}
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, **names)
            record(Action.ACCOUNT_CHANGED, by=user, on=user, what="made_by_proconnect")
            return Identity.objects.create(user=user, issuer=claimed.issuer, subject=claimed.subject)
    except IntegrityError as error:
        if identity := find(claimed):  # made meanwhile by another tab
            return identity
        raise Refused(Reason.EMAIL_TAKEN) from error


@transaction.atomic
def link(claimed: Claimed, *, by: User) -> Identity:
    """Lets the identity open the account of `by`, who is signed in and gave their password."""
    subject = {"issuer": claimed.issuer, "subject": claimed.subject}
    identity, is_new = Identity.objects.get_or_create(**subject, defaults={"user": by})
    if identity.user_id != by.pk:
        raise Refused(Reason.LINKED_ELSEWHERE, f"account {identity.user_id}")
    if is_new:
        record(Action.ACCOUNT_CHANGED, by=by, on=by, what="proconnect_linked")
    return identity


@transaction.atomic
def unlink(identity: Identity, *, by: User) -> None:
    identity.delete()
    record(Action.ACCOUNT_CHANGED, by=by, on=by, what="proconnect_unlinked")


def note_visit(identity: Identity, claimed: Claimed) -> None:
    identity.acr, identity.amr, identity.used_at = claimed.acr, claimed.amr, timezone.now()
    identity.save(update_fields=["acr", "amr", "used_at"])


def sign_in(request: HttpRequest, user: User, claimed: Claimed) -> None:
    user.backend = PATH  # rather than an argument: the journal reads it too
    login(request, user)
    second_factor.note(request, "proconnect")
    request.session[KEPT] = {"id_token": claimed.id_token, "acr": claimed.acr, "amr": claimed.amr}


def leave(request: HttpRequest, id_token: str) -> str:
    """Where to send the browser so that ProConnect ends its session too; our own is over already."""
    state = get_random_string(SECRET_SIZE)
    request.session[LEAVING] = state
    params = {
        "id_token_hint": id_token,
        "state": state,
        "post_logout_redirect_uri": request.build_absolute_uri(reverse("proconnect_left")),
    }
    return f"{settings.OIDC_OP_LOGOUT_ENDPOINT}?{urlencode(params)}"


def has_left(request: HttpRequest) -> bool:
    """Whether the browser comes back from the sign-out that it began."""
    begun = request.session.pop(LEAVING, "")
    return bool(begun) and constant_time_compare(begun, request.GET.get("state", ""))
