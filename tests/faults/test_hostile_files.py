"""Files made to exhaust whoever reads them: one attempt, and a verdict within bounds of memory and computing."""

import io
import json
import subprocess
import sys
import tempfile
import zipfile

import pytest
from django.conf import settings

from aect.tabular.apart import read_apart
from aect.tabular.reading import Unreadable
from tests.children import child_environment
from tests.tabular.files import in_sheet, tampered, workbook

MEMORY = 200 * 1024  # kB
SMALL = workbook(["nom", "part"], ["a", 1])


def strings(content: bytes):
    return lambda name, old: content if name.endswith("sharedStrings.xml") else old


def part(name: str, content: bytes):
    return lambda found, old: content if found.endswith(name) else old


def with_member(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO(tampered(SMALL, lambda name, old: old))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def cells_of(count: int) -> bytes:
    return tampered(SMALL, in_sheet(b"</row>", b"</row>" + b'<row r="2"><c r="A2"/></row>' * count))


SST = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
HOSTILE = {
    "a cell far away": lambda: tampered(SMALL, in_sheet(b'r="B2"', b'r="ZZZZ99999999"')),
    "a row far away": lambda: tampered(SMALL, in_sheet(b'<row r="2"', b'<row r="99999999999999999999"')),
    "a cell address that is none": lambda: tampered(SMALL, in_sheet(b'r="B2"', b'r="-1"')),
    "a count that lies": lambda: tampered(
        SMALL, strings(SST + b'count="9" uniqueCount="4294967295"><si><t>a</t></si></sst>')
    ),
    "a count beyond memory": lambda: tampered(SMALL, strings(SST + b'uniqueCount="999999999999999"></sst>')),
    "a dimension that lies": lambda: tampered(SMALL, in_sheet(b'ref="A1:B2"', b'ref="A1:XFD1048576"')),
    "texts without end": lambda: tampered(SMALL, strings(SST + b">" + b"<si/>" * 19_000_000 + b"</sst>")),
    "cells without end": lambda: cells_of(3_000_000),
    "cells of every place": lambda: workbook(["a"], *[["b"] * 15] * 90_000),
    "styles without end": lambda: tampered(SMALL, part("styles.xml", b"<styleSheet>" + b"<xf/>" * 18_000_000)),
    "a name without end": lambda: tampered(SMALL, part("styles.xml", b"<" + b"a" * 90_000_000)),
    "nested without end": lambda: tampered(SMALL, in_sheet(b"</row>", b"<a>" * 3_000_000)),
    "a bomb": lambda: with_member("xl/bomb.xml", b"<a>" + b" " * 200_000_000),
    "parts without end": lambda: (
        tampered(SMALL, lambda name, old: old)
        and with_member("x.xml", b"<a/>")[:-22] + b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0\0\0"
    ),
    "an entity": lambda: tampered(SMALL, strings(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')),
    "a CSV of one line": lambda: (b"nom;" * 5_000_000)[: 20 << 20],
    "a CSV of one cell": lambda: b"nom\n" + b"a" * (19 << 20),
    "a CSV of an open quote": lambda: b'nom\n"' + b"a;\n" * 6_000_000,
}


#: What is read all the same.
READ = {"a dimension that lies", "cells of every place"}
#: A small process between this one, whose memory the child would be said to have had, and the child.
MEASURED = """
import json, resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "aect.tabular.apart", sys.argv[1], "", "fr"]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
json.dump([code, used.ru_utime + used.ru_stime, used.ru_maxrss], sys.stderr)
"""


def verdict(name: str, data: bytes) -> tuple[dict, float, int]:
    """What the child says first, its seconds of computing and the kilobytes that it held at most."""
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as said:
        file.write(data)
        file.seek(0)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, name],
            stdin=file,
            stdout=said,
            stderr=subprocess.PIPE,
            env=child_environment(DJANGO_SETTINGS_MODULE="aect.settings"),
            cwd=settings.BASE_DIR,
            check=True,
        )
        code, seconds, kilobytes = json.loads(done.stderr.splitlines()[-1])
        said.seek(0)
        line = said.readline()
    return json.loads(line) if line else {"killed": code}, seconds, kilobytes


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_meets_a_verdict_within_bounds(kind):
    told, seconds, kilobytes = verdict("a.csv" if "CSV" in kind else "a.xlsx", HOSTILE[kind]())
    assert "unreadable" in told or "killed" in told or kind in READ
    assert kilobytes < MEMORY, (told, seconds)
    assert seconds < (5 if kind not in READ else 20), told


def test_what_a_child_did_not_survive_is_said_in_words():
    with pytest.raises(Unreadable, match="trop de mémoire ou de temps"):
        read_apart(io.BytesIO(HOSTILE["a count beyond memory"]()), "a.xlsx")


def test_control_without_the_limits_memory_is_taken(monkeypatch):
    """The same file with the guards out takes more than the bound: they are what keeps it."""
    monkeypatch.setenv("IMPORT_MAX_MEMORY", str(8 << 30))
    monkeypatch.setenv("IMPORT_MAX_CELLS", str(1 << 40))
    _told, _seconds, kilobytes = verdict("a.xlsx", HOSTILE["texts without end"]())
    assert kilobytes > MEMORY
