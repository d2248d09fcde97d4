"""What a signed answer of the identity provider must say before it is believed: pure functions.

OpenID Connect Core 1.0, 3.1.3.7 (id_token) and 5.3.2 (userinfo); the library that asks leaves issuer, audience and
userinfo unchecked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import jwt

Claims = dict[str, Any]
LEEWAY = 10  # seconds by which two clocks may differ
ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}  # and the type of their keys; a secret shared (HS256) signs nothing here


class Untrusted(Exception):
    """Says which check the answer failed."""


@dataclass(frozen=True)
class Expected:
    issuer: str
    audience: str
    nonce: str
    now: float
    subject: str | None = None  # the id_token's, which userinfo must be about


def is_of_issuer(claims: Claims, expected: Expected) -> bool:
    return bool(claims.get("iss") == expected.issuer)


def is_for_us_alone(claims: Claims, expected: Expected) -> bool:
    audiences = claims.get("aud")
    is_ours = audiences in (expected.audience, [expected.audience])
    return is_ours and claims.get("azp", expected.audience) == expected.audience


def is_still_valid(claims: Claims, expected: Expected) -> bool:
    return is_number(claims.get("exp")) and bool(expected.now < claims["exp"] + LEEWAY)


def was_issued(claims: Claims, expected: Expected) -> bool:
    """Not in the future. Only the id_token must say when."""
    if "iat" not in claims:
        return expected.subject is not None
    return is_number(claims["iat"]) and bool(claims["iat"] < expected.now + LEEWAY)


def has_our_nonce(claims: Claims, expected: Expected) -> bool:
    """The answer is to the request that this very browser began. Userinfo need not repeat it."""
    nonce = claims.get("nonce", expected.nonce if expected.subject is not None else None)
    return isinstance(nonce, str) and bool(expected.nonce) and compare_digest(nonce.encode(), expected.nonce.encode())


def is_about_somebody(claims: Claims, expected: Expected) -> bool:
    subject = claims.get("sub")
    return isinstance(subject, str) and 0 < len(subject) <= 255 and expected.subject in (None, subject)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


GUARDS: dict[str, Callable[[Claims, Expected], bool]] = {
    "issuer": is_of_issuer,
    "audience": is_for_us_alone,
    "expiry": is_still_valid,
    "issued": was_issued,
    "nonce": has_our_nonce,
    "subject": is_about_somebody,
}


def believe(token: str, *, keys: list[dict[str, Any]], algorithm: str, expected: Expected) -> Claims:
    """The claims of a token that is signed by one of the provider's keys and passes every guard, or `Untrusted`."""
    claims = signed_claims(token, keys, algorithm)
    for name, holds in GUARDS.items():
        if not holds(claims, expected):
            raise Untrusted(name)
    return claims


def signed_claims(token: str, keys: list[dict[str, Any]], algorithm: str) -> Claims:
    """What the signature covers. The algorithm is ours to say, never the token's."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != algorithm:
            raise Untrusted(f"algorithm {str(header.get('alg'))[:20]}")
        for key in keys:
            if can_have_signed(key, header, algorithm):
                return jwt.decode(
                    token, jwt.PyJWK(key, algorithm).key, algorithms=[algorithm], options=ONLY_THE_SIGNATURE
                )
    except jwt.PyJWTError as error:
        raise Untrusted(f"signature: {type(error).__name__}") from error
    raise Untrusted("no such key")


ONLY_THE_SIGNATURE: Any = {
    "verify_signature": True,
    **dict.fromkeys(["verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub"], False),
}


def can_have_signed(key: dict[str, Any], header: dict[str, Any], algorithm: str) -> bool:
    return (
        key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("kid" not in header or key.get("kid") == header["kid"])
    )
