"""The conversation with the provider, server to server, and the sessions that it opened."""

import logging
import time
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from aect.accounts.models import User
from aect.proconnect import tokens
from aect.proconnect.choices import Reason, Refused

log = logging.getLogger(__name__)
PATH = f"{__name__}.ProConnectBackend"


@dataclass(frozen=True)
class Claimed:
    """What the provider says of somebody, verified."""

    issuer: str
    subject: str
    email: str
    given_name: str
    usual_name: str
    acr: str
    amr: list[str]
    id_token: str


class ProConnectBackend(OIDCAuthenticationBackend):
    """The library's conversation, with every check that it leaves out (see `tokens`).

    It finds people by their e-mail address and keeps the sessions of closed accounts: neither is used here.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Never: the library would take any form sent to an address with `code` and `state` for a sign-in."""
        return

    def get_user(self, user_id: int) -> User | None:
        user: User | None = ModelBackend.get_user(self, user_id)  # nobody when the account is closed
        return user

    def identify(self, *, code: str, nonce: str, code_verifier: str | None, redirect_uri: str) -> Claimed:
        """Who came back with this code, or `Refused`. Each answer is awaited for OIDC_TIMEOUT seconds at most."""
        try:
            return self._identify(code, nonce, code_verifier, redirect_uri)
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            reason = Reason.EXPIRED if status == 400 else Reason.UNREACHABLE  # 400: the code was used or is too old
            raise Refused(reason, f"status {status}") from error
        except requests.JSONDecodeError as error:
            raise Refused(Reason.UNTRUSTED, "not JSON") from error
        except requests.RequestException as error:
            raise Refused(Reason.UNREACHABLE, type(error).__name__) from error
        except tokens.Untrusted as error:
            raise Refused(Reason.UNTRUSTED, str(error)) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # the answer has not the shape agreed
            raise Refused(Reason.UNTRUSTED, f"shape: {type(error).__name__}") from error

    def _identify(self, code: str, nonce: str, code_verifier: str | None, redirect_uri: str) -> Claimed:
        payload = {
            "client_id": settings.OIDC_RP_CLIENT_ID,
            "client_secret": settings.OIDC_RP_CLIENT_SECRET,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
        }
        answer = self.get_token(payload | ({"code_verifier": code_verifier} if code_verifier else {}))
        signed: dict[str, Any] = {
            "keys": fetch(settings.OIDC_OP_JWKS_ENDPOINT).json()["keys"],
            "algorithm": settings.OIDC_RP_SIGN_ALGO,
        }
        about = {"issuer": settings.OIDC_ISSUER, "audience": settings.OIDC_RP_CLIENT_ID, "nonce": nonce}
        told = tokens.believe(answer["id_token"], expected=tokens.Expected(**about, now=time.time()), **signed)
        userinfo = fetch(settings.OIDC_OP_USER_ENDPOINT, bearer=answer["access_token"]).text
        expected = tokens.Expected(**about, now=time.time(), subject=told["sub"])
        more = tokens.believe(userinfo, expected=expected, **signed)
        return Claimed(
            issuer=settings.OIDC_ISSUER,
            subject=told["sub"],
            email=text(more.get("email")),
            given_name=text(more.get("given_name")),
            usual_name=text(more.get("usual_name") or more.get("family_name")),
            acr=text(told.get("acr"))[:255],
            amr=[text(way)[:50] for way in told["amr"]] if isinstance(told.get("amr"), list) else [],
            id_token=answer["id_token"],
        )


def fetch(address: str, *, bearer: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answer = requests.get(address, headers=headers, timeout=settings.OIDC_TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    return answer


def text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
