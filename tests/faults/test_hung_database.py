"""A PostgreSQL that is stopped, not closed: connections stand, and nothing answers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from django.conf import settings

from aect.local import places, templates
from aect.local.services import services
from tests.test_serving import asked

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


def test_a_hung_database_is_a_503_within_five_seconds_and_then_all_is_well(server):
    postgres = next(child for child in server.children if child.name == "postgres").process.pid
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web = gunicorn(server, port)
    try:
        deadline = time.monotonic() + 60
        while b" 200 " not in _tried(port)[:20]:
            assert time.monotonic() < deadline
        for pid in stopped(postgres):
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(2.1)  # the last answer still counts for so long
            began = time.monotonic()
            for _visit in range(3):
                assert b" 503 " in asked(port, PAGE)[:20]
            assert time.monotonic() - began < 5 * 3
        finally:
            for pid in stopped(postgres):
                os.kill(pid, signal.SIGCONT)
        while b" 200 " not in _tried(port)[:20]:
            assert time.monotonic() < deadline + 60
    finally:
        web.kill()
        web.wait()


def _tried(port: int) -> bytes:
    try:
        return asked(port, PAGE, 10)
    except OSError:
        time.sleep(0.2)
        return b""
