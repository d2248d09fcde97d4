"""What the messages on accounts say, found out when they are sent."""

from typing import Any

from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from aect.accounts.models import User
from aect.accounts.services import sign_up_token
from aect.mail.models import Message


def password_reset(message: Message) -> dict[str, Any] | None:
    """The link, made only now so that it is kept nowhere; nothing to say when no account may have one.

    It goes to the address of the account, not to the one typed: some letters only look alike.
    """
    user = next(iter(PasswordResetForm().get_users(message.to)), None)
    if user is None:
        return None
    message.to = user.email
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return {**message.context, "uid": uid, "token": default_token_generator.make_token(user)}


def sign_up(message: Message) -> dict[str, Any]:
    """The link that opens an account or, for an address that has one, where to sign in."""
    has_account = User.objects.filter(email__iexact=message.to).exists()
    return {"token": None if has_account else sign_up_token(message.to)}


CONTENTS = {"accounts/password_reset": password_reset, "accounts/sign_up": sign_up}
