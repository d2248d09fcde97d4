import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings as project
from django.test import Client

from tests.children import child_environment
from tests.proconnect import CLIENT, SECRET


@dataclass(frozen=True)
class Provider:
    address: str

    def lie(self, **lies: Any) -> None:
        requests.put(f"{self.address}/lies", json=lies, timeout=5).raise_for_status()

    def seen(self, path: str) -> list[dict[str, str]]:
        said = requests.get(f"{self.address}/seen", timeout=5).json()
        return [request for request in said if request["path"] == path]

    def knows(self, subject: str, **claims: Any) -> None:
        requests.put(f"{self.address}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def asks(self, leaving: Any, **form: str) -> str:
        """What the person does at the provider's page; returns the address to which it sends the browser back."""
        answer = requests.post(leaving, data=form, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


@pytest.fixture(scope="session")
def process() -> Iterator[Provider]:
    """One for all the tests: a real server, which no test patches."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.proconnect.provider"],
        cwd=project.BASE_DIR,
        env={**child_environment(), "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout
    port = child.stdout.readline().strip()
    assert port, "the provider did not start"
    yield Provider(f"http://127.0.0.1:{port}")
    child.kill()
    child.wait()


@pytest.fixture
def provider(process, settings) -> Provider:
    """The provider, honest again, and named by the settings."""
    process.lie()
    process.knows("camille", email="Camille@demo.test", given_name="Camille", usual_name="Durand")
    settings.OIDC_ISSUER = process.address
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT, SECRET
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{process.address}/oauth2/authorize"
    settings.OIDC_OP_TOKEN_ENDPOINT = f"{process.address}/oauth2/token"
    settings.OIDC_OP_JWKS_ENDPOINT = f"{process.address}/jwks"
    settings.OIDC_OP_USER_ENDPOINT = f"{process.address}/userinfo"
    settings.OIDC_OP_LOGOUT_ENDPOINT = f"{process.address}/oauth2/end_session"
    settings.OIDC_RP_SCOPES = "openid email profile"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return process


def own(address: str) -> str:
    """The path and query of an address of ours."""
    parts = urlsplit(address)
    assert parts.netloc == "testserver", address
    return f"{parts.path}?{parts.query}"


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def go(client: Client, provider: Provider, start: str = "/connexion/proconnect/", **form: str) -> Any:
    """From the button to the return: the answer that the browser gets back from ProConnect."""
    back = provider.asks(client.get(start).url, **(form or {"sub": "camille"}))
    return client.get(own(back))
