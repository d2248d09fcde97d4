"""Rows out, as files: CSV in the two profiles of the contract, and XLSX.

A file is whole before its first byte leaves: an error gives an error, never a shorter file.

- `standard`: UTF-8, comma, dot, ISO dates, LF, English headers; raw.
- `excel-fr`: UTF-8 with BOM, semicolon, decimal comma, dd/mm/yyyy, French headers; every line break is CRLF,
  those inside a cell too; text that a spreadsheet would take for a formula starts with an apostrophe.
- XLSX: numbers and whole dates are typed, text is never a formula, and ends with « … » where a cell cannot hold all
  of it; a second sheet says what the first one is. What is
  typed below, in a column of texts or dates, stays as typed: `01020` keeps its zero, `07/2015` becomes no day.

A value that is not known is None, and written as nothing. A date known to the year or the month is `2015` or
`2015-07` (`07/2015` for readers), and stays text.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory
from typing import IO, Any, ClassVar, NamedTuple

import xlsxwriter
from django.db import connection
from django.db.models import QuerySet, TextChoices
from django.http import FileResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg2 import sql

from aect.fields import PartialDate, Precision

MEMORY = 1 << 20  # a file above 1 MB waits on disk
BOM = b"\xef\xbb\xbf"
DELIMITERS = {"standard": ",", "excel-fr": ";"}
PROFILES = [("standard", gettext_lazy("Standard")), ("excel-fr", gettext_lazy("Excel en français"))]
FORMULA = re.compile(r"[=+@＝＋＠－\t\r\n-]")  # the wide ones too: Excel takes them for the narrow ones
LINE_BREAK = re.compile(r"\r\n?|\n")
CELL = 32_767  # the characters that a cell of a workbook may hold
DIGITS = 10**15  # from here on a workbook rounds: the number is written as text
FIRST_YEAR = 1900  # of a workbook's calendar


class Column(NamedTuple):
    """A column of a file: its stable English name, its French header, the kind of its values.

    Kinds: `text`, `integer`, `amount` (Decimal), `date` (a date or a PartialDate), `flag`.
    `labels` is the vocabulary of a coded text: files for readers say the French label, `standard` the code.
    """

    name: str
    header: str
    kind: str = "text"
    labels: type[TextChoices] | None = None

    def label(self, value: Any) -> Any:
        """The French label of a code, or of several between bars, whatever language the reader has chosen."""
        if self.labels is None or value in (None, ""):
            return value
        with translation.override("fr"):
            return "|".join(str(self.labels(code).label) for code in value.split("|"))


@dataclass(frozen=True, kw_only=True)
class File:
    """One file to be: its name, its columns."""

    content_type: ClassVar[str]
    filename: str
    columns: Sequence[Column]

    def write(self, file: IO[bytes]) -> None:
        """Writes the whole file; raises Django's DatabaseError."""
        raise NotImplementedError

    def response(self) -> FileResponse:
        """The file as an attachment, once it is whole."""
        file = SpooledTemporaryFile(MEMORY)  # noqa: SIM115  # the response closes it
        self.write(file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=self.filename, content_type=self.content_type)

    def save(self, path: Path) -> None:
        """Writes the file under its name only once it is whole."""
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                self.write(file)
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink()
                raise


@dataclass(frozen=True, kw_only=True)
class Csv(File):
    content_type = "text/csv; charset=utf-8"
    profile: str = "standard"

    @property
    def is_excel(self) -> bool:
        return self.profile == "excel-fr"

    @property
    def start(self) -> bytes:
        """The mark of the encoding, and the line of headers."""
        line = io.BytesIO()
        self.writer(line).writerow(
            [_no_formula(column.header) if self.is_excel else column.name for column in self.columns]
        )
        return (BOM if self.is_excel else b"") + line.getvalue()

    def writer(self, file: IO[bytes]) -> Any:
        # csv quotes a lone CR only where its own line ends with one: the end is put right afterwards.
        end = "\r\n" if self.is_excel else "\n"
        return csv.writer(_Ended(file, end), delimiter=DELIMITERS[self.profile], lineterminator="\r\n")


class _Ended:
    """Gives each row, which comes with CRLF, the line end of the profile."""

    def __init__(self, file: IO[bytes], end: str) -> None:
        self.file, self.end = file, end

    def write(self, row: str) -> int:
        return self.file.write((row.removesuffix("\r\n") + self.end).encode())


@dataclass(frozen=True, kw_only=True)
class RowsCsv(Csv):
    """Rows of values in the order of the columns."""

    rows: Iterable[Sequence[Any]]

    def write(self, file: IO[bytes]) -> None:
        file.write(self.start)
        cell = _excel_cell if self.is_excel else _standard_cell
        self.writer(file).writerows([cell(*pair) for pair in zip(self.columns, row, strict=True)] for row in self.rows)


def _standard_cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date | PartialDate):
        return PartialDate.of(value).iso
    return str(value).lower() if column.kind == "flag" else str(value)


def _excel_cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date | PartialDate):
        return PartialDate.of(value).french
    if column.kind == "amount":
        return str(value).replace(".", ",")
    if column.kind == "flag":
        return "oui" if value else "non"
    if column.kind == "integer":
        return str(value)
    return _no_formula(LINE_BREAK.sub("\r\n", str(column.label(value))))


def _no_formula(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


#: How PostgreSQL writes a kind of column; `{}` is the column. An empty text is written as nothing.
STANDARD = {
    "text": "nullif({}, '')",
    "integer": "{}",
    "amount": "{}",
    "date": "{}",
    "flag": "{}::text",
}
EXCEL_FR = {
    "text": r"nullif(CASE WHEN {} ~ '^[=+@＝＋＠－\t\r\n-]' THEN '''' ELSE '' END || "
    r"regexp_replace({}, '\r\n?', E'\n', 'g'), '')",
    "integer": "{}",
    "amount": "replace({}::text, '.', ',')",
    "date": "to_char({}, 'DD/MM/YYYY')",
    "flag": "CASE WHEN {} THEN 'oui' ELSE 'non' END",
}
COPY = "COPY (SELECT {cells} FROM ({rows}) AS asked ({names})) TO STDOUT WITH (FORMAT csv, DELIMITER {delimiter})"


@dataclass(frozen=True, kw_only=True)
class QueryCsv(Csv):
    """The rows of a query, written by PostgreSQL's COPY; `selected` names what the query selects, in its order.

    The dates of such a file are whole.
    """

    rows: QuerySet[Any]
    selected: tuple[str, ...]

    def write(self, file: IO[bytes]) -> None:
        file.write(self.start)
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(self._copy(cursor), _WithCrlf(file) if self.is_excel else file)

    def _copy(self, cursor: Any) -> sql.Composable:
        asked = cursor.mogrify(*self.rows.query.sql_with_params()).decode()
        return sql.SQL(COPY).format(
            cells=sql.SQL(", ").join(_sql_cell(column, self.profile) for column in self.columns),
            rows=sql.SQL(asked),
            names=sql.SQL(", ").join(map(sql.Identifier, self.selected)),
            delimiter=sql.Literal(DELIMITERS[self.profile]),
        )


class _WithCrlf:
    """Turns each LF into CRLF. No CR comes in: the query took them out of every text."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, data: bytes) -> int:
        return self.file.write(data.replace(b"\n", b"\r\n"))


def _sql_cell(column: Column, profile: str) -> sql.Composable:
    """How one column is written; its expression may name it several times."""
    name = sql.Identifier(column.name)
    if column.labels and profile == "excel-fr":
        whens = [
            sql.SQL("WHEN {} THEN {}").format(*map(sql.Literal, (c, column.label(c)))) for c in column.labels.values
        ]
        return sql.SQL("CASE {} {} END").format(name, sql.SQL(" ").join(whens))
    template = (EXCEL_FR if profile == "excel-fr" else STANDARD)[column.kind]
    return sql.SQL(template).format(*[name] * template.count("{}"))


OPTIONS = {"constant_memory": True}


@dataclass(frozen=True, kw_only=True)
class Workbook(File):
    """An XLSX file: `rows` on its first sheet, named `title`; `about` says what they are, a line each, on the second.

    Rows go to a temporary file as they come: memory does not grow with them.
    """

    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    rows: Iterable[Sequence[Any]]
    title: str
    about: Sequence[tuple[str, str]] = ()

    def write(self, file: IO[bytes]) -> None:
        with TemporaryDirectory() as folder, xlsxwriter.Workbook(file, OPTIONS | {"tmpdir": folder}) as book:
            bold = book.add_format({"bold": True})
            formats = {
                "amount": book.add_format({"num_format": "#,##0.00"}),
                "date": book.add_format({"num_format": "dd/mm/yyyy"}),
            }
            as_typed = book.add_format({"num_format": "@"})
            sheet = book.add_worksheet(self.title[:31])
            sheet.freeze_panes(1, 1)
            for place, column in enumerate(self.columns):
                width = 40 if column.kind == "text" else 16
                sheet.set_column(place, place, width, as_typed if column.kind in {"text", "date"} else None)
                sheet.write_string(0, place, column.header, bold)
            for number, row in enumerate(self.rows, start=1):
                for place, (column, value) in enumerate(zip(self.columns, row, strict=True)):
                    _write_cell(sheet, (number, place), column, value, formats.get(column.kind))
            self._write_about(book.add_worksheet(_("À propos")), bold)

    def _write_about(self, sheet: Any, bold: Any) -> None:
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 100)
        for number, (name, text) in enumerate(self.about):
            sheet.write_string(number, 0, name[:CELL], bold)
            sheet.write_string(number, 1, text[:CELL])


def _write_cell(sheet: Any, place: tuple[int, int], column: Column, value: Any, style: Any) -> None:
    if value in (None, ""):
        return
    if column.kind in {"integer", "amount"} and abs(value) < DIGITS:
        sheet.write_number(*place, value, style)
    elif isinstance(value, date | PartialDate):
        partial = PartialDate.of(value)
        if partial.precision == Precision.DAY and partial.day.year >= FIRST_YEAR:
            sheet.write_datetime(*place, partial.day, style)
        else:
            sheet.write_string(*place, partial.french)
    else:
        sheet.write_string(*place, _excel_text(column, value))


def _excel_text(column: Column, value: Any) -> str:
    if column.kind == "flag":
        return "oui" if value else "non"
    text = str(column.label(value))
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"
