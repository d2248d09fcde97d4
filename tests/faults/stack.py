"""The whole service as docker-compose.yml runs it, with servers of its own; what ends is started again, as there."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import requests
from redis import Redis

from aect.accounts.demo import PASSWORD
from aect.local import places, processes, templates
from aect.local.places import CHECKOUT
from aect.local.processes import Account, Child
from aect.local.services import Services, services
from tests.children import free_port

HERE = Path(sys.executable).parent
CELERY = [str(HERE / "celery"), "--app", "aect"]
DATA = (
    ("load_reference",),
    ("load_founding",),
    ("sample_apd", "--lines", "2000", "--seed", "1"),
    ("demo_accounts",),
    ("demo_memberships",),
    ("demo_records",),
    ("recompute_apd", "--full"),
)
ROOM = 16 * 1024 * 1024  # bytes of the disk for uploads


class Stack:
    """Its programs by name. `tend` starts again what has ended: call it while waiting, in the main thread."""

    def __init__(self, running: Services, folder: Path, account: Account | None) -> None:
        self.port = free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        self.folder, self.account, self.owner_url = folder, account, running.database_url
        self.redis = Redis.from_url(running.redis_url)
        self.media, self.mails, self.disk = folder / "media", folder / "mails", Disk(folder / "media")
        self.env = self.environment(running)
        self.programs = {child.name: child for child in running.children}

    def environment(self, running: Services) -> dict[str, str]:
        """As in docker-compose.yml, but for plain HTTP, known passwords and people who never tire."""
        return {
            **{name: value for name, value in running.env().items() if name != "TEST_DATABASE_TEMPLATE"},
            "DATABASE_URL": running.application_url,
            "AECT_DEMO": "1",
            "HTTPS": "0",
            "EMAIL_URL": f"filemail:///{self.mails}",
            "MEDIA_ROOT": str(self.media),
            "TMPDIR": str(self.folder / "tmp"),
            "STATEMENT_TIMEOUT_MS": "10000",
            **dict.fromkeys(("MAILS_PER_PERSON", "MAILS_PER_RECIPIENT", "ATTACHMENT_MAX_COUNT"), "1000000"),
        }

    def manage(self, *arguments: str, **more: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        env = {**self.env, "STATEMENT_TIMEOUT_MS": "0", **more}
        subprocess.run(command, env=env, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)

    def load(self) -> None:
        for name in ("mails", "tmp"):
            (self.folder / name).mkdir()
        self.manage("migrate", "--verbosity", "0", MIGRATION_DATABASE_URL=self.owner_url)
        for step in DATA:
            self.manage(*step)

    def start(self) -> None:
        web = [str(HERE / "gunicorn"), "--config", "aect/gunicorn.py", "--bind", f"127.0.0.1:{self.port}"]
        beat = ["beat", "--loglevel", "INFO", "--schedule", str(self.folder / "tmp/beat-schedule"), "--pidfile", ""]
        commands = {
            "web": web,
            "worker": [*CELERY, "worker", "--loglevel", "INFO"],
            "beat": [*CELERY, *beat],
            "reconciler": [sys.executable, "manage.py", "reconcile_jobs", "--every", "10"],
        }
        for name, command in commands.items():
            self.programs[name] = self.launched(name, command)

    def launched(self, name: str, command: Any) -> Child:
        is_server = name in {"postgres", "redis"}
        with (self.folder / f"{name}.log").open("ab") as log:
            return processes.start(
                name,
                command,
                account=self.account if is_server else None,
                env=None if is_server else {**self.env, **({} if name == "web" else {"STATEMENT_TIMEOUT_MS": "0"})},
                cwd=Path("/") if is_server else CHECKOUT,
                output=log,
                stop_signal=self.programs[name].stop_signal if is_server else signal.SIGTERM,
            )

    def tend(self) -> None:
        """Starts again what has ended, as `restart: unless-stopped` does."""
        for name, child in self.programs.items():
            if child.ended:
                child.process = self.launched(name, child.process.args).process

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it holds before so many seconds are over; the programs are tended meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tend()
            if holds():
                return True
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        for name, child in self.programs.items():
            if name not in {"postgres", "redis"}:
                with suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()

    # What strikes it

    def pid(self, name: str) -> int:
        return self.programs[name].process.pid

    def children(self, name: str) -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(self.pid(name))], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def kill(self, *pids: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, with_signal)

    def hang(self, name: str, seconds: float) -> None:
        """Stops a program and all its processes, and lets them go on after so long."""
        pids = [self.pid(name), *self.children(name)]
        self.kill(*pids, with_signal=signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            self.kill(*pids, with_signal=signal.SIGCONT)

    def empty_redis(self) -> None:
        """Removes what Redis wrote down, so that it starts with nothing."""
        for left in self.folder.glob("*/appendonlydir"):
            shutil.rmtree(left)

    # What is seen of it

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.site}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asked of the database itself, as the owner of the tables."""
        url = self.owner_url.removeprefix("postgres://")
        user, _at, place = url.partition("@/")
        folder, _slash, name = requests.utils.unquote(place).rpartition("/")
        link = psycopg2.connect(host=folder, user=user, dbname=name, connect_timeout=5)
        try:
            with link, link.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()

    def number(self, statement: str, *values: Any) -> Any:
        """The one value that is found; None while the database does not answer."""
        try:
            return self.sql(statement, *values)[0][0]
        except psycopg2.Error:
            return None


class Disk:
    """A small disk of its own where we may mount one; else the web may write no more into any file."""

    def __init__(self, place: Path) -> None:
        self.place, self.ballast = place, place / "ballast"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(place)]
        self.is_own = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fill(self, web: list[int]) -> None:
        if self.is_own:
            with suppress(OSError), self.ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        self.bound(web, 0)

    def free(self, web: list[int]) -> None:
        self.ballast.unlink(missing_ok=True)
        self.bound(web, resource.RLIM_INFINITY)

    def bound(self, web: list[int], most: int) -> None:
        for pid in () if self.is_own else web:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def close(self) -> None:
        if self.is_own:
            subprocess.run(["umount", "--lazy", str(self.place)], check=False)


class Person(requests.Session):
    """Somebody who signed in by the page, as one of the demonstration's accounts."""

    def __init__(self, site: str, email: str) -> None:
        super().__init__()
        self.site = site
        self.visit("/connexion/")
        answer = self.send_form("/connexion/", {"username": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text

    def visit(self, path: str) -> requests.Response:
        return self.get(f"{self.site}{path}", timeout=(5, 40))

    def send_form(self, path: str, data: dict[str, Any], **more: Any) -> requests.Response:
        headers = {"X-CSRFToken": self.cookies["csrftoken"]}
        return self.post(f"{self.site}{path}", data, headers=headers, timeout=(5, 40), allow_redirects=False, **more)


@contextmanager
def whole_stack() -> Iterator[Stack]:
    account = places.server_account(CHECKOUT)
    home = places.data_home(CHECKOUT, account)
    folder = Path(tempfile.mkdtemp(prefix="drill-", dir=home))
    folder.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        templates.lay(folder, home=home, account=account)
        # Durable: what is committed must outlive a server that is killed.
        running = stack.enter_context(services(folder, home=home, account=account, durable=True, from_env=False))
        found = Stack(running, folder, account)
        stack.callback(found.disk.close)
        stack.callback(found.stop)
        found.load()
        found.start()
        assert found.wait(found.is_ready, 60)
        yield found
