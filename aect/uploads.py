"""Files that people send to be kept: which kinds are taken, and under which name they are given back.

The extension and the file's own first bytes must agree; what a browser would run (HTML, SVG) is taken under no name.
Nothing is unpacked: of an archive, the directory is read. No virus is looked for.
"""

import hashlib
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, NamedTuple

from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 120  # characters, before the extension
LOOKED_AT = 4096  # bytes of a text
MOST_MEMBERS = 5_000  # of an archive
MEMBER = b"PK\x01\x02"  # what each of them begins with in an archive's directory
CHUNK = 64 * 1024


class Accepted(NamedTuple):
    """A file that may be kept."""

    name: str
    size: int
    sha256: str


def check(file: IO[bytes], name: str, *, most_bytes: int) -> Accepted:
    """What is kept of a file when its size, name and content will do. Raises ValidationError, which says what will."""
    name = neutral(name)
    extension = PurePath(name).suffix.lower()
    if extension not in KINDS:
        raise ValidationError(
            _("Un fichier %(known)s est attendu, pas « %(extension)s »."),
            code="extension",
            params={"known": ", ".join(KINDS), "extension": extension or name[:40]},
        )
    size = file.seek(0, 2)
    if not size:
        raise ValidationError(_("Le fichier est vide."), code="empty")
    if size > most_bytes:
        sizes = {"size": filesizeformat(size), "most": filesizeformat(most_bytes)}
        raise ValidationError(_("Le fichier fait %(size)s ; %(most)s au plus sont acceptés."), "size", sizes)
    file.seek(0)
    if not KINDS[extension](file):
        raise ValidationError(
            _("Le contenu de ce fichier n’est pas celui d’un fichier %(extension)s."),
            code="content",
            params={"extension": extension},
        )
    return Accepted(name, size, digest(file))


def neutral(name: str) -> str:
    """The last part of a path, without what hides or turns round its letters, and not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in last)
    path = PurePath(" ".join(shown.split()).strip(". ") or "fichier")
    return path.stem[:LONGEST_NAME].strip(". ") + path.suffix[:10]


def digest(file: IO[bytes]) -> str:
    file.seek(0)
    found = hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def begins(*starts: bytes) -> Callable[[IO[bytes]], bool]:
    def looks(file: IO[bytes]) -> bool:
        return file.read(16).startswith(starts)

    return looks


def office(folder: str) -> Callable[[IO[bytes]], bool]:
    """An Office Open XML file with this folder, and without macros."""

    def looks(file: IO[bytes]) -> bool:
        names = members(file)
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        return "[Content_Types].xml" in names and any(n.startswith(folder) for n in names) and not has_macros

    return looks


def open_document(kind: str) -> Callable[[IO[bytes]], bool]:
    """An OpenDocument file: its first member, stored as it is, says what it is."""
    mark = f"mimetypeapplication/vnd.oasis.opendocument.{kind}".encode()

    def looks(file: IO[bytes]) -> bool:
        start = file.read(30 + len(mark) + 64)
        return start.startswith(b"PK\x03\x04") and start[30:].startswith(mark)

    return looks


def members(file: IO[bytes]) -> list[str]:
    """The names in an archive's directory; none where there are too many, which are then not read."""
    if file.read().count(MEMBER) > MOST_MEMBERS:
        return []
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def plain_text(file: IO[bytes]) -> bool:
    """Text without a NUL that is no markup; its encoding is the reader's concern."""
    start = file.read(LOOKED_AT).removeprefix(b"\xef\xbb\xbf")
    return b"\0" not in start and not start.lstrip().startswith(b"<") and not start.startswith((b"PK\x03\x04", b"%PDF"))


KINDS: dict[str, Callable[[IO[bytes]], bool]] = {
    ".pdf": begins(b"%PDF-"),
    ".docx": office("word/"),
    ".xlsx": office("xl/"),
    ".odt": open_document("text"),
    ".ods": open_document("spreadsheet"),
    ".png": begins(b"\x89PNG\r\n\x1a\n"),
    ".jpg": begins(b"\xff\xd8\xff"),
    ".jpeg": begins(b"\xff\xd8\xff"),
    ".csv": plain_text,
}
