"""A PostgreSQL that is stopped, not closed: connections stand, and nothing answers."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from aect.local import places, templates
from aect.local.services import services
from aect.settings import env
from tests.children import free_port
from tests.test_serving import asked

PATIENCE = 8  # seconds: five on a machine that has nothing else to do
PAGE = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    """A server of its own with all tables, which may be stopped."""
    account = places.server_account(places.CHECKOUT)
    home = places.data_home(places.CHECKOUT, account)
    folder = Path(tempfile.mkdtemp(prefix="hung-", dir=home))
    folder.chmod(0o711)
    try:
        templates.lay(folder, home=home, account=account)
        with services(folder, home=home, account=account, durable=False, from_env=False) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def gunicorn(server, port: int, *more: str) -> subprocess.Popen:
    program = str(Path(sys.executable).with_name("gunicorn"))
    command = [
        program,
        "--config",
        "aect/gunicorn.py",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--threads",
        "4",
    ]
    return subprocess.Popen([*command, *more], env={**server.env(), "HTTPS": "0"}, cwd=settings.BASE_DIR)


def stopped(postgres: int) -> list[int]:
    """The server and all its processes."""
    found = subprocess.run(["pgrep", "-P", str(postgres)], capture_output=True, text=True, check=False).stdout
    return [postgres, *(int(pid) for pid in found.split())]


@pytest.fixture
def site(server) -> Iterator[int]:
    """The port at which the pages of this server are served, with a warm connection in every thread."""
    port = free_port()
    web = gunicorn(server, port)
    try:
        until_well(port)
        at_once(port, 4)
        yield port
    finally:
        web.kill()
        web.wait()


@contextmanager
def hanging(server) -> Iterator[None]:
    postgres = next(child for child in server.children if child.name == "postgres").process.pid
    pids = stopped(postgres)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def at_once(port: int, count: int, page: str = PAGE) -> list[tuple[bytes, float]]:
    """What so many visitors are told, who come together, and after how many seconds."""

    def visit(_number: int) -> tuple[bytes, float]:
        began = time.monotonic()
        return asked(port, page, 30)[9:12], time.monotonic() - began

    with ThreadPoolExecutor(count) as visitors:
        return list(visitors.map(visit, range(count)))


def until_well(port: int) -> None:
    deadline = time.monotonic() + 60
    while b" 200 " not in _tried(port)[:20]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("page", [PAGE, PAGE.replace("GET /", "GET /readyz"), PAGE.replace("GET /", "GET /apd/")])
def test_who_comes_when_the_database_stops_is_told_within_five_seconds(server, site, page):
    """In the very moment in which it stops, when the last word of it still counts, and later."""
    with hanging(server):
        for _time in range(2):
            answers = at_once(site, 4, page)
            assert {status for status, _seconds in answers} == {b"503"}
            assert max(seconds for _status, seconds in answers) < PATIENCE
    until_well(site)


def test_without_the_watch_a_statement_that_was_sent_waits_on(server):
    """The control: libpq alone waits as long as the connection stands."""
    given = env.db_url_config(server.env()["DATABASE_URL"])
    link = psycopg2.connect(dbname=given["NAME"], user=given["USER"], host=given["HOST"], port=given["PORT"])
    done = threading.Event()

    def ask() -> None:
        link.cursor().execute("SELECT 1")
        done.set()

    with hanging(server):
        threading.Thread(target=ask, daemon=True).start()
        assert not done.wait(6)
    assert done.wait(30)


def _tried(port: int) -> bytes:
    try:
        return asked(port, PAGE, 10)
    except OSError:
        time.sleep(0.2)
        return b""
