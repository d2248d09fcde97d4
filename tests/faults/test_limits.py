"""Much at once: exports on a real gunicorn, passwords, counts. Each guard has its negative control."""

import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client, override_settings

from aect.accounts.guessing import Hasher
from aect.accounts.models import User
from aect.limits import rooms, services
from aect.limits.models import Count
from aect.limits.services import Exceeded, Limit
from tests import factories
from tests.children import child_environment, free_port
from tests.faults.conftest import in_threads, wait_until

EXPORT = "/collectivites/export.xlsx?toutes=1"
CLIENTS = 8  # as many as gunicorn serves at once below
GUARD = {"HEAVY_AT_ONCE": "3", "HEAVY_PER_READER": "1"}
NO_GUARD = {"HEAVY_AT_ONCE": "99", "HEAVY_PER_READER": "99"}


@contextmanager
def gunicorn(**environment: str) -> Iterator[int]:
    """The site on a port of its own: two processes of four threads, behind a proxy that says who asks."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "aect.wsgi", "--workers", "2", "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "critical", "--no-control-socket"]
    asked = {"BEHIND_PROXY": "1", "HTTPS": "0", "DEBUG": "0", "ALLOWED_HOSTS": "*", "LOG_LEVEL": "CRITICAL"}
    own = child_environment(**asked, **environment)
    process = subprocess.Popen(command, env=own, cwd=settings.BASE_DIR, start_new_session=True)
    try:
        assert wait_until(lambda: answer(port, "/healthz") == 200, 60)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def answer(port: int, address: str, *, of: str = "192.0.2.200", patience: float = 60) -> int:
    """The status that this address answers to a visitor; 0 when nothing came in time."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=patience)) as client:
        try:
            client.request("GET", address, headers={"X-Forwarded-For": of, "X-Forwarded-Proto": "http"})
            response = client.getresponse()
            response.read()
        except OSError:
            return 0
        return response.status


@contextmanager
def hammering(port: int, *, of: str) -> Iterator[list[int]]:
    """Clients who ask for the export again and again, from one address or, with `{}`, each from its own."""
    statuses: list[int] = []
    is_over = threading.Event()

    def hammer(number: int) -> None:
        while not is_over.is_set():
            statuses.append(answer(port, EXPORT, of=of.format(number)))

    threads = [threading.Thread(target=hammer, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        is_over.set()
        for thread in threads:
            thread.join(60)


@contextmanager
def table_held() -> Iterator[None]:
    """Nobody can read the organisations meanwhile: each export that began goes on for so long."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE partnerships_organisation IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def held_exports() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'partnerships_organisation'::regclass"
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize(("of", "at_once"), [("192.0.2.1", 1), ("192.0.{}.1", 2)], ids=["one address", "many"])
def test_while_exports_last_the_site_answers(of, at_once):
    """Of strangers one address has one at a time, and all together leave a place to who is signed in."""
    with gunicorn(**GUARD) as port, table_held(), hammering(port, of=of) as statuses:
        assert wait_until(lambda: held_exports() == at_once and statuses.count(429) >= CLIENTS)
        for _time in range(20):
            assert answer(port, "/healthz", patience=10) == 200
            assert answer(port, "/mentions-legales/", patience=10) == 200
            assert held_exports() <= at_once
        assert 0 not in statuses


def test_control_without_the_rooms_nothing_answers():
    with gunicorn(**NO_GUARD) as port, table_held(), hammering(port, of="192.0.2.1"):
        assert wait_until(lambda: held_exports() == CLIENTS and answer(port, "/healthz", patience=1) == 0, 60)


def test_under_a_load_of_real_exports_pages_are_read():
    for _row in range(150):
        factories.OrganisationFactory()
    with gunicorn(**GUARD) as port, hammering(port, of="192.0.{}.1") as statuses:
        assert wait_until(lambda: statuses.count(200) >= 3 and statuses.count(429) >= CLIENTS, 60)
        for address in ("/healthz", "/", "/partenariats/") * 5:
            assert answer(port, address) == 200
    assert set(statuses) == {200, 429}


def test_a_place_is_free_again_when_its_process_dies():
    code = "import django, time; django.setup()\nfrom aect.limits import rooms\n"
    code += "rooms.enter('x', 1); print('in', flush=True); time.sleep(60)"
    own = child_environment(DJANGO_SETTINGS_MODULE="aect.settings")
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=own, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "in\n"
        with pytest.raises(rooms.Busy):
            rooms.enter("x", 1)
    finally:
        process.kill()
        process.wait()
    rooms.leave([rooms.enter("x", 1, patience=10)])


# Counts


def taken_at_once(most: int = 3, threads: int = 8) -> int:
    def one() -> bool:
        services.take([Limit("test", "somebody", most, timedelta(minutes=1))])
        return True

    return in_threads(*[one] * threads).count(True)


def test_of_many_at_once_only_so_many_come_through():
    assert taken_at_once() == 3
    assert Count.objects.get().count == 3


def test_control_counted_by_looking_first_more_come_through(monkeypatch):
    """What the one statement is for: to look, and then to write, lets through all who looked at once."""
    everyone = threading.Barrier(8)

    def look_then_write(limits, **more):
        (limit,) = limits
        count = sum(Count.objects.filter(limit=limit.name).values_list("count", flat=True))
        everyone.wait(10)
        if count >= limit.most:
            raise Exceeded(limit.name, None)

    monkeypatch.setattr(services, "take", look_then_write)
    assert taken_at_once() == 8


# Passwords


@pytest.fixture
def most_at_once(monkeypatch):
    """How many passwords were being hashed at the same moment, at most."""
    under_way, most, guard = [0], [0], threading.Lock()
    plain = Hasher.__mro__[1].encode

    def watched(self, *arguments):
        with guard:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        try:
            return plain(self, *arguments)
        finally:
            with guard:
                under_way[0] -= 1

    monkeypatch.setattr(Hasher.__mro__[1], "encode", watched)
    return lambda: most[0]


@override_settings(PASSWORDS_AT_ONCE=1, PASSWORDS_WAITING=2)
def test_guessers_never_take_all_processors(most_at_once):
    """One is checked at a time, two wait for it, the others are told at once to come back."""
    results = in_threads(*[lambda: make_password("x" * 12)] * 8)
    assert most_at_once() == 1
    assert sum(isinstance(result, rooms.Busy) for result in results) >= 5
    assert any(isinstance(result, str) for result in results)


@override_settings(PASSWORDS_AT_ONCE=99, PASSWORDS_WAITING=0)
def test_control_without_the_room_they_do(most_at_once):
    in_threads(*[lambda: make_password("x" * 12)] * 4)
    assert most_at_once() > 1


def guess_at_once() -> list[int]:
    User.objects.create_user("a@demo.test", "a long enough password")

    def guess(number: int) -> int:
        fields = {"username": f"{number}@demo.test", "password": "wrong"}
        return Client().post("/connexion/", fields).status_code

    return in_threads(*(lambda number=number: guess(number) for number in range(8)))


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
@override_settings(GUESSES_PER_ADDRESS=3, PASSWORDS_PER_ADDRESS=99)
def test_of_eight_guesses_at_once_from_one_address_only_the_limit_is_tried():
    assert sorted(guess_at_once()) == [200] * 3 + [429] * 5


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
@override_settings(GUESSES_PER_ADDRESS=99, PASSWORDS_PER_ADDRESS=99)
def test_control_without_the_limit_all_are():
    assert guess_at_once() == [200] * 8
