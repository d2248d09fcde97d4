"""Who gets what answer: every route and method against `access_matrix.txt`, which is reviewed line by line."""

from collections.abc import Callable, Iterator
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client, override_settings
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils.translation import override

from aect.accounts.models import User
from tests.bodies import PASSWORD, Bodies
from tests.effects import Watch
from tests.world import made_world

MATRIX = Path(__file__).with_name("access_matrix.txt")
pytestmark = pytest.mark.django_db
PEOPLE = (
    *("anonymous", "member_of_none", "guest_of_a", "reader_of_a", "editor_of_a", "agent_of_a", "agent_of_b"),
    *("officer", "analyst", "administrator"),
)
#: Addresses at which nothing watched changes with the body that is sent here, whoever sends it.
WITHOUT_EFFECT = {
    *("logout", "close_sessions"),  # sessions are no part of what is watched: tests/accounts
    "password_reset_confirm",  # it takes two steps: tests/accounts
    # One's own second factor, which nobody here has: tests/second_factor
    *("second_step", "second_factor_required", "second_factor", "second_factor_codes", "second_factor_remove"),
    "django.views.generic.base.RedirectView",  # /admin/login/ leads to the one page for signing in
}


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


#: The frame of a page is the same for everybody, and costs more than most pages.
FRAME = ("components/header.html", "components/footer.html", "components/theme_modal.html")


def frameless() -> list[dict[str, Any]]:
    """The settings of the templates, but for the frame, which is left empty."""
    loaders = "django.template.loaders"
    found = [(f"{loaders}.locmem.Loader", dict.fromkeys(FRAME, "")), f"{loaders}.filesystem.Loader"]
    cached = [(f"{loaders}.cached.Loader", [*found, f"{loaders}.app_directories.Loader"])]
    (engine,) = settings.TEMPLATES
    return [{**engine, "APP_DIRS": False, "OPTIONS": {**engine["OPTIONS"], "loaders": cached}}]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """What the addresses name, and the people, for all lines; undone after them."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a matrix of slow hashes would take minutes
    media = tmp_path_factory.mktemp("media")
    changed = override_settings(MEDIA_ROOT=media, PASSWORD_HASHERS=hashers, TEMPLATES=frameless())
    with changed, django_db_blocker.unblock(), transaction.atomic():
        yield made_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def people(world) -> dict[str, Client]:
    User.objects.update(password=make_password(PASSWORD))
    clients = {name: Client() for name in PEOPLE}
    for name in PEOPLE[1:]:
        clients[name].force_login(User.objects.get(pk=getattr(world, name).pk))
    return clients


@pytest.fixture(scope="module")
def bodies(people, world) -> Bodies:
    return Bodies(people, vars(world))


@pytest.fixture(scope="module")
def watch(bodies) -> Watch:
    """From now on, when all is there."""
    return Watch()


def answered(client: Client, ask: Callable[[], Any], watch: Watch | None = None) -> str:
    """The status, or `sign-in` when the answer leads there, and `+` when it changed anything, which is undone."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        response = ask()
        b"".join(response.streaming_content) if response.streaming else None
        effect = "+" if watch and watch.has_seen_a_change() else ""
        transaction.set_rollback(True)
    client.cookies = SimpleCookie(cookies)
    leads = response.headers.get("Location", "")
    return ("sign-in" if leads.startswith("/connexion/?next=") else str(response.status_code)) + effect


def answer(client: Client, method: str, address: str) -> str:
    return answered(client, partial(client.generic, method, address))


class Asked(NamedTuple):
    """Whom and with what the matrix is asked."""

    people: dict[str, Client]
    world: SimpleNamespace
    bodies: Bodies
    watch: Watch

    def answers(self, line: Line) -> Line:
        """The line as it is answered."""
        address = line.address.format_map(vars(self.world))
        body = self.body(address) if line.method == "POST" else b""
        clients = (self.people[name] for name in PEOPLE)
        asks = ((client, partial(client.generic, line.method, address, body, MULTIPART_CONTENT)) for client in clients)
        return line._replace(answers=tuple(answered(client, ask, self.watch) for client, ask in asks))

    def body(self, address: str) -> bytes:
        """What is sent there; nothing where the method is refused."""
        return b"" if answer(self.people["administrator"], "POST", address) == "405" else self.bodies.of(address)


@pytest.fixture(scope="module")
def asked(people, world, bodies, watch) -> Asked:
    return Asked(people, world, bodies, watch)


@pytest.fixture(scope="module")
def written(request) -> Iterator[dict[Line, Line]]:
    """With `--write-matrix`, what is answered instead goes into the file."""
    found: dict[Line, Line] = {}
    yield found
    if found:
        told = {str(line): str(now) for line, now in found.items()}
        lines = [told.get(line_in(row), row) for row in MATRIX.read_text().splitlines()]
        MATRIX.write_text("\n".join(lines) + "\n")


def line_in(row: str) -> str:
    """The row as `Line` writes it; a comment as it is."""
    method, _space, rest = row.partition(" ")
    return row if not rest or row.startswith("#") else str(Line(method, rest.split()[0], tuple(rest.split()[1:])))


@pytest.mark.parametrize("line", read_lines(), ids=lambda line: f"{line.method} {line.address}")
def test_each_person_gets_the_answer_of_the_matrix(asked, written, request, line):
    now = asked.answers(line)
    if request.config.getoption("--write-matrix"):
        written[line] = now
    else:
        assert str(now) == str(line)


def test_every_address_that_is_posted_to_changes_something_for_somebody(world, written):
    """Else the body is no valid one, and the lines tell nothing of who may."""
    answers: dict[str, set[str]] = {}
    for line in (written.get(line, line) for line in read_lines()):
        if line.method == "POST" and not set(line.answers) <= {"404", "405", "sign-in"}:
            name = resolve(line.address.format_map(vars(world))).view_name
            answers.setdefault(name, set()).update(line.answers)
    assert {name for name, given in answers.items() if "+" not in "".join(given)} == WITHOUT_EFFECT


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_no_other_method_does_anything(people, world, method):
    for address in {line.address.format_map(vars(world)) for line in read_lines()}:
        assert {answer(people[name], method, address) for name in ("anonymous", "administrator")} == {"405"}, address


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
