"""`make demo`: the whole application with data of its own, until Ctrl-C."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from . import places, processes
from .places import CHECKOUT
from .processes import Child
from .programs import Missing
from .services import Failed, Services, services

ACCOUNTS = {
    "admin@demo.test": "administration du service",
    "agent.daect@demo.test": "instruction, à la DAECT",
    "agent.larochelle@demo.test": "CA de La Rochelle",
    "agent.bordeaux@demo.test": "Bordeaux Métropole",
    "analyste@demo.test": "lecture et exports",
}
PASSWORD = "demo-aect"  # noqa: S105 - public, and only where AECT_DEMO=1
SAMPLES = (
    ("sample_apd", "--lines", "5000", "--seed", "1"),
    ("sample_knowhow", "--offers", "120", "--needs", "60", "--seed", "1"),
)
STEPS = (
    ("load_reference",),
    ("load_founding",),
    *SAMPLES,
    ("demo_accounts",),
    ("demo_memberships",),
    ("demo_records",),
    ("recompute_apd", "--full"),
)
MAILS = "var/mails"
GRACE = 5  # seconds to end by oneself; a job cut short is taken up again at the next start
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: the end that was asked for."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def demo(*, port: int, reset: bool) -> int:
    """Run until stopped (0), until something of it fails, or not at all because it cannot (1)."""
    for number in HANDLED:
        signal.signal(number, _stop)
    var = CHECKOUT / "var"
    var.mkdir(exist_ok=True)
    try:
        with places.locked(var / "demo.lock"):
            _require_free(port)
            account = places.server_account(CHECKOUT)
            home = places.data_home(CHECKOUT, account)
            if reset:
                _forget(home)
            say("Démarrage de PostgreSQL et de Redis…")
            with services(home, home=home, account=account, durable=True) as running:
                env = _environment(running, port)
                _load(running, home, env)
                _serve(running, port, env)
    except Stopped:
        say("Arrêté. Les données restent : `make demo` les retrouve.")
        return 0
    except places.Busy as busy:
        say(f"Une démonstration tourne déjà dans ce dossier (processus {busy}) : arrêtez-la d'abord.")
    except (Failed, Missing) as error:
        say(f"Erreur : {error}")
    return 1


def _stop(number: int, frame: FrameType | None) -> None:
    """The first Ctrl-C ends everything in order; further ones must not cut that short."""
    for handled in HANDLED:
        signal.signal(handled, signal.SIG_IGN)
    raise Stopped


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Failed(f"le port {port} est déjà pris. Essayez `make demo PORT={port + 1}`.") from error


def _forget(home: Path) -> None:
    """RESET=1: remove the data that we made ourselves, never those of a server named by the environment."""
    if os.environ.get("DATABASE_URL"):
        raise Failed("RESET=1 n'efface que les données de la démonstration, pas celles de DATABASE_URL.")
    pid_file = home / "postgres/data/postmaster.pid"
    processes.wait_until(lambda: not pid_file.exists(), seconds=3)  # a demo just killed may still be closing it
    for name in ("postgres", "redis", "valkey"):
        shutil.rmtree(home / name, ignore_errors=True)


def _environment(running: Services, port: int) -> dict[str, str]:
    return {
        **running.env(),
        "DATABASE_URL": running.application_url or running.database_url,
        "MIGRATION_DATABASE_URL": "",  # only `migrate` is given it
        "AECT_DEMO": "1",
        "DEBUG": "0",
        "HTTPS": "0",  # this and the next said aloud, because a .env of the checkout may say otherwise
        "EMAIL_URL": _mail_url(),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": f"http://localhost:{port},http://127.0.0.1:{port}",
        "SECRET_KEY": _secret_key(CHECKOUT / "var/secret-key"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(CHECKOUT),
    }


def _owner_url(running: Services) -> str:
    """Who owns the tables: of our own server the role that made it, else whom the caller names."""
    return running.database_url if running.application_url else os.environ.get("MIGRATION_DATABASE_URL", "")


def _mail_url() -> str:
    """`EMAIL_URL` of the caller, such as `consolemail://`; else a file a message."""
    return os.environ.get("EMAIL_URL") or f"filemail:///{quote(str(CHECKOUT / MAILS))}"


def _secret_key(path: Path) -> str:
    """Made once, so that sessions outlive a restart."""
    if not path.exists():
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(50))
        new.rename(path)
    return path.read_text()


# Data


def _load(running: Services, home: Path, env: dict[str, str]) -> None:
    """Bring the database up to date: each step once, and the loads again when `fixtures/` changed.

    What was done is noted beside the data after each step, so that a start that was cut short goes on from there.
    """
    own = any(child.name == "postgres" for child in running.children)
    database = "own" if own else hashlib.sha256(running.database_url.encode()).hexdigest()[:12]
    note = home / f"loaded-{database}.json"
    if running.fresh:
        note.unlink(missing_ok=True)
    done: dict[str, str] = json.loads(note.read_text()) if note.exists() else {}
    say("Mise à jour de la base…")
    _manage({**env, "MIGRATION_DATABASE_URL": _owner_url(running)}, "migrate", "--verbosity", "0")
    fixtures = digest(CHECKOUT / "fixtures")
    for step in STEPS:
        version = "once" if step in SAMPLES else fixtures
        if done.get(step[0]) != version:
            say(f"Chargement : {' '.join(step)}…")
            _manage(env, *step)
            note.write_text(json.dumps({**done, step[0]: version}))
            done[step[0]] = version


def digest(folder: Path) -> str:
    """One number for the names and contents of a tree of files."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _manage(env: dict[str, str], *arguments: str) -> None:
    child = _start(arguments[0], [sys.executable, "manage.py", *arguments], env)
    try:
        code = child.process.wait()
    finally:
        child.stop()
    if code:
        raise Failed(f"`manage.py {' '.join(arguments)}` a échoué (code {code}).")


# Programs


def _programs(port: int) -> dict[str, list[str]]:
    here = Path(sys.executable).parent
    celery = [str(here / "celery"), "--quiet", "--app", "aect"]
    web = [str(here / "gunicorn"), "--config", "aect/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    schedule = CHECKOUT / "var/beat-schedule"
    for left in schedule.parent.glob("beat-schedule*"):  # a killed beat may leave it unreadable
        left.unlink()
    return {
        "web": [*web, "--log-level", "warning", "--graceful-timeout", "3"],
        "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(schedule), "--pidfile", ""],
        "reconciler": [sys.executable, "manage.py", "reconcile_jobs", "--every", "10"],
    }


def _start(name: str, command: list[str], env: dict[str, str]) -> Child:
    child = processes.start(name, command, env=env, cwd=CHECKOUT, output=subprocess.PIPE)
    processes.prefix_output(child, say)
    return child


def _serve(running: Services, port: int, env: dict[str, str]) -> None:
    """Start the application's programs and watch over them; ends by an exception only."""
    children: list[Child] = []
    try:
        for name, command in _programs(port).items():
            children.append(_start(name, command, env))
        everyone = [*running.children, *children]
        if not processes.wait_until(lambda: _alive(everyone) and _answers(port), seconds=60):
            raise Failed("l'application ne répond pas sur /healthz après 60 s.")
        say(_welcome(port))
        while _alive(everyone):
            time.sleep(0.3)
    finally:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        for child in children:
            child.stop(patience=max(0.1, deadline - time.monotonic()))


def _alive(children: list[Child]) -> bool:
    for child in children:
        if child.ended:
            raise Failed(f"{child.name} s'est arrêté (code {child.process.returncode}) ; tout est arrêté avec lui.")
    return True


def _answers(port: int) -> bool:
    with (
        suppress(OSError, http.client.HTTPException),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client,
    ):
        client.request("GET", "/healthz")
        return client.getresponse().status == 200
    return False


def _welcome(port: int) -> str:
    width = max(map(len, ACCOUNTS))
    accounts = "\n".join(f"    {email:<{width}}  {role}" for email, role in ACCOUNTS.items())
    return (
        f"\n  AECT est prêt : http://127.0.0.1:{port}/\n\n"
        f"  Messages envoyés : {os.environ.get('EMAIL_URL') or f'un fichier chacun, dans {MAILS}/'}\n\n"
        f"  Comptes de démonstration (mot de passe {PASSWORD}) :\n{accounts}\n\n"
        "  Ctrl-C arrête tout ; les données restent. `make demo RESET=1` repart de zéro.\n"
    )
