"""The second factor, by the very codes that an application would show."""

import time

from django.test import Client
from django_otp.oath import totp

PASSWORD = "a long enough password"
KEY = "3132333435363738393031323334353637383930"  # the key of RFC 6238's own examples
STEP = "/connexion/second-facteur/"
ENROL = "/connexion/second-facteur/activer/"


def shown(key: str = KEY, *, steps: int = 0) -> str:
    """What the application shows now, or some steps of thirty seconds later."""
    return f"{totp(bytes.fromhex(key), t0=-30 * steps):06d}" if steps else f"{totp(bytes.fromhex(key)):06d}"


def settled() -> None:
    """Waits for the end of a step that is about to end, so that a test does not straddle two."""
    if (left := 30 - time.time() % 30) < 2:
        time.sleep(left)


def is_in(client: Client) -> bool:
    return client.get("/compte/").status_code == 200


def give(client: Client, code: str, address: str = STEP):
    return client.post(address, {"code": code})
