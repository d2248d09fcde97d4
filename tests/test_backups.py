"""Fill, back up, wipe, restore: every table, file, trigger and right is as it was."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from environ import Env

from bench.scratch import _execute
from tests.children import child_environment

FILL = """
import django; django.setup()
from django.core.files.base import ContentFile
from aect.accounts.models import Role
from funding import filing
from tests import factories
from tests.world import made_world
world = made_world()
factories.UserFactory(role=Role.OFFICER)
"""
WRITE = """
import django; django.setup()
from funding.models import ApdLine, StaleTotal
from tests import factories
before = StaleTotal.objects.count()
factories.ApdLineFactory()
print(StaleTotal.objects.count() - before)
"""


ROWS = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '')), count(*) FROM \"{}\" AS t"
CATALOGUE = {
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, obj_description(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    # PostgreSQL writes the casts of one and the same condition in two ways.
    "constraints": """
        SELECT conrelid::regclass::text, conname,
               regexp_replace(pg_get_constraintdef(oid), '::(character varying|text)(\\[\\])?|[()]', '', 'g')
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "rights": """
        SELECT relname, array_agg(acl::text ORDER BY acl::text) FROM pg_class, unnest(relacl) AS acl
        WHERE relnamespace = 'public'::regnamespace AND acl::text NOT LIKE 'aect=%' GROUP BY relname ORDER BY 1
    """,
    "functions": """
        SELECT proname, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "sequences": "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
}


class Place:
    """A database and a folder of their own, and the application's commands upon them."""

    def __init__(self, name: str, media: Path) -> None:
        self.name, self.url = name, os.environ["DATABASE_URL"]
        self.environment = child_environment(
            DATABASE_URL=f"{self.url.rpartition('/')[0]}/{name}",
            MEDIA_ROOT=str(media),
            DJANGO_SETTINGS_MODULE="aect.settings",
        )

    def run(self, *arguments: str, code: int = 0, **options: Any) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def wipe(self) -> None:
        _execute(self.url, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        _execute(self.url, f"CREATE DATABASE {self.name}")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        given = Env.db_url_config(self.url)
        where = {"host": given["HOST"], "port": given["PORT"] or None, "password": given["PASSWORD"] or None}
        with (
            closing(psycopg2.connect(dbname=self.name, user=given["USER"], **where)) as link,
            link.cursor() as cursor,
        ):
            cursor.execute(statement)
            return cursor.fetchall()

    def seen(self) -> dict[str, Any]:
        """Digests of every table's rows, and what the catalogue says."""
        tables = self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        rows = {name: self.ask(ROWS.format(name)) for (name,) in tables}
        return {"rows": rows, **{name: self.ask(statement) for name, statement in CATALOGUE.items()}}


@pytest.fixture(scope="module")
def place(django_db_setup, tmp_path_factory) -> Iterator[Place]:
    found = Place(f"aect_backup_{os.getpid()}", tmp_path_factory.mktemp("media"))
    template = os.environ.get("TEST_DATABASE_TEMPLATE")
    _execute(found.url, f"CREATE DATABASE {found.name}" + (f" TEMPLATE {template}" if template else ""))
    try:
        if not template:
            found.run("manage.py", "migrate", "--verbosity", "0")
        found.run("-c", FILL)
        yield found
    finally:
        _execute(found.url, f"DROP DATABASE IF EXISTS {found.name} WITH (FORCE)")


def files(place: Place) -> dict[str, bytes]:
    media = Path(place.environment["MEDIA_ROOT"])
    return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}


def test_what_was_backed_up_comes_back_whole(place, tmp_path):
    backup, before, kept = tmp_path / "aect.backup", place.seen(), files(place)
    assert kept
    assert "file(s)" in place.run("manage.py", "backup", str(backup))
    assert backup.stat().st_mode & 0o077 == 0
    assert "holds tables already" in place.run("manage.py", "restore", str(backup), code=1)
    place.wipe()
    for name in kept:
        Path(place.environment["MEDIA_ROOT"], name).unlink()
    place.run("manage.py", "restore", str(backup))
    assert files(place) == kept
    after = place.seen()
    for name, value in before.items():
        assert [pair for pair in zip(after[name], value, strict=True) if pair[0] != pair[1]] == [], name
    assert place.run("-c", WRITE).strip() == "1"  # the triggers live, and the sequences go on
    place.run("manage.py", "restore", str(backup), "--over")
    assert place.seen() == after
    assert place.run("manage.py", "migrate", "--check") == ""


def test_a_damaged_backup_is_refused_and_nothing_changes(place, tmp_path):
    backup = tmp_path / "aect.backup"
    place.run("manage.py", "backup", str(backup))
    whole, before = backup.read_bytes(), place.seen()
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], b"rubbish"):
        backup.write_bytes(damaged)
        assert "damaged" in place.run("manage.py", "restore", str(backup), "--over", code=1)
    assert place.seen() == before


def test_a_backup_that_finds_no_room_leaves_nothing(place, tmp_path):
    """No file of its may grow beyond 300 kB: as with a full disk, a write fails in the middle."""
    bounded = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))}
    assert "CommandError" in place.run("manage.py", "backup", str(tmp_path / "aect.backup"), code=1, **bounded)
    assert list(tmp_path.iterdir()) == []
