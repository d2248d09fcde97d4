"""Shared fixtures. The services are real: `make test` starts them, or DATABASE_URL and REDIS_URL name them.

Two processes share the suite, each with a database of its own: the files in turn, and all that starts a browser, a
worker or a server in one of them, since two workers on one Redis would take each other's bells.
"""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from aect.accounts.models import Role, User
from tests import factories

TESTS = Path(__file__).parent
STARTING_PROCESSES = tuple(TESTS / name for name in ("browser", "faults", "local"))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        together = any(item.path.is_relative_to(folder) for folder in STARTING_PROCESSES)
        item.add_marker(pytest.mark.xdist_group("processes" if together else str(item.path.relative_to(TESTS))))


@pytest.fixture
def officer(db) -> User:
    return factories.UserFactory(role=Role.OFFICER)


@pytest.fixture
def agent(db) -> User:
    return factories.UserFactory(role=Role.AGENT)


@pytest.fixture
def officer_client(officer) -> Client:
    client = Client()
    client.force_login(officer)
    return client


@pytest.fixture(scope="module")
def reference(django_db_setup, django_db_blocker):
    """The real reference data, for the tests of one module; rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_reference", stdout=StringIO())
        connection.check_constraints()  # now, not again after each test
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def founding(reference):
    """The founding cases on top of the reference data."""
    call_command("load_founding", stdout=StringIO())
    connection.check_constraints()
