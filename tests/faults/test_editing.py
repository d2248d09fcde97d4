"""Two officers save one form at the same moment, on real connections. Each guard has its negative control."""

import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.test import Client

from aect import editing
from partnerships.models import Partnership
from partnerships.views import editing as views
from tests import factories
from tests.faults.conftest import in_threads


@pytest.fixture
def partnership() -> Partnership:
    return factories.PartnershipFactory(name="Au départ", slug="aix-oaxaca")


def save_at_once(partnership: Partnership) -> list[int]:
    """Both send version 1, and both wait before they write until the other is there too, if it may come so far."""
    people = [factories.UserFactory(role="officer") for _n in range(2)]
    both = threading.Barrier(2)

    def meet(execute, sql, params, many, context):
        if 'UPDATE "partnerships_partnership"' in sql:
            with suppress(threading.BrokenBarrierError):
                both.wait(3)
        return execute(sql, params, many, context)

    def send(person) -> int:
        client = Client()
        client.force_login(person)
        data = {"name": f"Par {person.pk}", "version": 1}
        with connection.execute_wrapper(meet):
            return client.post("/partenariats/aix-oaxaca/modifier/", data).status_code

    return sorted(in_threads(*(lambda person=person: send(person) for person in people)))


def test_of_two_who_save_at_once_the_second_is_told(partnership):
    assert save_at_once(partnership) == [302, 409]
    partnership.refresh_from_db()
    assert partnership.version == 2
    assert partnership.name != "Au départ"


def test_control_without_the_version_the_second_overwrites_silently(partnership, monkeypatch):
    monkeypatch.setattr(editing, "is_stale", lambda row, data: False)
    assert save_at_once(partnership) == [302, 302]
    partnership.refresh_from_db()
    assert partnership.version == 3


def test_control_without_the_lock_both_believe_to_be_first(partnership, monkeypatch):
    monkeypatch.setattr(views, "held", lambda rows, request: rows)
    assert save_at_once(partnership) == [302, 302]
