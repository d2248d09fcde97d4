"""What would make a production set-up unsafe: `manage.py check --deploy` refuses it."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

SHORTEST_KEY = 50  # characters; as many as Django asks for
FEWEST_LETTERS = 10  # different ones: less is a word typed again and again
#: What serves nobody when it is less; of heavy work, one place is kept for people who are signed in.
SMALLEST = {
    "HEAVY_AT_ONCE": 2,
    **dict.fromkeys(("HEAVY_PER_READER", "PASSWORDS_AT_ONCE", "PASSWORDS_PER_ADDRESS"), 1),
    **dict.fromkeys(("GUESSES_PER_ADDRESS", "GUESSES_PER_NETWORK", "GUESSES_PER_ACCOUNT"), 1),
    **dict.fromkeys(("MAILS_PER_ADDRESS", "MAILS_PER_NETWORK", "MAILS_PER_PERSON", "MAILS_PER_RECIPIENT"), 1),
}


@checks.register(checks.Tags.security, deploy=True)
def production_is_safe(**options: Any) -> list[checks.CheckMessage]:
    return [checks.Error(text, hint=hint, id=f"aect.E{number:03}") for number, text, hint in faults()]


def faults() -> Iterator[tuple[int, str, str]]:
    """Number, what is wrong, what to do."""
    if "*" in settings.ALLOWED_HOSTS:
        yield 1, "ALLOWED_HOSTS=* answers under any name.", "List the names of the site."
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_LETTERS:
        yield 2, "SECRET_KEY can be guessed.", "Make a long random one, as .env.example shows."
    if settings.AECT_DEMO:
        yield 3, "AECT_DEMO=1 shows accounts with their password.", "Leave it out."
    if settings.DEBUG:
        yield 4, "DEBUG=1 shows tracebacks to visitors.", "Leave it out."
    if settings.HTTPS and not settings.SITE_URL.startswith("https://"):
        yield 5, "The links in messages do not lead to https.", "Give SITE_URL the site's address: https://…"
    for name in (name for name, least in SMALLEST.items() if getattr(settings, name) < least):
        yield 6, f"{name} is too small: it refuses everybody.", f"Give it {SMALLEST[name]} or more."
