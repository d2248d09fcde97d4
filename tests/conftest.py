"""Shared fixtures. The services are real: `make test` starts them, or DATABASE_URL and REDIS_URL name them."""

import pytest
from django.test import Client

from aect.accounts.models import Role, User
from tests import factories


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
