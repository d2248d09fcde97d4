"""PostgreSQL and Redis/Valkey on unix sockets, for as long as a `with` block lasts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from . import places, processes, programs
from .processes import Account, Child
from .programs import Postgres

PATIENCE = 20  # seconds for a server to come up; after a kill -9 the first tries fail for 1 to 3 s
OWNER, APPLICATION = "aect", "aect_app"  # who migrates, and who serves
THROW_AWAY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class Failed(Exception):
    """A server did not come up; the message holds the end of its log."""


@dataclass
class Services:
    database_url: str
    redis_url: str
    children: list[Child] = field(default_factory=list)
    fresh: bool = False
    """Whether the database was made just now, and is empty."""
    application_url: str = ""
    """The same database for the application's own role, where the server is ours."""

    def env(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def services(
    folder: Path, *, home: Path, account: Account | None, durable: bool, from_env: bool = True
) -> Iterator[Services]:
    """Both services: those that the environment names as they are, the others started with their data in `folder`."""
    found = Services(
        os.environ.get("DATABASE_URL", "") if from_env else "",
        os.environ.get("REDIS_URL", "") if from_env else "",
    )
    with ExitStack() as stack:
        if not found.database_url:
            stack.enter_context(_postgres(found, folder, home, account, durable))
        if not found.redis_url:
            stack.enter_context(_redis(found, folder, home, account, durable))
        yield found


@contextmanager
def _postgres(found: Services, folder: Path, home: Path, account: Account | None, durable: bool) -> Iterator[None]:
    own = places.private_folder(folder / "postgres", account)
    data = own / "data"
    written_by = int((data / "PG_VERSION").read_text()) if data.exists() else None
    chosen = programs.choose_postgres(programs.postgres_candidates(), written_by=written_by)
    server = places.runnable_postgres(chosen, home, account)
    if written_by is None:
        found.fresh = True
        _create_cluster(server, data, account)
    elif not _two_roles(data).exists():
        _let_owner_make_roles(server, data, account)
    with places.socket_folder(own, account) as sockets:
        child = _start_postgres(server, data, sockets, account, durable)
        found.children.append(child)
        # django-environ leaves a host's %2F as it is; it does take a socket's folder as the front of the path.
        found.database_url = f"postgres://{OWNER}@/{quote(str(sockets))}/aect"
        found.application_url = f"postgres://{APPLICATION}@/{quote(str(sockets))}/aect"
        try:
            yield
        finally:
            child.stop(patience=10)


def _create_cluster(server: Postgres, data: Path, account: Account | None) -> None:
    """initdb, the owner's role and its database, under another name until all is there.

    It is no superuser, as it should be none in production; `migrate` makes the application's. C.UTF-8 makes
    lower('É') work without ICU, which the wheel's PostgreSQL does not have.
    """
    new = data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    _must_run(
        [
            *(server.tool("initdb"), "-D", str(new), "-U", "postgres", "-A", "trust"),
            *("--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        account,
    )
    _must_run(
        [server.tool("postgres"), "--single", "-D", str(new), *_memory(account), "postgres"],
        account,
        f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE;\nCREATE DATABASE aect OWNER {OWNER};\n",
    )
    new.rename(data)
    _two_roles(data).touch()


def _two_roles(data: Path) -> Path:
    """Says that the owner of this cluster may make the application's role: not so before there were two."""
    return data.with_name("two-roles")


def _let_owner_make_roles(server: Postgres, data: Path, account: Account | None) -> None:
    single = [server.tool("postgres"), "--single", "-D", str(data), *_memory(account), "postgres"]
    _must_run(single, account, f"ALTER ROLE {OWNER} CREATEROLE;\n")
    _two_roles(data).touch()


def _memory(account: Account | None) -> list[str]:
    """Shared memory between parallel workers: a chroot or container may have no /dev/shm, whatever initdb found."""
    usable = places.may(account, Path("/dev/shm"), os.W_OK | os.X_OK)  # noqa: S108
    return ["-c", f"dynamic_shared_memory_type={'posix' if usable else 'mmap'}"]


def _must_run(command: list[str], account: Account | None, text: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - the commands are ours
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise Failed(f"{command[0]} a échoué :\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def _start_postgres(server: Postgres, data: Path, sockets: Path, account: Account | None, durable: bool) -> Child:
    command = [
        *(server.tool("postgres"), "-D", str(data), "-k", str(sockets), "-c", "listen_addresses="),
        *("-c", "unix_socket_permissions=0700", *_memory(account), *(() if durable else THROW_AWAY)),
    ]
    return _start_server("postgres", command, account, data.with_name("log"), signal.SIGINT, _PostgresReady(data))


@dataclass
class _PostgresReady:
    """Ready as pg_ctl sees it: postmaster.pid names this very process and says so on its eighth line."""

    data: Path

    def before(self) -> None:
        """Forget a dead server whose process id another program bears by now (ids are few in a container)."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        cmdline = Path(f"/proc/{pid}/cmdline")
        if cmdline.exists() and b"postgres" not in cmdline.read_bytes():
            pid_file.unlink()

    def __call__(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return lines[0] == str(pid) and len(lines) > 7 and lines[7].strip() == "ready"


@contextmanager
def _redis(found: Services, folder: Path, home: Path, account: Account | None, durable: bool) -> Iterator[None]:
    chosen = places.runnable_redis(programs.choose_redis(), home, account)
    # Redis and Valkey do not read each other's files; what is in there is a doorbell and a cache, the truth is SQL.
    own = places.private_folder(folder / chosen.name.removesuffix("-server"), account)
    with places.socket_folder(own, account) as sockets:
        path = sockets / "redis.sock"
        command = [
            *(str(chosen.program), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
            *(
                "--dir",
                str(own),
                "--save",
                "",
                "--appendonly",
                "yes" if durable else "no",
                "--daemonize",
                "no",
            ),
        ]
        child = _start_server("redis", command, account, own / "log", signal.SIGTERM, _RedisReady(path))
        found.children.append(child)
        found.redis_url = f"unix://{quote(str(path))}"
        try:
            yield
        finally:
            child.stop()


@dataclass
class _RedisReady:
    path: Path

    def before(self) -> None:
        """Nothing to clear: Redis replaces a stale socket itself."""

    def __call__(self, pid: int) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.path))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _start_server(
    name: str,
    command: list[str],
    account: Account | None,
    log: Path,
    stop_signal: signal.Signals,
    ready: _PostgresReady | _RedisReady,
) -> Child:
    """Start a server and wait until it answers; one that gives up at once is tried again while patience lasts."""
    deadline = time.monotonic() + PATIENCE
    while True:
        ready.before()
        with log.open("wb") as output:
            child = processes.start(name, command, account=account, output=output, stop_signal=stop_signal)
        try:
            processes.wait_until(
                lambda: child.ended or ready(child.process.pid),  # noqa: B023 - called at once
                seconds=max(1, deadline - time.monotonic()),
            )
        except BaseException:
            child.stop()
            raise
        if not child.ended and ready(child.process.pid):
            return child
        child.stop()
        if time.monotonic() > deadline:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise Failed(f"{name} ne démarre pas ; la fin de son journal ({log}) :\n{end}")
        time.sleep(0.3)
