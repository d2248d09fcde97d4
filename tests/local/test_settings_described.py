"""Whoever deploys reads `.env.example`, not the settings: it must name every variable they read."""

import os
import re
import subprocess
import sys

import pytest

from aect.local.places import CHECKOUT

#: Limits that nobody changes without rebuilding, and what is never set in production.
NOT_PASSED = re.compile("(IMPORT|ATTACHMENT)_MAX_|DEBUG$")


def variables_read() -> set[str]:
    settings = (CHECKOUT / "aect/settings.py").read_text()
    return set(re.findall(r"""(?:env\.\w+|required)\(\s*["']([A-Z_]+)""", settings))


def test_every_variable_that_settings_read_is_described():
    read = variables_read()
    described = set(re.findall(r"^#?([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert read
    assert read - described == set()


def test_docker_compose_passes_what_env_example_describes():
    compose = (CHECKOUT / "docker-compose.yml").read_text()
    passed = set(re.findall(r"^ +([A-Z_]+): .*", compose, re.MULTILINE))
    assert {name for name in variables_read() - passed if not NOT_PASSED.match(name)} == set()


@pytest.mark.parametrize(
    ("contact", "security", "sender"), [("", "", "aect@localhost"), ("a@b.fr", "mailto:a@b.fr", "a@b.fr")]
)
def test_what_docker_compose_passes_empty_counts_as_unset(contact, security, sender):
    empty = dict.fromkeys(("SECURITY_CONTACT", "SITE_URL", "DEFAULT_FROM_EMAIL"), "")
    names = ("SECURITY_CONTACT", "SITE_URL", "DEFAULT_FROM_EMAIL")
    told = subprocess.run(
        [sys.executable, "-c", f"from aect import settings as s; print(*(getattr(s, n) for n in {names}), sep='|')"],
        cwd=CHECKOUT,
        env={**os.environ, **empty, "CONTACT_EMAIL": contact},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == f"{security}|http://127.0.0.1:8000|{sender}"
