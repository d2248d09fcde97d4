"""Each lie of the provider is refused; and believed, once the check that catches it is taken out."""

import json

import jwt
import pytest
from django.contrib.auth import get_user

from aect.accounts.models import User
from aect.proconnect import tokens
from tests.proconnect.conftest import go

pytestmark = pytest.mark.django_db
LATER = 2_000_000_000_000


def said(**claims: object) -> dict[str, object]:
    return {"claims": claims}


LONG_AGO = 1_700_000_000  # a constant: the processes of the suite name the cases alike
CLAIMS = [
    ("issuer", {"id_token": said(iss="https://evil.test")}),
    ("issuer", {"userinfo": said(iss="https://evil.test")}),
    ("audience", {"id_token": said(aud="another-service")}),
    ("audience", {"userinfo": said(aud="another-service")}),
    ("expiry", {"id_token": said(exp=LONG_AGO)}),
    ("expiry", {"userinfo": said(exp=LONG_AGO)}),
    ("issued", {"id_token": said(iat=LATER)}),
    ("nonce", {"id_token": said(nonce="n" * 43)}),
    ("nonce", {"id_token": said(nonce=None)}),
    ("subject", {"userinfo": said(sub="somebody-else")}),
]
SIGNATURES = [
    {"id_token": {"alg": "none"}},
    {"id_token": {"alg": "HS256"}},  # signed by the secret that both share
    {"id_token": {"alg": "RS512"}},  # the right key, another algorithm than agreed
    {"id_token": {"key": "other"}},
    {"userinfo": {"key": "other"}},
    {"userinfo": {"plain": True}},
]


def named(value: object) -> str | None:
    return json.dumps(value) if isinstance(value, dict) else None


def assert_refused(client, answer) -> None:
    assert answer.status_code == 403
    assert "n’a pas pu être vérifiée" in answer.content.decode()
    assert get_user(client).is_anonymous
    assert not User.objects.exists()


def test_the_truth_is_believed(client, provider):
    assert go(client, provider).status_code == 302
    assert get_user(client).email == "camille@demo.test"


@pytest.mark.parametrize(("guard", "lies"), CLAIMS, ids=named)
def test_a_lie_is_refused(client, provider, guard, lies):
    provider.lie(**lies)
    assert_refused(client, go(client, provider))


@pytest.mark.parametrize(("guard", "lies"), CLAIMS, ids=named)
def test_control_without_its_guard_the_lie_would_be_believed(client, provider, monkeypatch, guard, lies):
    monkeypatch.delitem(tokens.GUARDS, guard)
    provider.lie(**lies)
    assert go(client, provider).status_code == 302
    assert get_user(client).is_authenticated


@pytest.mark.parametrize("lies", SIGNATURES, ids=named)
def test_a_bad_signature_is_refused(client, provider, lies):
    provider.lie(**lies)
    assert_refused(client, go(client, provider))


@pytest.mark.parametrize("lies", SIGNATURES, ids=named)
def test_control_whoever_reads_without_verifying_is_taken_in(client, provider, monkeypatch, lies):
    monkeypatch.setattr(tokens, "signed_claims", read_only)
    provider.lie(**lies)
    assert go(client, provider).status_code == 302
    assert get_user(client).is_authenticated


def read_only(token: str, keys: object, algorithm: str) -> dict[str, object]:
    try:
        return json.loads(token)
    except ValueError:
        return jwt.decode(token, options={"verify_signature": False})


TRUE = {"iss": "https://issuer.test", "aud": "us", "sub": "s", "nonce": "n" * 43, "iat": 1000, "exp": 1060}


def expected(**others: object) -> tokens.Expected:
    return tokens.Expected(
        **{"issuer": "https://issuer.test", "audience": "us", "nonce": "n" * 43, "now": 1030} | others
    )


def failed(claims: dict[str, object], expected: tokens.Expected) -> list[str]:
    return [name for name, holds in tokens.GUARDS.items() if not holds(claims, expected)]


@pytest.mark.parametrize(
    ("guard", "name", "values"),
    [
        ("issuer", "iss", [None, "", "https://issuer.test/", ["https://issuer.test"]]),
        ("audience", "aud", [None, "", "other", [], ["other"], ["us", "other"], {"us": 1}]),
        ("audience", "azp", ["other", None]),
        ("expiry", "exp", [None, 1019, "2000", float("nan"), True, [2000]]),
        ("issued", "iat", [1041, "1000", float("nan"), True]),
        ("nonce", "nonce", ["", "é" * 43, "n" * 42, 3, ["n" * 43]]),
        ("subject", "sub", [None, "", 3, "s" * 256]),
    ],
)
@pytest.mark.parametrize("subject", [None, "s"], ids=["id_token", "userinfo"])
def test_one_wrong_claim_fails_its_guard_and_no_other(guard, name, values, subject):
    assert failed(TRUE, expected(subject=subject)) == []
    for value in values:
        assert failed(TRUE | {name: value}, expected(subject=subject)) == [guard], value


def test_userinfo_need_not_repeat_the_nonce_nor_say_when_it_was_issued():
    short = {name: value for name, value in TRUE.items() if name not in {"nonce", "iat"}}
    assert failed(short, expected(subject="s")) == []
    assert failed(short, expected()) == ["issued", "nonce"]
    assert failed(TRUE, expected(subject="other")) == ["subject"]
    assert failed(TRUE | {"aud": ["us"], "azp": "us"}, expected()) == []


def test_an_empty_nonce_is_no_nonce():
    assert failed(TRUE | {"nonce": ""}, expected(nonce="")) == ["nonce"]


@pytest.mark.parametrize("token", ["", "a.b.c", "{}", "\x00", "é.é.é", "eyJhbGciOiJSUzI1NiJ9.e30."])
def test_what_is_no_token_is_untrusted(token):
    with pytest.raises(tokens.Untrusted):
        tokens.signed_claims(token, [], "RS256")


def test_a_key_for_another_use_signs_nothing(provider):
    key = {"kty": "RSA", "kid": "k"}
    header = {"kid": "k"}
    assert tokens.can_have_signed(key, header, "RS256")
    for other in ({"use": "enc"}, {"alg": "RS512"}, {"kid": "other"}, {"kty": "oct"}):
        assert not tokens.can_have_signed(key | other, header, "RS256")
