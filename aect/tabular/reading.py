"""Rows out of CSV and XLSX files that people send: sniffed, bounded, and refused in words that say what to do.

The limits are the settings `IMPORT_MAX_…`. Whatever is in the file, the answer is a `Table` or `Unreadable`.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from aect.tabular import workbooks
from aect.text import readable

EXTENSIONS = (".csv", ".xlsx")
XLSX_START = b"PK\x03\x04"
FORMER_EXCEL_START = b"\xd0\xcf\x11\xe0"  # .xls, and any workbook under a password
DELIMITERS = ",;\t"
NO_HEADER = {"", "sep="}  # an empty line, and the one by which a file tells Excel its separator
SHOWN = 60  # characters of a cell that a message repeats
#: Where UTF-8 read as Windows-1252 shows: « é » has become « Ã© », « ’ » « â€™ ».
MOJIBAKE = re.compile("[ÂÃÅâ][^\x00-\x7f]")
#: What a spreadsheet in English, French or Spanish writes for a formula without a result, or in a cell too narrow.
NO_RESULT = re.compile(
    r"#(?:N/[AD]|[¡¿]?(?:DIV/0|VALUE|VALEUR|VALOR|REF|NAME|NOM|NOMBRE|NUM|NULL?|NULO|SPILL|CALC)\s?[!?])|#{4,}"
)


class Unreadable(Exception):
    """The file as a whole cannot be read; the message, for the person who sent it, says what is accepted."""


class Problem(NamedTuple):
    """What is wrong in one place of a file; `line` counts from 1, the header's line, as spreadsheets do."""

    line: int
    column: str
    value: str
    message: str


class Row(NamedTuple):
    """`surplus` is what stands beyond the last column: the cells before it may have shifted."""

    line: int
    cells: list[str]
    surplus: list[str]


@dataclass
class Table:
    """What a file holds: as many cells in each row as in the header."""

    header: list[str]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_kind(file: IO[bytes], name: str) -> str:
    """`.csv` or `.xlsx`: what the file's name says, when its size and first bytes agree. Raises Unreadable."""
    extension = PurePath(name).suffix.lower()
    file.seek(0)
    start = file.read(8)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if extension not in EXTENSIONS:
        raise Unreadable(
            _("Un fichier .csv ou .xlsx est attendu, pas « %(extension)s ».") % {"extension": extension or name[:SHOWN]}
        )
    if not size:
        raise Unreadable(_("Le fichier est vide."))
    if size > settings.IMPORT_MAX_BYTES:
        found = {"size": filesizeformat(size), "most": filesizeformat(settings.IMPORT_MAX_BYTES)}
        raise Unreadable(_("Le fichier fait %(size)s ; %(most)s au plus sont acceptés : partagez-le.") % found)
    if start.startswith(FORMER_EXCEL_START):
        raise Unreadable(
            _("Ce classeur est protégé par un mot de passe, ou d’un ancien format : enregistrez-le en .xlsx, sans.")
        )
    if start.startswith(XLSX_START) != (extension == ".xlsx"):
        raise Unreadable(
            _("Le contenu n’est pas celui d’un fichier %(extension)s : enregistrez-le de nouveau depuis votre tableur.")
            % {"extension": extension}
        )
    return extension


def read_table(file: IO[bytes], name: str, *, sheet: str = "") -> Table:
    """The rows of a CSV, or of one sheet of a workbook: the one named `sheet`, else the first. Raises Unreadable."""
    if check_kind(file, name) == ".xlsx":
        return _read_workbook(file, sheet)
    text, notes = decoded(file.read())
    table = _table(_csv_rows(text))
    table.notes += notes
    return table


# CSV


def decoded(data: bytes) -> tuple[str, list[str]]:
    """The text, and what there is to say of its encoding."""
    for bom, encoding in [
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ]:
        if data.startswith(bom):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError as error:
                raise Unreadable(_encoding_message(data, error)) from error
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as not_utf_8:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            raise Unreadable(_encoding_message(data, not_utf_8)) from not_utf_8
    return text, [_("Lu comme du Windows-1252, faute d’être de l’UTF-8 : vérifiez les accents.")]


def _encoding_message(data: bytes, error: UnicodeDecodeError) -> str:
    line = data[: error.start].count(b"\n") + 1
    return _("Ligne %(line)s : le texte n’est ni de l’UTF-8 ni du Windows-1252. Enregistrez-le en « CSV UTF-8 ».") % {
        "line": line
    }


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it starts on."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Unreadable(
            _("Ligne %(line)s : un caractère nul. Enregistrez le fichier en « CSV UTF-8 ».") % {"line": line}
        )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in rows:
            yield line, cells
            line = rows.line_num + 1
    except csv.Error as error:
        raise Unreadable(
            _("Ligne %(line)s : un guillemet ouvert n’est pas fermé, ou est suivi d’autre chose qu’un séparateur.")
            % {"line": line}
        ) from error


def _delimiter(text: str) -> str:
    """What stands most often between the header's cells; text in quotes does not count."""
    header = re.sub(r'"[^"]*"', "", text[:100_000]).lstrip("\r\n").split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)


# XLSX


def _read_workbook(file: IO[bytes], sheet: str) -> Table:
    try:
        book = workbooks.open_workbook(file, sheet)
    except workbooks.BadWorkbook as error:
        raise Unreadable(str(error)) from error
    for line, column, code in book.errors:
        if line <= len(book.rows) and column < len(book.rows[line - 1]):
            book.rows[line - 1][column] = code
    table = _table((line, [cell_text(cell) for cell in cells]) for line, cells in enumerate(book.rows, start=1))
    table.notes += book.notes
    return table


def cell_text(value: Any) -> str:
    """A cell as one would type it: `2015-07-15`, `3`, `0.25`, `true`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return str(value)


# Both


def _table(rows: Iterable[tuple[int, list[str]]]) -> Table:
    """Checks the header, drops the empty rows and what nobody sees, and gives each row the header's width.

    Excel leaves out the last separators of rows that end with empty cells.
    """
    places = ((line, [readable(cell) for cell in cells]) for line, cells in rows)
    first = next(((line, cells) for line, cells in places if "".join(cells).strip() not in NO_HEADER), None)
    if first is None:
        raise Unreadable(_("Le fichier ne contient aucune ligne."))
    table = Table(_header(first[1]))
    width = len(table.header)
    for line, cells in places:
        if not any(cell.strip() for cell in cells):
            continue
        surplus = [cell.strip() for cell in cells[width:] if cell.strip()]
        table.rows.append(Row(line, [*cells[:width], *[""] * (width - len(cells))], surplus))
        if len(table.rows) > settings.IMPORT_MAX_ROWS:
            raise Unreadable(
                _("Ligne %(line)s : le fichier a plus de %(most)s lignes. Partagez-le.")
                % {"line": line, "most": settings.IMPORT_MAX_ROWS}
            )
    if not table.rows:
        raise Unreadable(_("Le fichier n’a qu’un en-tête : aucune ligne à lire."))
    return table


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > settings.IMPORT_MAX_COLUMNS:
        found = {"found": len(header), "most": settings.IMPORT_MAX_COLUMNS}
        raise Unreadable(_("L’en-tête a %(found)s colonnes ; %(most)s au plus sont acceptées.") % found)
    seen: set[str] = set()
    for place, name in enumerate(header):
        if not name:
            raise Unreadable(_("La colonne %(column)s n’a pas d’en-tête.") % {"column": column_letters(place)})
        if name.casefold() in seen:
            raise Unreadable(_("Deux colonnes s’appellent « %(name)s » : gardez-en une.") % {"name": name[:SHOWN]})
        seen.add(name.casefold())
    return header


def wrong_cell(cell: str) -> str:
    """Why a cell cannot be used, whatever its column holds; empty when it can."""
    if len(cell) > settings.IMPORT_MAX_CELL:
        message = _("%(found)s caractères ; %(most)s au plus sont acceptés dans une cellule.")
        return message % {"found": len(cell), "most": settings.IMPORT_MAX_CELL}
    if NO_RESULT.fullmatch(cell.strip()):
        return _("La formule de cette cellule donne une erreur : corrigez-la, ou videz la cellule.")
    if is_mojibake(cell):
        return _("Les accents sont abîmés (« Ã© » au lieu de « é ») : rouvrez le fichier d’origine en UTF-8.")
    return ""


def is_mojibake(text: str) -> bool:
    """Whether this is UTF-8 that was once read as Windows-1252: it then still turns back into UTF-8 as a whole."""
    if not MOJIBAKE.search(text):
        return False
    try:
        text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return False
    return True


def column_letters(place: int) -> str:
    """The name that a spreadsheet gives to the column at this place, from 0: A, B … Z, AA."""
    letters = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        letters, place = chr(65 + letter) + letters, place - 1
    return letters
