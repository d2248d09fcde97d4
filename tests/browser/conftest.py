"""A real browser on a real server, with the reference data, the founding cases and a few synthetic lines.

Every page visited must be free of script errors, of breaches of the content policy, and of requests to other hosts.
"""

import os
import shutil
from collections.abc import Iterator
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db)  # pytest-django makes a test database only for who asks
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no chromium on this machine (Debian: apt install chromium)"))


@pytest.fixture(scope="package")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The address of the site. Its rows are committed, so they are loaded once and flushed at the end."""
    with django_db_blocker.unblock(), override_settings(AECT_DEMO=True, WHITENOISE_AUTOREFRESH=False):
        assert connection.settings_dict["NAME"].startswith("test_"), "this would wipe a real database"
        for command in ("load_reference", "load_founding", "demo_accounts", "demo_memberships"):
            call_command(command, stdout=StringIO())
        call_command("sample_apd", lines=200, seed=1, stdout=StringIO())
        call_command("sample_knowhow", offers=30, needs=60, seed=1, stdout=StringIO())
        call_command("recompute_apd", stdout=StringIO())
        # WhiteNoise serves the collected files, hashed and compressed, as in production.
        with mock.patch("django.contrib.staticfiles.handlers.StaticFilesHandler", lambda application: application):
            server = LiveServer("localhost")
        yield server.url
        server.stop()
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="package")
def browser(site: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread; the database is used beside it, never inside it.
    with mock.patch.dict(os.environ, DJANGO_ALLOW_ASYNC_UNSAFE="1"), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
        connections.close_all()  # those opened beside that loop, which Django keeps apart from the thread's own


@pytest.fixture
def page(site: str, browser: Any) -> Iterator[Any]:
    """An empty tab; what went wrong on the pages it visited fails the test."""
    troubles: list[str] = []
    context = browser.new_context(base_url=site, locale="fr-FR", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(8_000)
    tab = context.new_page()
    tab.on("console", lambda m: troubles.append(f"{m.type}: {m.text}") if m.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    tab.on("requestfailed", lambda r: troubles.append(f"failed: {r.url}") if r.failure != "net::ERR_ABORTED" else None)
    tab.on("request", lambda r: troubles.append(f"elsewhere: {r.url}") if not is_own(r.url, site) else None)
    yield tab
    context.close()
    assert not troubles


def is_own(address: str, site: str) -> bool:
    return address.startswith((f"{site}/", "data:", "blob:"))
