"""Reads `fixtures/`: code lists and registers as CSV, the founding cases as TOML. Nothing here knows an app.

A CSV goes to PostgreSQL whole (COPY, then one INSERT … ON CONFLICT); TOML files are few enough for one row at a
time. Either way what is already there keeps its id, and a row that would not change is not written. What people may
change goes through `aect.loading`: theirs is never written over.
"""

import csv
import gzip
import io
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.utils import CursorWrapper

from aect.fields import Precision
from aect.loading import values as facts
from aect.loading.merging import BadFixture, Changes, Loader, Told, deleted_before

# CSV


@dataclass(frozen=True)
class Column:
    """What a cell must hold; `says` completes 'must be …'."""

    says: str
    holds: Callable[[str], object]
    is_optional: bool = False


def text(length: int) -> Column:
    return Column(f"a text of at most {length} characters", lambda value: len(value) <= length and "\0" not in value)


def code(says: str, *lengths: int) -> Column:
    return Column(says, lambda value: value.isascii() and value.isalnum() and len(value) in lengths)


def one_of(values: Iterable[str]) -> Column:
    allowed = frozenset(values)
    return Column(f"one of {', '.join(sorted(allowed))}", allowed.__contains__)


def optional(column: Column) -> Column:
    return Column(f"{column.says}, or empty", column.holds, is_optional=True)


def is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


WHOLE_NUMBER = Column("a whole number", lambda value: value.isascii() and value.isdigit() and len(value) <= 9)
YEAR = Column("a year from 1900 to 2999", lambda value: WHOLE_NUMBER.holds(value) and 1900 <= int(value) < 3000)
DAY = Column("a date written YYYY-MM-DD", is_date)


def read_csv(
    path: Path, columns: Mapping[str, Column], unique: Iterable[Sequence[str]] = ()
) -> Iterator[dict[str, str]]:
    """Rows as `{column: value}` with their `line`; BadFixture for the first cell, header or key that is wrong."""
    seen: dict[tuple[str, ...], str] = {}
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8", newline="")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8", newline="") as file
        ):
            rows = csv.reader(file, strict=True)
            if (header := next(rows, [])) != list(columns):
                raise BadFixture(
                    f"{path.name}, line 1: the columns must be {','.join(columns)}, not {','.join(header)}"
                )
            for cells in rows:
                row = _checked(f"{path.name}, line {rows.line_num}", cells, columns)
                row["line"] = str(rows.line_num)
                for key in unique:
                    _refuse_second(path, row, key, seen)
                yield row
    except (csv.Error, UnicodeDecodeError, OSError, EOFError) as error:
        raise BadFixture(f"{path.name}: {error}") from error


def _checked(place: str, cells: list[str], columns: Mapping[str, Column]) -> dict[str, str]:
    if len(cells) != len(columns):
        raise BadFixture(f"{place}: {len(cells)} cells where {len(columns)} are expected")
    for (name, column), value in zip(columns.items(), cells, strict=True):
        if not (column.holds(value) if value else column.is_optional):
            raise BadFixture(f"{place}, column {name}: “{value[:60]}” must be {column.says}")
    return dict(zip(columns, cells, strict=True))


def _refuse_second(path: Path, row: dict[str, str], key: Sequence[str], seen: dict[tuple[str, ...], str]) -> None:
    """Two rows under one key would be one row in the database, or none."""
    values = tuple(row[name] for name in key)
    if not all(values):
        return
    first = seen.setdefault((*key, *values), row["line"])
    if first != row["line"]:
        raise BadFixture(
            f"{path.name}, line {row['line']}, column {key[0]}: “{', '.join(values)}” is already on line {first}"
        )


def stage(cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> int:
    """Copies rows into a temporary table of texts, dropped at the end of the transaction; an empty cell is NULL."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows([row["line"], *(row[name] for name in columns)] for row in rows)
    buffer.seek(0)
    texts = ", ".join(f"{name} text" for name in columns)
    cursor.execute(
        f"DROP TABLE IF EXISTS {table}; CREATE TEMPORARY TABLE {table} (line integer, {texts}) ON COMMIT DROP"
    )
    cursor.copy_expert(f"COPY {table} FROM STDIN WITH (FORMAT csv)", buffer)
    return int(cursor.rowcount)


def refuse(
    cursor: CursorWrapper, path: Path, table: str, column: str, condition: str, says: str, *, named: str = ""
) -> None:
    """Refuses the first staged row for which the SQL `condition` holds; `named` is the file's own column."""
    cursor.execute(f"SELECT line, {column} FROM {table} AS staged WHERE {condition} ORDER BY line LIMIT 1")  # noqa: S608
    if row := cursor.fetchone():
        raise BadFixture(f"{path.name}, line {row[0]}, column {named or column}: “{row[1]}” {says}")


def require(cursor: CursorWrapper, path: Path, table: str, column: str, known: str, *, named: str = "") -> None:
    """Refuses the first staged row whose `column` is not among the values of the query `known`."""
    refuse(cursor, path, table, column, f"{column} NOT IN ({known})", "is unknown", named=named)


def upsert(
    cursor: CursorWrapper,
    model: type[models.Model],
    table: str,
    columns: Mapping[str, str],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
) -> Changes:
    """Inserts the rows of `table`, or updates those that stand under the same key and differ.

    `columns` maps the model's columns to SQL on the staged row; those in `keep` are written once, at insertion.
    """
    updated = [name for name in columns if name not in {*key, *keep}]
    old, new = (", ".join(f"{alias}.{name}" for name in updated) for alias in ("old", "excluded"))
    cursor.execute(f"""
        WITH written AS (
            INSERT INTO {model._meta.db_table} AS old ({", ".join(columns)})
            SELECT {", ".join(columns.values())} FROM {table}
            ON CONFLICT ({", ".join(key)}) DO UPDATE
            SET {", ".join(f"{name} = excluded.{name}" for name in updated)}
            WHERE ({old}) IS DISTINCT FROM ({new})
            RETURNING xmax = 0 AS is_new
        )
        SELECT (SELECT count(*) FROM {table}),
               count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
    """)  # noqa: S608
    return Changes(*cursor.fetchone())


# TOML


@dataclass
class Entry:
    """One table of a TOML file, with the words that lead a reader to it."""

    place: str
    values: dict[str, Any]

    def entries(self, name: str) -> "list[Entry]":
        """Takes out the tables `[[name]]`; they come from the same source unless they name their own."""
        nested = self.values.pop(name, [])
        shared = {"source": self.values["source"]} if "source" in self.values else {}
        return [Entry(f"{self.place}, {name} {number}", shared | values) for number, values in enumerate(nested, 1)]

    def pop(self, name: str) -> list[str]:
        """Takes out a list of names."""
        return list(self.values.pop(name, []))


def read_toml(path: Path) -> Entry:
    try:
        return Entry(path.name, tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadFixture(f"{path.name}: {error}") from error


def parse_date(value: str, place: str) -> tuple[date, Precision]:
    """`2015` → 1 January 2015 known to the year; likewise `1990s`, `2014-04` and `2015-07-15`."""
    text = str(value)
    parts = text.split("-")
    try:
        if text.endswith("0s"):
            return date(int(text[:-1]), 1, 1), Precision.DECADE
        day = date(*(int(part) for part in [*parts, "1", "1"][:3]))
        return day, (Precision.YEAR, Precision.MONTH, Precision.DAY)[len(parts) - 1]
    except (ValueError, IndexError) as error:
        raise BadFixture(f"{place}: “{value}” must be a date as YYY0s, YYYY, YYYY-MM or YYYY-MM-DD") from error


@dataclass
class Writer:
    """Writes entries as rows. `names` holds what entries may refer to by a name of the fixtures' own."""

    loader: Loader
    names: dict[type[models.Model], dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def put(
        self,
        entry: Entry,
        model: type[models.Model],
        *key: str,
        links: Mapping[str, Iterable[str]] | None = None,
        **given: Any,
    ) -> Any:
        """Creates the row, or brings the one that stands under the same key up to date as far as nobody changed it.

        `links` are its many-to-many relations, by names of the fixtures.
        """
        fields = {known.name: known for known in model._meta.concrete_fields}
        values = self._values(entry, model)
        values |= {fields[name].attname: getattr(value, "pk", value) for name, value in given.items()}
        where = {fields[name].attname: values.get(fields[name].attname, fields[name].get_default()) for name in key}
        told = facts.from_attributes(model, values)
        told |= {name: self._linked(entry, model, name, named) for name, named in (links or {}).items()}
        if key == ("id",):  # a row of the registers: its number is no fact of it
            told.pop("id")
        row = self.loader.put(
            Told(
                model,
                [facts.plain(value) for value in where.values()],
                told,
                entry.place,
                lambda: model._default_manager.filter(**where).first(),
                partial(deleted_before, model, where),
                under=frozenset(name for name in given if fields[name].is_relation),
            )
        )
        if key == ("slug",):
            self.names[model][values["slug"]] = row
        return row

    def _linked(self, entry: Entry, model: type[models.Model], relation: str, names: Iterable[str]) -> list[Any]:
        target: Any = model._meta.get_field(relation).related_model
        return sorted({self.find(entry, target, name).pk for name in names})

    def find(self, entry: Entry, model: type[models.Model], name: str) -> Any:
        """The row of this name: the fixtures' own, else the model's primary key or slug; perhaps one that is gone."""
        if name in self.names[model]:
            return self.names[model][name]
        by = "slug" if any(f.name == "slug" for f in model._meta.fields) else "pk"
        if row := model._default_manager.filter(**{by: name}).first() or self.loader.gone(model, [name]):
            return row
        raise BadFixture(f"{entry.place}: no {model._meta.model_name} is named “{name}”")

    def _values(self, entry: Entry, model: type[models.Model]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        fields = {f.name: f for f in model._meta.concrete_fields}
        for name, value in entry.values.items():
            if (known := fields.get(name)) is None:
                raise BadFixture(f"{entry.place}: “{name}” is not a field of {model._meta.model_name}")
            if isinstance(known, models.ForeignKey):
                values[known.attname] = self.find(entry, known.related_model, value).pk
            elif isinstance(known, models.DateField) and f"{name}_precision" in fields:
                values[name], values[f"{name}_precision"] = parse_date(value, f"{entry.place}, {name}")
            else:
                values[name] = self._parsed(entry, known, value)
        return values

    def _parsed(self, entry: Entry, known: Any, value: Any) -> Any:
        try:
            return known.to_python(value)
        except ValidationError as error:
            raise BadFixture(f"{entry.place}, {known.name}: {' '.join(error.messages)}") from error
