"""Shared fixtures. The services are real: `make test` starts them, or DATABASE_URL and REDIS_URL name them.

Two processes share the suite, each with a database of its own; what rings the bells in Redis asks for `redis_alone`.
"""

import fcntl
import gc
import os
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from aect.accounts.models import Role, User
from tests import factories

settings.SECOND_FACTOR_REQUIRED = False  # `force_login` gives none; its own tests ask for it
settings.WHITENOISE_AUTOREFRESH = True  # else each client first lists and stats 3 500 static files: 0.3 s of work


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix) -> None:
    """Each process's database is a copy of the migrated one that `aect.local` keeps, where it started the server."""
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get("TEST_DATABASE_TEMPLATE")


@pytest.fixture
def redis_alone() -> Iterator[None]:
    """For a test that rings, hears or empties the bells: the processes of the suite share one Redis."""
    with (Path(tempfile.gettempdir()) / "aect-tests-redis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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


def pytest_collection_finish() -> None:
    gc.freeze()  # what is loaded by now stays: the collector need not walk it again and again


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-matrix", action="store_true", help="write what is answered into tests/access_matrix.txt")
