"""What the page of differences says of each: the record's name, its field, the value here and that of the files."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import prefetch_related_objects
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from aect import history
from aect.changes import shown
from aect.loading import values as facts
from aect.loading.models import Difference, DifferenceKind, LoadedRow
from aect.loading.services import ours_of, stamp

NAMES = ("name", "title", "text", "label", "name_fr", "code", "slug")


@dataclass
class Cell:
    """One difference, in words; `stamp` goes with what is decided of it."""

    difference: Difference
    label: str
    ours: str
    theirs: str
    stamp: str


@dataclass
class Record:
    """A row with its differences; `above` names what it hangs on."""

    loaded: LoadedRow
    kind: str
    name: str
    above: str
    address: str
    cells: list[Cell]


class Rows:
    """The rows that some loaded ones stand for, and the names of all that they link: a query for each kind."""

    def __init__(self, loaded: list[LoadedRow]) -> None:
        self.standing: dict[str, dict[str, Any]] = {}
        by_model: dict[str, list[LoadedRow]] = defaultdict(list)
        for row in loaded:
            by_model[row.model].append(row)
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for label, rows in by_model.items():
            model = rows[0].model_class
            numbers = [model._meta.pk.to_python(row.object_id) for row in rows]
            found = model._default_manager.in_bulk(numbers)
            names = {each.field for row in rows for each in row.shown if each.field}
            prefetch_related_objects(list(found.values()), *facts.prefetches(model, names))
            self.standing[label] = {str(pk): row for pk, row in found.items()}
            for row in rows:
                self._want(wanted, model, row)
        self.named = {model: model._default_manager.in_bulk(keys) for model, keys in wanted.items()}

    def _want(self, wanted: dict[type[models.Model], set[Any]], model: type[models.Model], loaded: LoadedRow) -> None:
        row = self.of(loaded)
        told = [loaded.values, *({each.field: each.theirs} for each in loaded.shown if each.field)]
        told += [{each.field: ours_of(each, row)} for each in loaded.shown if row is not None and each.field]
        for values in told:
            for name, value in values.items():
                for target, key in targets(model, name, value):
                    wanted[target].add(key)

    def of(self, loaded: LoadedRow) -> Any:
        return self.standing[loaded.model].get(loaded.object_id)

    def __call__(self, model: Any, key: Any) -> str:
        found = self.named[model].get(key)
        return str(found) if found else _("n° %(key)s, supprimé depuis") % {"key": key}


def targets(model: type[models.Model], name: str, value: Any) -> Iterator[tuple[type[models.Model], Any]]:
    """The rows that a value links to."""
    if facts.fact_of(model, name) or value is None:
        return
    field = facts.field_of(model, name)
    if field.is_relation:
        for key in value if field.many_to_many else [value]:
            yield field.related_model, key


def records(loaded: Iterable[LoadedRow]) -> list[Record]:
    """What is to say of these rows, each with its differences in `shown`."""
    rows = list(loaded)
    found = Rows(rows)
    return [record(row, found) for row in rows]


def record(loaded: LoadedRow, rows: Rows) -> Record:
    row, model = rows.of(loaded), loaded.model_class
    hangs = history.events_of(model).hangs_on if model in history.histories() else ()
    linked = {name: rows(target, pk) for name, target, pk in facts.links(model, loaded.values) if name != "source"}
    own = next((str(loaded.values[name]) for name in NAMES if loaded.values.get(name)), "")
    if row is not None and (name := next((name for name in NAMES if name in loaded.values), "")):
        own = str(getattr(row, name))
    name = own or ", ".join(value for link, value in linked.items() if link not in hangs) or loaded.key
    above = ", ".join(linked[name] for name in hangs if name in linked)
    address = row.get_absolute_url() if row is not None and hasattr(row, "get_absolute_url") else ""
    cells = [cell(each, row, rows) for each in loaded.shown]
    return Record(loaded, capfirst(str(model._meta.verbose_name)), name, above, address, cells)


def cell(difference: Difference, row: Any, rows: Rows) -> Cell:
    ours = ours_of(difference, row)
    mark = stamp(difference, ours)
    if difference.is_whole:
        is_there = {True: _("présente"), False: _("absente")}
        in_files = difference.kind == DifferenceKind.ABSENT
        return Cell(difference, _("La fiche entière"), is_there[ours], is_there[in_files], mark)
    model = difference.row.model_class
    label = capfirst(str(facts.label_of(model, difference.field)))
    words = [in_words(model, difference.field, value, rows) for value in (ours, difference.theirs)]
    return Cell(difference, label, words[0], words[1], mark)


def in_words(model: type[models.Model], name: str, value: Any, rows: Rows) -> str:
    """A value of `aect.loading.values` as a reader knows it; empty when it is unknown."""
    if value in (None, ""):
        return ""
    if facts.fact_of(model, name):
        return str(value)
    field = facts.field_of(model, name)
    if field.many_to_many:
        return ", ".join(sorted(rows(field.related_model, key) for key in value))
    told: Mapping[str, Any] = {field.column: value}
    if facts.is_partial(model, name):
        told = {field.column: value[0], f"{field.column}_precision": value[1]}
    return shown(field, told, rows)  # type: ignore[arg-type]  # names rows as `Names` does
