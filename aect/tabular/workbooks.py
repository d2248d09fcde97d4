"""Opens a workbook (.xlsx) that may be hostile.

The reader behind (calamine) believes the archive: it unpacks whatever it holds, and lays a sheet out as a full
rectangle, so that two cells far apart cost gigabytes and end the process. Here each part is therefore unpacked and
walked through piece by piece, its bytes, elements and cells counted as they are met, and only what was walked through
is handed over, in a file of our own. What is not foreseen here meets the limits of the process, see `apart`.
"""

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

import python_calamine
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
LINE = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
PIECE = 1 << 18
LONGEST_WORD = 1 << 20  # bytes of a name, an attribute or a comment
DEEPEST = 1_000  # elements one within the other
MOST_PARTS = 2_000  # of an archive
TAGS_A_CELL = 6  # two each for the cell and its value, and for a formula or a text: sheets hold little else


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


def open_workbook(file: IO[bytes], sheet: str = "") -> Book:
    """The sheet of this name, whatever its case, else the first one. Raises BadWorkbook."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        parts = _walked_through(file, copy)
        copy.flush()
        try:
            book = python_calamine.load_workbook(copy.name)
            name = next((name for name in book.sheet_names if name.casefold() == sheet.casefold()), book.sheet_names[0])
            found = book.get_sheet_by_name(name)
            rows: list[list[Any]] = [[]] * (found.start[0] if found.start else 0)
            rows += found.iter_rows()
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


def _walked_through(file: IO[bytes], copy: IO[bytes]) -> dict[str, Part]:
    """Copies the XML parts, and nothing else, into an archive of exactly what was walked through."""
    parts, left = {}, settings.IMPORT_MAX_UNPACKED
    try:
        with zipfile.ZipFile(file) as archive, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as walked:
            infos = archive.infolist()
            if len(infos) > MOST_PARTS:
                raise BadWorkbook(_("Ce classeur a plus de %(most)s parties : il est refusé.") % {"most": MOST_PARTS})
            for info in infos:
                if info.filename.endswith((".xml", ".rels")) and info.filename not in parts:
                    walk = _Walk(info.filename)
                    with archive.open(info) as part, walked.open(info.filename, "w") as target:
                        for piece in _pieces(part):
                            if (left := left - len(piece)) < 0:
                                raise _too_much()
                            target.write(piece)
                            walk.feed(piece)
                    walk.parser.Parse(b"", True)
                    parts[info.filename] = walk.part
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError) as error:
        raise _not_a_workbook() from error
    except (EOFError, OSError, RuntimeError, NotImplementedError, ValueError, KeyError) as error:
        raise _not_a_workbook() from error
    return parts


def _pieces(part: IO[bytes]) -> Iterator[bytes]:
    while piece := part.read(PIECE):
        yield piece


def _too_much() -> BadWorkbook:
    most = filesizeformat(settings.IMPORT_MAX_UNPACKED)
    return BadWorkbook(
        _("Décompressé, ce classeur dépasse %(most)s : partagez-le, ou envoyez-le en CSV.") % {"most": most}
    )


class _Walk:
    """Counts tags, rows and cells by their own address, or by their turn when they have none."""

    def __init__(self, name: str) -> None:
        self.part = Part()
        self.row = self.column = self.fed = self.tags = self.depth = 0
        self.line = ""  # the row's number, as its cells' addresses end
        self.columns: dict[str, int] = {}
        self.error: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        if "sheets/" in name:
            self.parser.StartElementHandler = self.begin_in_sheet
        elif name.endswith((".rels", "workbook.xml")):
            self.parser.StartElementHandler = self.link
        self.parser.StartDoctypeDeclHandler = self.doctype

    def feed(self, piece: bytes) -> None:
        """A word that goes on and on would be read anew with each piece: no spreadsheet has one."""
        self.tags += piece.count(b"<")
        if self.tags > TAGS_A_CELL * settings.IMPORT_MAX_CELLS:
            raise _too_much()
        ends = piece.count(b"</")
        self.depth += piece.count(b"<") - piece.count(b"<?") - 2 * ends - piece.count(b"/>")
        if self.depth > DEEPEST:
            raise _not_a_workbook()
        self.parser.Parse(piece, False)
        self.fed += len(piece)
        if self.fed - self.parser.CurrentByteIndex > LONGEST_WORD:
            raise _not_a_workbook()

    def doctype(self, *declared: Any) -> None:
        raise BadWorkbook(_("Ce classeur déclare des entités XML, ce qu’aucun tableur n’écrit : il est refusé."))

    def link(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "Relationship":
            self.part.links[attributes.get("Id", "")] = attributes.get("Target", "")
        elif name == "sheet":
            self.part.links[attributes.get("name", "")] = next(
                (value for key, value in attributes.items() if key.endswith("}id")), ""
            )

    def begin_in_sheet(self, tag: str, attributes: dict[str, str]) -> None:
        """Called for every element of a sheet: what it does not need to look at, it does not."""
        if tag.endswith(("}c", "}row")) or tag in {"c", "row"}:
            address = attributes.get("r")
            if tag[-1] == "w":
                self.begin_row(address)
            else:
                self.place(address)
                if attributes.get("t") == "e":
                    self.error = []
                    self.parser.EndElementHandler, self.parser.CharacterDataHandler = self.end, self.error.append

    def begin_row(self, given: str | None) -> None:
        if given is not None and not LINE.fullmatch(given):
            raise _not_a_workbook()
        before, self.row, self.column = self.row, int(given) if given else self.row + 1, 0
        if self.row <= before:
            raise _not_a_workbook()
        self.line = str(self.row)

    def place(self, address: str | None) -> None:
        """Where the cell stands: the reader behind would follow an address that no spreadsheet has."""
        before = self.row, self.column
        if address is None:
            self.row, self.column = max(self.row, 1), self.column + 1
        else:
            letters = address.rstrip("0123456789")
            if letters not in self.columns or address[len(letters) :] != self.line:
                self.first_place(address)
            self.column = self.columns[letters]
        if (self.row, self.column) <= before:  # each cell stands once, so that there are no more than places for them
            raise _not_a_workbook()
        if self.column > self.part.width or self.row > self.part.height:
            self.measure()

    def first_place(self, address: str) -> None:
        """The same, of a column or a row that was not met before."""
        if not (found := PLACE.fullmatch(address)):
            raise _not_a_workbook()
        self.row, self.line = int(found[2]), found[2]
        self.columns[found[1]] = _number(found[1])

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

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name == "f":
            self.error.clear()  # what was gathered is the formula
        elif name == "c":
            self.part.errors.append((self.row, self.column - 1, "".join(self.error)[:60]))
            self.parser.EndElementHandler = self.parser.CharacterDataHandler = None


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
