"""What happened to a record and to what hangs on it, told from the rows of its history (`aect.history`)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import timezone
from django.utils.formats import localize, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from aect import history
from aect.accounts.models import User
from aect.fields import partial_date, ranked

#: Says nothing to a reader.
SILENT = frozenset({"id", "version"})


class Branch(NamedTuple):
    """Rows that hang on a record: their model, the foreign key that hangs them, and where that key leads."""

    model: type[models.Model]
    key: str = ""
    above: "Branch | None" = None


def told_under(branch: Branch) -> Iterator[Branch]:
    """This branch and those that hang on it, from the record outwards."""
    yield branch
    for model, keys in history.hanging_on(branch.model):
        for key in keys:
            yield from told_under(Branch(model, key, branch))


def rows_under(branch: Branch, alias: str = "event") -> str:
    """SQL that holds for the history's rows of this branch under the record `%(pk)s`."""
    if branch.above is None:
        return f"{alias}.pgh_obj_id = %(pk)s"
    if branch.above.above is None:
        return f"{alias}.{branch.key}_id = %(pk)s"
    table = history.events_of(branch.above.model)._meta.db_table
    ids = f"SELECT pgh_obj_id FROM {table} AS above WHERE {rows_under(branch.above, 'above')}"  # noqa: S608
    return f"{alias}.{branch.key}_id IN ({ids})"


class Cell(NamedTuple):
    """One field of one row that changed; an empty text is an unknown value."""

    label: str
    before: str
    after: str


@dataclass
class Change:
    """One row that was added, changed or deleted; `who` did it, `where` is the address or empty."""

    at: datetime
    who: str
    where: str
    label: str
    kind: str
    name: str
    cells: list[Cell]
    model: str
    event: int

    @property
    def group(self) -> tuple[datetime, str, str]:
        """Equal for all that one transaction did."""
        return self.at, self.who, self.where


@dataclass
class Row:
    """A row of the history as PostgreSQL gives it; `before` is the same record's row just before, if any."""

    branch: Branch
    event: int
    at: datetime
    label: str
    context: dict[str, Any]
    after: dict[str, Any]
    before: dict[str, Any]

    @property
    def told(self) -> Iterator[Any]:
        """The fields to speak of: those that differ; of a row that came or went, those that are known."""
        if self.branch.model._meta.concrete_model._meta.auto_created:  # type: ignore[union-attr]
            return  # a link between two records: its name says all
        for field in self.branch.model._meta.concrete_fields:
            name = field.column
            if name in SILENT or field.name == self.branch.key or name not in self.after:
                continue
            if name.endswith("_precision") and name.removesuffix("_precision") in self.after:
                continue
            values = [(row.get(name), row.get(f"{name}_precision")) for row in (self.before, self.after)]
            if values[0] != values[1] if self.label == "update" else self.after[name] not in (None, ""):
                yield field


class Changes:
    """The changes of one record, latest first, for a paginator; a page takes a fixed number of queries."""

    def __init__(self, record: models.Model) -> None:
        self.branches = list(told_under(Branch(type(record))))
        self.parameters: dict[str, Any] = {"pk": record.pk}

    @cached_property
    def sql(self) -> str:
        """The events, latest or not: branch, event, time, label and context."""
        selects = (
            f"""
            SELECT {place} AS branch, pgh_id, pgh_created_at, pgh_label, pgh_context_id
            FROM {history.events_of(branch.model)._meta.db_table} AS event WHERE {rows_under(branch)}
            """  # noqa: S608
            for place, branch in enumerate(self.branches)
        )
        return " UNION ALL ".join(selects)

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({self.sql}) AS events", self.parameters)  # noqa: S608
            return int(cursor.fetchone()[0])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Change]:
        rows = list(self.rows(part.start or 0, part.stop))
        names = Names(rows)
        return [told(row, names) for row in rows]

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """Two rows of the history for each event of the page: its own, and the same record's one before."""
        whole = " UNION ALL ".join(
            f"""
            SELECT page.*, to_jsonb(event) AS after, to_jsonb(former) AS before
            FROM page JOIN {table} AS event USING (pgh_id) LEFT JOIN LATERAL (
                SELECT * FROM {table} AS earlier
                WHERE earlier.pgh_obj_id = event.pgh_obj_id AND earlier.pgh_id < event.pgh_id
                ORDER BY earlier.pgh_id DESC LIMIT 1
            ) AS former ON true
            WHERE page.branch = {place}
            """  # noqa: S608
            for place, table in enumerate(history.events_of(branch.model)._meta.db_table for branch in self.branches)
        )
        order = "pgh_created_at DESC, branch, pgh_id DESC"
        statement = f"""
            WITH page AS ({self.sql} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s), whole AS ({whole})
            SELECT branch, pgh_id, pgh_created_at, pgh_label, context.metadata::text, after::text, before::text
            FROM whole LEFT JOIN pghistory_context AS context ON context.id = pgh_context_id
            ORDER BY {order}
        """  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(statement, {**self.parameters, "limit": stop - start, "offset": start})
            for place, event, at, label, context, after, before in cursor.fetchall():
                yield Row(self.branches[place], event, at, label, *map(read, (context, after, before)))


class Deletions(Changes):
    """What was deleted of these models since a moment, and is gone still; not what went along with another, nor the
    thousands of rows of an import that was taken back.

    With `by`, what this person deleted.
    """

    def __init__(self, models_: Iterable[type[models.Model]], since: datetime, *, by: User | None = None) -> None:
        self.branches = [Branch(model, (*history.events_of(model).hangs_on, "")[0]) for model in models_]
        self.parameters = {"since": since, "by": by.pk if by else None}

    @cached_property
    def sql(self) -> str:
        selects = (
            f"""
            SELECT {place} AS branch, pgh_id, pgh_created_at, pgh_label, pgh_context_id
            FROM {history.events_of(branch.model)._meta.db_table} AS event
            WHERE pgh_label = 'delete' AND pgh_created_at > %(since)s AND {gone(branch.model)}
            AND NOT EXISTS (SELECT FROM pghistory_context WHERE id = pgh_context_id AND metadata ? 'undone')
            AND (%(by)s IS NULL OR pgh_context_id IN (
                SELECT id FROM pghistory_context WHERE metadata @> jsonb_build_object('user', %(by)s::bigint)
            ))
            """  # noqa: S608
            for place, branch in enumerate(self.branches)
        )
        return " UNION ALL ".join(selects)


def gone(model: type[models.Model]) -> str:
    """SQL: this deletion is the record's last event, and the records on which it hung are there."""
    later = f"SELECT FROM {history.events_of(model)._meta.db_table} AS later"
    said = [f"NOT EXISTS ({later} WHERE later.pgh_obj_id = event.pgh_obj_id AND later.pgh_id > event.pgh_id)"]
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE:
            above = field.related_model._meta
            there = f"SELECT FROM {above.db_table} AS above WHERE above.{above.pk.column} = event.{field.column}"
            said.append(f"(event.{field.column} IS NULL OR EXISTS ({there}))")
    return " AND ".join(said)


def read(document: str | None) -> dict[str, Any]:
    """A row as JSON, its numbers exact."""
    found: dict[str, Any] = json.loads(document or "{}", parse_float=Decimal)
    return found


class Names:
    """Names of the records and people that some rows refer to: one query a model."""

    def __init__(self, rows: list[Row]) -> None:
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for row in rows:
            wanted[User].add(row.context.get("user"))
            for field in row.branch.model._meta.concrete_fields:
                if isinstance(field, models.ForeignKey):
                    keys = {row.after.get(field.column), row.before.get(field.column)}
                    wanted[field.related_model] |= keys
        self.found = {model: model._default_manager.in_bulk(keys - {None}) for model, keys in wanted.items()}

    def __call__(self, model: Any, key: Any) -> str:
        found = self.found[model].get(key)
        return str(found) if found else _("n° %(key)s, supprimé depuis") % {"key": key}


def told(row: Row, names: Names) -> Change:
    fields = list(row.told)
    cells = [
        Cell(
            capfirst(str(field.verbose_name)),
            shown(field, row.before, names) if row.label == "update" else "",
            shown(field, row.after, names),
        )
        for field in fields
    ]
    kind = capfirst(str(row.branch.model._meta.verbose_name))
    person, place = who(row.context, names), row.context.get("url", "")
    if row.label == history.OPENING:
        person = _("État à l’ouverture de l’historique")
    model = row.branch.model._meta.label_lower
    return Change(row.at, person, place, row.label, kind, named(row, names), cells, model, row.event)


def named(row: Row, names: Names) -> str:
    """What tells this row from its like: its name, title or code, else the record that it links or what it lists."""
    fields = {field.name: field for field in row.branch.model._meta.concrete_fields}
    for name in ("name", "title", "text", "code"):
        if name in fields:
            return shown(fields[name], row.after, names)
    for name, field in fields.items():
        links = isinstance(field, models.ForeignKey) and name not in {row.branch.key, "source"}
        if links or (isinstance(field, models.IntegerField) and field.choices):
            return shown(field, row.after, names)
    return ""


def shown(field: Any, row: Mapping[str, Any], names: Names) -> str:
    """A value as the reader knows it; empty when it is unknown."""
    value = row.get(field.column)
    if value in (None, ""):
        return ""
    if isinstance(field, models.ForeignKey):
        return names(field.related_model, value)
    if f"{field.column}_precision" in row:
        return partial_date(field.to_python(value), row[f"{field.column}_precision"])
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list | dict):
        return listed(field, value)
    return said(field.to_python(value))


def listed(field: Any, values: Any) -> str:
    """What an array holds, by its choices' labels and in their order; a document as it is."""
    if isinstance(field, models.JSONField):
        return json.dumps(values, ensure_ascii=False, default=str)
    labels = dict(field.base_field.flatchoices)
    places = {value: place for place, value in enumerate(labels)}
    return ", ".join(str(labels.get(each, each)) for each in sorted(values, key=lambda v: places.get(v, len(places))))


def said(value: Any) -> str:
    """A value in the reader's language: cents in full, else no idle zeros, for « 80,000 » is not 80 to everybody."""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    if isinstance(value, date):
        return ranked(localize(value, use_l10n=True))
    if isinstance(value, Decimal) and value.as_tuple().exponent != -2:
        value = value.normalize()
    return str(number_format(value) if isinstance(value, int | float | Decimal) else localize(value, use_l10n=True))


def who(context: Mapping[str, Any], names: Names) -> str:
    """The person, the import or the command; a change with none of them came from outside the service."""
    person = names(User, context["user"]) if context.get("user") else ""
    if context.get("batch"):
        batch = _("Import %(batch)s") % {"batch": context["batch"]}
        return f"{batch} ({person})" if person else batch
    if context.get("command"):
        return _("Commande %(name)s") % {"name": context["command"]}
    return person or _("Hors du service")
