"""Opens a workbook (.xlsx) that may be hostile, without giving more memory than the settings allow.

The reader behind (calamine) believes the archive: it unpacks whatever it holds, and lays a sheet out as a full
rectangle, so that two cells far apart cost gigabytes and end the process. Here each part is therefore unpacked
under a limit, walked through once for its size, its errors and its entities, and only what was walked through is
handed over.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import python_calamine
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
PIECE = 1 << 20


class BadWorkbook(Exception):
    """Why the workbook is refused, for the person who sent it."""


@dataclass
class Book:
    """One sheet: rows of Python values, and the cells whose formula gave an error as (line, column from 0, code)."""

    rows: list[list[Any]]
    errors: list[tuple[int, int, str]]
    notes: list[str]


@dataclass
class Part:
    """What one pass over an XML part finds."""

    height: int = 0
    width: int = 0
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)  # relation id → target, sheet name → relation id


def open_workbook(data: bytes, sheet: str = "") -> Book:
    """The sheet of this name, whatever its case, else the first one. Raises BadWorkbook."""
    members = _unpacked(data)
    parts = {name: _walked(name, content) for name, content in members.items()}
    try:
        book = python_calamine.load_workbook(io.BytesIO(_packed(members)))
        name = next((name for name in book.sheet_names if name.casefold() == sheet.casefold()), book.sheet_names[0])
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError, OSError, ValueError) as error:
        raise _not_a_workbook() from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the Rust side gave up; it is no Exception
            raise _not_a_workbook() from error
        raise
    others = [other for other in book.sheet_names if other != name]
    notes = [_("Feuille lue : « %(sheet)s ».") % {"sheet": name}] if others else []
    return Book(rows, _errors_of(name, parts), notes)


def _not_a_workbook() -> BadWorkbook:
    return BadWorkbook(_("Ce classeur est abîmé ou n’en est pas un : enregistrez-le de nouveau en .xlsx."))


def _unpacked(data: bytes) -> dict[str, bytes]:
    """The XML parts. Their declared sizes are added up first, then no part may hold more than it declared."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wanted = [info for info in archive.infolist() if info.filename.endswith((".xml", ".rels"))]
            if sum(info.file_size for info in wanted) > settings.IMPORT_MAX_UNPACKED:
                most = filesizeformat(settings.IMPORT_MAX_UNPACKED)
                raise BadWorkbook(
                    _("Décompressé, ce classeur dépasse %(most)s : partagez-le, ou envoyez-le en CSV.") % {"most": most}
                )
            return {info.filename: archive.read(info) for info in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise _not_a_workbook() from error


def _packed(members: dict[str, bytes]) -> bytes:
    """An archive of exactly these parts, so that the reader sees no other than those that were looked at."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _walked(name: str, content: bytes) -> Part:
    """Reads a part once, event by event. Raises BadWorkbook for one that is too big, or brings entities."""
    walk = _Walk()
    try:
        for start in range(0, len(content), PIECE):
            walk.parser.Parse(content[start : start + PIECE], False)
        walk.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _not_a_workbook() from error
    return walk.part


class _Walk:
    """Counts rows and cells by their own address, or by their turn when they have none."""

    def __init__(self) -> None:
        self.part = Part()
        self.row = self.column = 0
        self.error: list[str] | None = None
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype

    def doctype(self, *declared: Any) -> None:
        raise BadWorkbook(_("Ce classeur déclare des entités XML, ce qu’aucun tableur n’écrit : il est refusé."))

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "row":
            given = attributes.get("r", "")
            self.row = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else self.row + 1
            self.column = 0
        elif name == "c":
            place = PLACE.fullmatch(attributes.get("r", ""))
            self.column = _number(place[1]) if place else self.column + 1
            self.row = int(place[2]) if place else max(self.row, 1)
            self.measure()
            self.error = [] if attributes.get("t") == "e" else None
        elif name == "Relationship":
            self.part.links[attributes.get("Id", "")] = attributes.get("Target", "")
        elif name == "sheet":
            self.part.links[attributes.get("name", "")] = next(
                (value for key, value in attributes.items() if key.endswith("}id")), ""
            )

    def measure(self) -> None:
        part = self.part
        part.height, part.width = max(part.height, self.row), max(part.width, self.column)
        if part.height > settings.IMPORT_MAX_ROWS + 1:
            raise BadWorkbook(
                _(
                    "Le classeur a une ligne %(found)s ; %(most)s lignes au plus sont acceptées. "
                    "Supprimez les lignes vides qui suivent vos données : elles ont une mise en forme."
                )
                % {"found": part.height, "most": settings.IMPORT_MAX_ROWS}
            )
        if part.width > settings.IMPORT_MAX_COLUMNS:
            raise BadWorkbook(
                _("Le classeur a une colonne n° %(found)s ; %(most)s colonnes au plus sont acceptées.")
                % {"found": part.width, "most": settings.IMPORT_MAX_COLUMNS}
            )
        if part.height * part.width > settings.IMPORT_MAX_CELLS:
            raise BadWorkbook(
                _("Une feuille va jusqu’à la ligne %(height)s et la colonne n° %(width)s : plus de %(most)s cellules.")
                % {"height": part.height, "width": part.width, "most": settings.IMPORT_MAX_CELLS}
            )

    def text(self, text: str) -> None:
        if self.error is not None:
            self.error.append(text)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name == "f" and self.error is not None:
            self.error = []  # what was gathered is the formula
        elif name == "c" and self.error is not None:
            self.part.errors.append((self.row, self.column - 1, "".join(self.error)[:60]))
            self.error = None


def _number(letters: str) -> int:
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _errors_of(sheet: str, parts: dict[str, Part]) -> list[tuple[int, int, str]]:
    """The cells in error of the part that holds this sheet."""
    relation = parts.get("xl/workbook.xml", Part()).links.get(sheet, "")
    target = parts.get("xl/_rels/workbook.xml.rels", Part()).links.get(relation, "")
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts.get(path, Part()).errors
