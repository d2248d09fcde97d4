"""Processes of their own that work on the test's database and Redis."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def worker(pool: str = "solo", **environment: str) -> Iterator[subprocess.Popen]:
    """A real Celery worker on the test's database, in a process of its own, killed at the end.

    With `pool="prefork"` that process is the parent of one child, which does the work.
    """
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "aect", "worker", "-P", pool, "--loglevel", "ERROR"]
    command += ["--concurrency", "1"]
    command += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    process = subprocess.Popen(command, env=child_environment(**environment), cwd=settings.BASE_DIR)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def child_environment(**more: str) -> dict[str, str]:
    """The environment of such a process: the address the tests were given, with their own database's name."""
    address = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return {**os.environ, "DATABASE_URL": address, **more}
