"""From a table that was read to the lines of a kind: columns recognised, examples left out, apostrophes taken off."""

from django.utils.translation import gettext as _

from aect.batches.columns import SEPARATOR, plain
from aect.batches.kinds import Kind
from aect.batches.models import Batch, Mode
from aect.batches.plans import SURPLUS, Line
from aect.tabular.reading import Table, Unreadable
from aect.tabular.writing import FORMULA

REMARK, MESSAGE = "remarque", "message"  # columns of our own templates and files of refused lines, never read
EXAMPLE = "exemple"  # how the remark of a line begins that is not read


def lines_of(batch: Batch, kind: Kind, table: Table) -> list[Line]:
    """The table's rows under the kind's own column names. Raises Unreadable for columns that are not the kind's."""
    names = {plain(text): column.name for column in kind.columns.values() for text in (column.name, column.header)}
    names |= {REMARK: REMARK, MESSAGE: MESSAGE}
    header = [names.get(plain(title), "") for title in table.header]
    if unknown := [title for title, name in zip(table.header, header, strict=True) if not name]:
        known = ", ".join(f"{column.header} ({column.name})" for column in kind.columns.values())
        words = {"unknown": ", ".join(unknown)[:500], "known": known}
        raise Unreadable(_("Colonnes inconnues : %(unknown)s. Sont acceptées : %(known)s.") % words)
    if doubles := sorted({name for name in header if header.count(name) > 1}):
        raise Unreadable(_("La même colonne figure deux fois : %(names)s.") % {"names": ", ".join(doubles)})
    missing = [kind.columns[name].header for name in kind.required if name not in header]
    if missing and batch.mode == Mode.ADD:
        raise Unreadable(_("Colonnes obligatoires absentes : %(names)s.") % {"names": ", ".join(missing)})
    batch.is_french = is_french(kind, table.header)
    batch.header = [name for name in header if name not in {REMARK, MESSAGE}]
    batch.notes = table.notes
    is_excel_csv = batch.is_french and batch.name.lower().endswith(".csv")
    lines = []
    for row in table.rows:
        cells = dict(zip(header, map(without_quote, row.cells) if is_excel_csv else row.cells, strict=False))
        if not plain(cells.pop(REMARK, "")).startswith(EXAMPLE):
            cells.pop(MESSAGE, None)
            if row.surplus:
                cells[SURPLUS] = f" {SEPARATOR} ".join(row.surplus)
            lines.append(Line(row.line, cells))
    return lines


def is_french(kind: Kind, header: list[str]) -> bool:
    """Whether the header is that of the files for readers rather than of the `standard` profile."""
    return any(plain(title) not in kind.columns for title in header)


def without_quote(cell: str) -> str:
    """Text without the apostrophe that the profile `excel-fr` puts before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell.lstrip("'")) else cell


def with_quote(cell: str) -> str:
    """Text that keeps its own apostrophe when `without_quote` takes one."""
    return f"'{cell}" if cell.startswith("'") and without_quote(cell) != cell else cell
