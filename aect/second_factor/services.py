"""The second factor of who signs in by password: a code of six digits (RFC 6238), or a recovery code.

Codes are checked by django-otp: each is taken once, and refusals make the next try wait for 1, 2, 4, 8… seconds.
"""

import re
from base64 import b32encode
from typing import Literal
from uuid import uuid4

import segno
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import get_random_string, salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from aect.accounts.models import Session, User
from aect.journal.models import Action
from aect.journal.services import record
from aect.mail.services import queue

Factor = Literal["totp", "recovery", "proconnect"]  # what a session was opened with, beside the password or without one
NOTED = "second_factor"
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none is taken for another


def is_required(user: User) -> bool:
    """Whether this person may not sign in by password alone."""
    return settings.SECOND_FACTOR_REQUIRED and (user.oversees or user.is_staff or user.is_superuser)


def device_of(user: User) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def is_asked(user: User) -> bool:
    return is_required(user) or device_of(user) is not None


def note(request: HttpRequest, by: Factor) -> None:
    """Writes into the session by what it was opened."""
    request.session[NOTED] = by


def is_missing(request: HttpRequest, user: User) -> bool:
    """Whether the session was opened without the factor that its owner's role requires."""
    return is_required(user) and NOTED not in request.session


def new_key() -> str:
    key: str = default_key()
    return key


def spelt(key: str) -> str:
    """The secret as an application takes it by hand, in groups of four."""
    text = b32encode(bytes.fromhex(key)).decode()
    return " ".join(re.findall(".{4}", text))


def drawn(user: User, key: str) -> str:
    """The secret as a QR code: SVG without style nor script, dark on light in both themes."""
    address = TOTPDevice(user=user, key=key).config_url
    return segno.make(address, error="m").svg_inline(scale=5, dark="#000", light="#fff")


@transaction.atomic
def enrol(user: User, *, key: str, code: str) -> list[str] | None:
    """Adds the application that shows `code` for this `key`; the recovery codes, to be shown once, or None.

    Sessions opened before are the caller's to close.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # a second click waits, then finds a device
    if device_of(user) is not None or (digits := six_digits(code)) is None:
        return None
    device = TOTPDevice.objects.create(user=user, name="TOTP", key=key)
    if not device.verify_token(digits):
        device.delete()
        return None
    record(Action.ACCOUNT_CHANGED, by=user, on=user, what="second_factor_added")
    return renew_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """Ten new codes, of which only fingerprints are kept; those before are worth nothing any more."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = [f"{get_random_string(5, LETTERS)}-{get_random_string(5, LETTERS)}" for _code in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=fingerprint(code)) for code in codes])
    record(Action.ACCOUNT_CHANGED, by=user, on=user, what="recovery_codes_made")
    return codes


def recovery_codes_left(user: User) -> int:
    left: int = StaticToken.objects.filter(device__user=user).count()
    return left


@transaction.atomic
def verify(user: User, code: str) -> Factor | None:
    """What the code is, or None: wrong, taken already, or tried too soon after a refusal. A code is taken once."""
    digits = six_digits(code)
    devices = (TOTPDevice if digits else StaticDevice).objects.filter(user=user, confirmed=True)
    device = devices.select_for_update(no_key=True).first()
    if device is None or not device.verify_is_allowed()[0]:
        return None
    factor: Factor = "totp" if digits else "recovery"
    if not device.verify_token(digits or fingerprint(code)):
        record(Action.SIGN_IN_FAILED, by=None, account=user.pk, factor=factor)
        return None
    if factor == "recovery":
        record(Action.ACCOUNT_CHANGED, by=user, on=user, what="recovery_code_used")
    return factor


@transaction.atomic
def remove(user: User, *, by: User | None, current: str | None = None) -> bool:
    """Takes the device and the recovery codes away, and closes the person's sessions but the `current` one.

    `by` is the person, an administrator who was told of a lost device, or nobody when a command does it. The person is
    written to, whoever it was.
    """
    removed, _rows = TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    Session.objects.filter(user=user).exclude(session_key=current).delete()
    if removed:
        record(Action.ACCOUNT_CHANGED, by=by, on=user, what="second_factor_removed")
        queue("second_factor/removed", to=user.email, language=user.language, key=f"second-factor-removed-{uuid4()}")
    return bool(removed)


def six_digits(code: str) -> str | None:
    text = re.sub(r"\s", "", code)
    return text if re.fullmatch("[0-9]{6}", text) else None


def fingerprint(code: str) -> str:
    """What is kept of a recovery code: nothing can be read from it without SECRET_KEY."""
    text = re.sub(r"[\s-]", "", code).lower()
    return salted_hmac("aect.second_factor", text, algorithm="sha256").hexdigest()[:16]
