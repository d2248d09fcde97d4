"""Files of a kind's own columns: all its rows, an empty template, the lines that were refused.

What is exported is imported again without a change, in either profile of CSV and as XLSX.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aect.batches.columns import Column, in_french
from aect.batches.kinds import KINDS, Kind
from aect.batches.lines import EXAMPLE, MESSAGE, REMARK, with_quote
from aect.batches.models import Batch
from aect.tabular import writing

FORMATS = ("csv", "xlsx")
CHUNK = 2_000


def export(name: str, form: str, profile: str = "standard") -> writing.File:
    """All rows of the kind of this name, as `csv` in a profile, or as `xlsx`."""
    kind = KINDS[name]()
    told_by = shown if form == "xlsx" else quoted if profile == "excel-fr" else raw
    rows = ([told_by(column, row) for column in kind.columns.values()] for row in kind.rows().iterator(CHUNK))
    columns = [
        writing.Column(column.name, column.header, "text" if told_by is raw else column.kind)
        for column in kind.columns.values()
    ]
    return _file(kind, f"{name}-{timezone.localdate():%Y-%m-%d}.{form}", profile, columns, rows)


def raw(column: Column, row: Any) -> str | None:
    return column.raw(column.get(row))


def shown(column: Column, row: Any) -> Any:
    return column.show(column.get(row))


def quoted(column: Column, row: Any) -> Any:
    value = shown(column, row)
    return with_quote(value) if isinstance(value, str) else value


def template(name: str, form: str) -> writing.File:
    """The header, and one line that shows what goes where and is never read."""
    kind = KINDS[name]()
    columns = [writing.Column(REMARK, "Remarque"), *(writing.Column(c.name, c.header) for c in kind.columns.values())]
    remark = _("%(example)s : cette ligne n’est pas lue.") % {"example": EXAMPLE.capitalize()}
    row = [remark, *(column.example or None for column in kind.columns.values())]
    return _file(kind, f"modele-{name}.{form}", "excel-fr", columns, [row])


def refused_lines(batch: Batch) -> writing.File:
    """The lines to correct, in the columns and the profile of the file they came in, with what is wrong."""
    kind = KINDS[batch.kind]()
    columns = [kind.columns[name] for name in batch.header]
    profile = "excel-fr" if batch.is_french else "standard"
    wanted = [writing.Column(column.name, column.header) for column in columns]
    return writing.RowsCsv(
        filename=f"a-corriger-{batch.pk}.csv",
        profile=profile,
        columns=[*wanted, writing.Column(MESSAGE, MESSAGE.capitalize())],
        rows=_refused(batch, kind, with_quotes=batch.is_french),
    )


def _refused(batch: Batch, kind: Kind, *, with_quotes: bool) -> Iterator[Sequence[Any]]:
    for row in batch.rows.refused().iterator(CHUNK):
        told = " ".join(f"{kind.columns[name].header} : {message}" for name, message in row.problems)
        cells = [row.cells.get(name) or None for name in batch.header]
        yield [*(with_quote(text) if with_quotes and text else text for text in cells), told]


def _file(
    kind: Kind, filename: str, profile: str, columns: Sequence[writing.Column], rows: Iterable[Sequence[Any]]
) -> writing.File:
    if filename.endswith(".csv"):
        return writing.RowsCsv(filename=filename, profile=profile, columns=columns, rows=rows)
    title = in_french(kind.label)
    return writing.Workbook(filename=filename, columns=columns, rows=rows, title=title, about=about(kind))


def about(kind: Kind) -> list[tuple[str, str]]:
    """What each column accepts: the second sheet of a workbook."""
    lines = [(str(kind.label), str(kind.help))]
    for column in kind.columns.values():
        must = _("Obligatoire à l’ajout. ") if column.is_required else ""
        lines.append((column.header, f"{must}{column.accepts}"))
        lines += [("", f"{code} = {label}") for code, label in column.vocabulary]
    return lines
