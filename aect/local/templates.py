"""A migrated database, kept for the tests: made once for each state of the migrations, and copied by each run.

What a kept folder is called says what it was made from: the migrations, the versions of the libraries (some bring
tables of their own) and the PostgreSQL that wrote it. Anything else there is out of date and removed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from . import places, programs, services
from .processes import Account

KEPT = "template-"
DATABASE = "aect"
"""The database of the copied cluster that holds all tables and no rows."""


def digest() -> str:
    """What the tables follow from, as a short name."""
    root = places.CHECKOUT
    made_by = [
        *root.glob("*/migrations/*.py"),
        *root.glob("aect/*/migrations/*.py"),
        *(root / "aect" / "journal").glob("*.py"),
        root / "requirements.txt",
    ]
    found = hashlib.sha256()
    for path in sorted(made_by):
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def lay(folder: Path, *, home: Path, account: Account | None) -> None:
    """Puts a copy of the migrated cluster into `folder`, from which `services` then starts."""
    major = programs.choose_postgres(programs.postgres_candidates(), written_by=None).major
    kept = home / f"{KEPT}{major}-{digest()}"
    with places.locked(home / "template.lock", wait=True):
        if not kept.exists():
            for old in home.glob(f"{KEPT}*"):
                if old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
            _make(kept, home, account)
    # cp keeps owners and modes, and shares the blocks where the file system can.
    copy = shutil.which("cp") or "/bin/cp"
    subprocess.run([copy, "-a", "--reflink=auto", kept / "postgres", folder / "postgres"], check=True)  # noqa: S603


def _make(kept: Path, home: Path, account: Account | None) -> None:
    new = kept.with_name(f"{kept.name}.new")
    new.mkdir(exist_ok=True)
    new.chmod(0o711)
    with services.services(new, home=home, account=account, durable=False, from_env=False) as running:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=places.CHECKOUT,
            env={**running.env(), "SECRET_KEY": "unused", "HTTPS": "0"},
            check=True,
        )
    new.rename(kept)
