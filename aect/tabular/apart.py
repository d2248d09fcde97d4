"""Reads a file that people sent in a process of its own, with limits of memory and time: it may be hostile.

Whatever the file does to that process, there is an answer, and the caller's own memory stays what it was. The rows
come back as lines of JSON. Run as `python -m aect.tabular.apart NAME SHEET LANGUAGE`, with the file as its input.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from shutil import copyfileobj
from typing import IO, Any

from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from aect.tabular.reading import Row, Table, Unreadable, check_kind, read_table

WALL = 6  # how many times its limit of computing time a child may take on a busy machine


def read_apart(file: IO[bytes], name: str, *, sheet: str = "") -> Table:
    """As `reading.read_table`. Raises Unreadable, also for a file whose reading would take too much memory or time."""
    check_kind(file, name)
    command = [sys.executable, "-m", "aect.tabular.apart", name, sheet, get_language() or settings.LANGUAGE_CODE]
    with tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as found:
        copyfileobj(file, copy)
        copy.seek(0)
        try:
            done = subprocess.run(  # noqa: S603  # our own program
                command,
                stdin=copy,
                stdout=found,
                stderr=subprocess.DEVNULL,
                cwd=settings.BASE_DIR,
                timeout=WALL * settings.IMPORT_MAX_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise _too_heavy() from late
        found.seek(0)
        lines = map(json.loads, found)
        told = next(lines, None)
        if done.returncode or told is None:
            raise _too_heavy()
        if "unreadable" in told:
            raise Unreadable(told["unreadable"])
        return Table(told["header"], [Row(*line) for line in lines], told["notes"])


def _too_heavy() -> Unreadable:
    return Unreadable(
        _("Lire ce fichier demande trop de mémoire ou de temps : partagez-le en plusieurs, ou envoyez-le en CSV.")
    )


def told(file: IO[bytes], name: str, sheet: str) -> Iterator[Any]:
    """What the child answers: the header and the notes, then the rows; or why the file is refused."""
    try:
        table = read_table(file, name, sheet=sheet)
    except Unreadable as error:
        yield {"unreadable": str(error)}
        return
    except MemoryError:
        yield {"unreadable": str(_too_heavy())}
        return
    yield {"header": table.header, "notes": table.notes}
    yield from table.rows


def limit() -> None:
    """Sets what this process may use, for good; a file of its own may hold what the workbook does, unpacked."""
    seconds, memory = settings.IMPORT_MAX_SECONDS, settings.IMPORT_MAX_MEMORY
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * settings.IMPORT_MAX_UNPACKED,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(name: str, sheet: str, language: str) -> None:
    from django.apps import apps  # noqa: PLC0415

    apps.populate(())  # translations ask for it; the applications themselves are not needed here
    limit()
    with override(language):
        for line in told(sys.stdin.buffer, name, sheet):
            sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
