"""Real connections and processes: nothing here runs in a transaction that is rolled back."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection


@pytest.fixture(autouse=True)
def real_database(transactional_db):
    """Each test commits; its tables are emptied after it."""


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls at once, each with a connection of its own; returns their results in order."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            results[place] = call()
        except BaseException as error:  # the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


@contextmanager
def worker(**environment: str) -> Iterator[subprocess.Popen]:
    """A real Celery worker on the test's database, in a process of its own, killed at the end."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "aect", "worker", "-P", "solo", "--loglevel", "ERROR"]
    command += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    process = subprocess.Popen(command, env=child_environment(**environment), cwd=settings.BASE_DIR)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def child_environment(**more: str) -> dict[str, str]:
    """The environment of a process that works on the test's own database and Redis."""
    database = connection.settings_dict
    user = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
    host, port = database["HOST"], database["PORT"]
    if host.startswith("/"):
        address = f"postgres://{user}@{host.replace('/', '%2f')}:{port}/{database['NAME']}"
    else:
        address = f"postgres://{user}@{host}:{port}/{database['NAME']}"
    return {**os.environ, "DATABASE_URL": address, **more}
