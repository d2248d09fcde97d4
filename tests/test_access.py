"""Who gets what answer: every route and method against `access_matrix.txt`, which is reviewed line by line."""

from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils.translation import override

from aect.accounts.models import Role
from tests import factories
from tests.world import made_world

MATRIX = Path(__file__).with_name("access_matrix.txt")
pytestmark = pytest.mark.django_db
PEOPLE = ("anonymous", "agent_of_a", "agent_of_b", "officer", "analyst", "administrator")


class Line(NamedTuple):
    """A method, an address with places for the world's rows, and each person's answer."""

    method: str
    address: str
    answers: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(
            [f"{self.method:4}", f"{self.address:78}", *(f"{answer:7}" for answer in self.answers)]
        ).rstrip()


def read_lines() -> list[Line]:
    rows = (row.split() for row in MATRIX.read_text().splitlines() if row and not row.startswith("#"))
    return [Line(method, address, tuple(answers)) for method, address, *answers in rows]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """What the addresses name, and the people, for all lines; undone after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield made_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def people(world) -> dict[str, Client]:
    users = {
        "agent_of_a": world.agent_of_a,
        "agent_of_b": world.agent_of_b,
        "officer": factories.UserFactory(role=Role.OFFICER),
        "analyst": factories.UserFactory(role=Role.ANALYST),
        "administrator": factories.UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True),
    }
    clients = {name: Client() for name in PEOPLE}
    for name, user in users.items():
        clients[name].force_login(user)
    return clients


def answer(client: Client, method: str, address: str) -> str:
    """The status, or `sign-in` when the answer leads there; what it changed is undone."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = client.generic(method, address)
        b"".join(response.streaming_content) if response.streaming else None
        transaction.set_rollback(True)
    client.cookies = cookies
    leads = response.headers.get("Location", "")
    return "sign-in" if leads.startswith("/connexion/?next=") else str(response.status_code)


def answers(people: dict[str, Client], world: SimpleNamespace, line: Line) -> Line:
    """The line as it is answered."""
    address = line.address.format_map(vars(world))
    return line._replace(answers=tuple(answer(people[name], line.method, address) for name in PEOPLE))


@pytest.mark.parametrize("line", read_lines(), ids=lambda line: f"{line.method} {line.address}")
def test_each_person_gets_the_answer_of_the_matrix(people, world, line):
    assert str(answers(people, world, line)) == str(line)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_no_other_method_does_anything(people, world, method):
    for address in {line.address for line in read_lines()}:
        assert answers(people, world, Line(method, address, ())).answers == ("405",) * len(PEOPLE), address


def routes(resolver: URLResolver, prefix: str = ""):
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path
        elif pattern.app_name != "admin":
            yield from routes(pattern, path)


def test_every_route_has_a_line_for_reading_and_one_for_writing(world):
    with override("fr"):
        known = set(routes(get_resolver()))
        told = {(resolve(line.address.format_map(vars(world))).route, line.method) for line in read_lines()}
    assert {(route, method) for route in known for method in ("GET", "POST")} - told == set()


def test_the_administration_is_for_administrators_only(people):
    lists = [reverse(admin_urlname(model._meta, "changelist")) for model in admin.site._registry]
    for address in ["/admin/", *lists]:
        opened = {name for name, client in people.items() if answer(client, "GET", address) not in {"302", "sign-in"}}
        assert opened == {"administrator"}, address
