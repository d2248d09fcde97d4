"""What a file would do: each line matched with its row, checked by the rules of the form, and told before → after.

Nothing is written here. Rows are read set by set: the number of queries does not grow with the number of lines.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils.translation import gettext as _

from aect.batches.columns import EMPTIES, Column, plain, told
from aect.batches.constraints import broken_constraints
from aect.batches.kinds import Kind, Related
from aect.batches.models import Mode, RowAction
from aect.tabular.reading import SHOWN, wrong_cell

SURPLUS = ""  # among a line's cells, those that stood beyond the file's last column


@dataclass
class Line:
    """One line of the file: `cells` by column, then what is found out about it."""

    number: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)  # column, message
    warnings: list[tuple[str, str]] = field(default_factory=list)
    row: Any = None
    is_new: bool = False
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    related: Related = field(default_factory=Related)

    def refuse(self, column: str, message: str) -> None:
        if (column, message) not in self.problems:
            self.problems.append((column, message))

    @property
    def action(self) -> RowAction:
        if self.problems:
            return RowAction.ERROR
        if self.is_new:
            return RowAction.NEW
        return RowAction.CHANGED if self.after else RowAction.UNCHANGED

    @property
    def to_write(self) -> bool:
        return self.action in {RowAction.NEW, RowAction.CHANGED}


def make_plan(
    kind: Kind,
    mode: str,
    lines: Sequence[Line],
    *,
    progress: Callable[[int], None] = lambda done: None,
    rows: Mapping[int, Any] | None = None,
    is_locking: bool = False,
) -> None:
    """Fills the lines. `progress` is told how many of 100 parts are done.

    `rows` gives the row of each line by its number instead of looking for it: what was checked once is put back, so
    only the database's constraints are asked. `is_locking` keeps the rows as they are until the transaction's end.
    """
    own = [column for column in kind.references if column.is_own]
    if rows is None:
        _inspect(lines)
    _gather(kind, lines)
    progress(10)
    _read(kind, lines, [column for column in kind.columns.values() if column not in own], mode)
    progress(30)
    if rows is None:
        _match(kind, mode, lines, is_locking=is_locking)
    else:
        for line in lines:
            line.row = rows[line.number]
    progress(45)
    _draft(kind, lines)
    _read(kind, lines, own, mode)
    _refuse_surplus(kind, lines)
    _compare(kind, lines)
    progress(65)
    if rows is None:
        _validate(kind, lines)
    progress(80)
    _ask_database(kind, lines)
    progress(95)


def _inspect(lines: Sequence[Line]) -> None:
    """Refuses the cells that cannot be used, whatever their column holds."""
    for line in lines:
        for name, cell in line.cells.items():
            if name != SURPLUS and (message := wrong_cell(cell)):
                line.refuse(name, message)


def _usable(line: Line, column: Column) -> str:
    """The line's cell in this column; empty when there is none, or when it was refused."""
    is_refused = any(name == column.name for name, _message in line.problems)
    return "" if is_refused else line.cells.get(column.name, "")


def _gather(kind: Kind, lines: Sequence[Line]) -> None:
    """Looks up all that the file refers to: one finder may serve several columns."""
    texts: dict[int, set[str]] = defaultdict(set)
    finders = {id(column.finder): column.finder for column in kind.references}
    for column in kind.references:
        for line in lines:
            cell = _usable(line, column).strip()
            if cell and plain(cell) != EMPTIES:
                texts[id(column.finder)].update(column.cells(cell))
    for key, finder in finders.items():
        finder.gather(texts[key])


def _read(kind: Kind, lines: Sequence[Line], columns: Iterable[Column], mode: str) -> None:
    for column in columns:
        for line in lines:
            cell = _usable(line, column)
            if not cell.strip():
                continue
            if plain(cell) == EMPTIES:
                _empty(column, line, mode)
                continue
            try:
                line.values[column.name] = column.read(cell)
            except ValidationError as error:
                line.refuse(column.name, " ".join(error.messages))


def _refuse_surplus(kind: Kind, lines: Sequence[Line]) -> None:
    for line in lines:
        if surplus := line.cells.get(SURPLUS):
            message = _("Au-delà de la dernière colonne se trouve « %(surplus)s » : vérifiez toutes les cellules.")
            first = next(name for name in kind.columns if name in line.cells)
            line.refuse(first, message % {"surplus": surplus[:SHOWN]})


def _empty(column: Column, line: Line, mode: str) -> None:
    if mode == Mode.ADD:
        return
    if column.is_required:
        line.refuse(column.name, _("Cette valeur est obligatoire : elle ne peut pas être vidée."))
    else:
        line.values[column.name] = column.empty


# Which row each line is about


def _match(kind: Kind, mode: str, lines: Sequence[Line], *, is_locking: bool) -> None:
    wanted = {line.number: set(kind.keys(line.values)) for line in lines}
    held: dict[Hashable, list[Any]] = defaultdict(list)
    known = kind.known(set().union(*wanted.values())) if wanted else kind.model._default_manager.none()
    if is_locking:
        known = known.select_for_update(of=("self",), no_key=True)
    for row in known:
        for key in kind.keys_of(row):
            held[key].append(row)
    met: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        found = {row.pk: row for key in wanted[line.number] for row in held[key]}
        for key in wanted[line.number] | {("row", pk) for pk in found}:
            met[key].append(line)
        _settle(kind, mode, line, list(found.values()), has_key=bool(wanted[line.number]))
    for several in met.values():
        if len(several) > 1:
            _refuse_double(kind, several)


def _settle(kind: Kind, mode: str, line: Line, found: list[Any], *, has_key: bool) -> None:
    """Gives the line its row, or says why it has none."""
    column = next(iter(kind.columns))
    if mode == Mode.ADD:
        line.is_new = not found
        if found:
            message = _("Existe déjà : « %(row)s ». Pour le modifier, importez en mise à jour.") % {"row": found[0]}
            line.refuse(column, told(message, kind.if_another(line.values)))
        return
    if len(found) == 1:
        line.row = found[0]
    elif found:
        line.refuse(column, _("Plusieurs fiches répondent à cette ligne : donnez leur identifiant."))
    elif has_key:
        line.refuse(column, _("Rien de tel n’existe. Pour l’ajouter, importez en ajout."))
    elif not line.problems:
        line.refuse(column, _("Rien ne dit de quelle fiche il s’agit : donnez son identifiant."))


def _refuse_double(kind: Kind, several: list[Line]) -> None:
    numbers = ", ".join(str(line.number) for line in several[:10])
    message = _("Plusieurs lignes du fichier sont la même fiche : %(lines)s.") % {"lines": numbers}
    for line in several:
        line.refuse(next(iter(kind.columns)), told(message, kind.if_another(line.values)))


# What it changes


def _draft(kind: Kind, lines: Sequence[Line]) -> None:
    """Makes the new rows, under ids taken from the table's own sequence, and lets the file refer to them."""
    new = [line for line in lines if line.is_new]
    for line, pk in zip(new, new_ids(kind.model, len(new)), strict=True):
        line.row = kind.model(pk=pk)
        for name, value in line.values.items():
            kind.columns[name].set(line.row, value)
        for name in kind.required:
            if name not in line.values and not line.cells.get(name, "").strip():
                line.refuse(name, _("Cette valeur est obligatoire."))
        kind.complete(line.row, line.values)
        for column in kind.references:
            if column.is_own:
                column.finder.learn(line.row)


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids that nobody else will be given; those that are not used in the end leave a gap, which harms nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _compare(kind: Kind, lines: Sequence[Line]) -> None:
    """Sets what differs, and tells it: `before` and `after` hold the columns that change, as canonical texts."""
    for line in lines:
        if line.row is None:
            continue
        changes = {}
        for name, value in line.values.items():
            column = kind.columns[name]
            old = "" if line.is_new else column.tell(column.get(line.row))
            is_kept = plain(line.cells[name]) == EMPTIES and old == line.cells[name].strip()  # a text that says so
            if old != (new := column.tell(value)) and not is_kept:
                line.before[name], line.after[name], changes[name] = old, new, value
        line.related = kind.relate(line.row, changes)
        for name, value in changes.items():
            kind.columns[name].set(line.row, value)


# Whether it may be


def _validate(kind: Kind, lines: Sequence[Line]) -> None:
    """The rules of the model that need no query: those of its fields, and its `clean`."""
    column_of = {field: column.name for column in kind.columns.values() for field in column.fields}
    keys = {key.name for key in kind.model._meta.fields if isinstance(key, models.ForeignKey)}
    for line in lines:
        if line.row is None or not (line.is_new or line.after):
            continue
        wrong = {field for name, _message in line.problems for field in kind.columns[name].fields}
        first = next(iter(line.after), next(iter(kind.columns)))
        _note(line, partial(line.row.clean_fields, exclude=keys | wrong | {"id"}), first, column_of)
        if not line.problems:
            _note(line, line.row.clean, first, column_of)
        _forget_wrong(kind, line)
        for child in [*line.related.added, *line.related.changed]:
            parents = {key.name for key in child._meta.fields if isinstance(key, models.ForeignKey)}
            column = kind.column_of(child)
            _note(line, partial(child.clean_fields, exclude=parents | {"id"}), column)
            _note(line, child.clean, column)


def _forget_wrong(kind: Kind, line: Line) -> None:
    """Takes refused values off the row, which their column's type may not even hold; it will not be written."""
    for name, _message in line.problems:
        for attribute in kind.columns[name].fields:
            field: Any = kind.model._meta.get_field(attribute)
            if not isinstance(field, models.ForeignKey):
                setattr(line.row, attribute, field.get_default())


def _note(
    line: Line, check: Callable[[], None], otherwise: str, column_of: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Runs a check of Django's and keeps its messages, each with the column of its field, or `otherwise`."""
    try:
        check()
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            for message in messages:
                line.refuse(column_of.get(name, otherwise), message)


def _ask_database(kind: Kind, lines: Sequence[Line]) -> None:
    """What the database would refuse of the rows, and of those that hang on them."""
    about = [line for line in lines if line.row is not None and (line.is_new or line.after)]
    by_pk = {line.row.pk: line for line in about}
    attributes: Any = {field.name: field.column for field in kind.model._meta.concrete_fields}
    for broken in broken_constraints(kind.model, [line.row for line in about]):
        line = by_pk[broken.pk]
        named = [
            column.name
            for column in kind.columns.values()
            if any(attributes[field] in broken.columns for field in column.fields)
        ]
        if not {name for name, _message in line.problems} & set(named):
            changed = [name for name in named if name in line.after]
            line.refuse(next(reversed(changed or named), next(iter(kind.columns))), broken.message)
    for model in kind.children:
        _ask_about_children(kind, model, about)


def _ask_about_children(kind: Kind, model: type[models.Model], lines: Sequence[Line]) -> None:
    owned: dict[Any, tuple[Line, models.Model]] = {}
    leaving = []
    new = [(line, child) for line in lines for child in line.related.added if isinstance(child, model)]
    for (_line, child), pk in zip(new, new_ids(model, len(new)), strict=True):
        child.pk = pk
    for line in lines:
        wrong = {name for name, _message in line.problems}
        ours = [child for child in [*line.related.added, *line.related.changed] if isinstance(child, model)]
        owned |= {child.pk: (line, child) for child in ours if kind.column_of(child) not in wrong}
        leaving += [child.pk for child in line.related.removed if isinstance(child, model)]
    for broken in broken_constraints(model, [child for _line, child in owned.values()], leaving=leaving):
        line, child = owned[broken.pk]
        line.refuse(kind.column_of(child), broken.message)
