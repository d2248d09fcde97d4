"""What a kind of import is: its model, its columns, how a row is known. Applications say theirs with `offer`."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from aect.batches.columns import Column, ListColumn, ReferenceColumn

SEVERAL_SHOWN = 4  # of the rows that an ambiguous name may mean


@dataclass
class Related:
    """Rows that hang on an imported row, and what becomes of them."""

    added: list[models.Model] = field(default_factory=list)
    changed: list[models.Model] = field(default_factory=list)
    removed: list[models.Model] = field(default_factory=list)


class Kind:
    """One kind of rows. An instance serves one file: its finders remember what they found."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    help: ClassVar[str | Promise] = ""
    model: ClassVar[type[models.Model]]

    def __init__(self) -> None:
        self.columns: dict[str, Column] = {column.name: column for column in self.make_columns()}

    def make_columns(self) -> Iterable[Column]:
        raise NotImplementedError

    def rows(self) -> models.QuerySet[Any]:
        """All rows, in the order of an export, with all that the columns read of them."""
        raise NotImplementedError

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        """Each way in which a line of the file says which row it is; nothing when it does not."""
        raise NotImplementedError

    #: The columns that `keys` asks for.
    told_by: ClassVar[tuple[str, ...]]

    def keys_of(self, row: Any) -> Iterator[Hashable]:
        """The same keys, of a row that stands in the database."""
        return self.keys({name: self.columns[name].get(row) for name in self.told_by})

    def known(self, keys: set[Hashable]) -> models.QuerySet[Any]:
        """The rows that stand under one of these keys, and perhaps others."""
        raise NotImplementedError

    def if_another(self, values: Mapping[str, Any]) -> str | Promise:
        """What to do about a line that is taken for a row, or for another line, and is neither."""
        return ""

    def complete(self, row: Any, values: Mapping[str, Any]) -> None:
        """Fills what a new row may leave empty, such as its slug."""

    def relate(self, row: Any, changes: Mapping[str, Any]) -> Related:
        """What changes in the rows that hang on this one, `changes` being new values by column. Writes nothing."""
        related = Related()
        for name, value in changes.items():
            if isinstance(column := self.columns[name], ListColumn) and (links := self.links.get(name)):
                _relate(related, links, row, () if row._state.adding else column.get(row), value)
        return related

    #: List columns that are a many-to-many field, and that field's name.
    links: ClassVar[Mapping[str, Any]] = {}

    #: Models of rows that hang on this one and come and go with it.
    children: ClassVar[tuple[type[models.Model], ...]] = ()

    def column_of(self, child: models.Model) -> str:
        """The column that a row which hangs on this one comes from."""
        return next(iter(self.columns))

    def warnings(self, row: Any) -> Iterable[tuple[str, str]]:
        """What is to be looked at in a row that may be written all the same: `(column, message)`. Asks nothing."""
        return ()

    @property
    def references(self) -> Iterator[ReferenceColumn]:
        return (column for column in self.columns.values() if isinstance(column, ReferenceColumn))

    @property
    def required(self) -> list[str]:
        return [column.name for column in self.columns.values() if column.is_required]


def _relate(related: Related, through: Any, row: Any, before: Iterable[Any], after: Iterable[Any]) -> None:
    """The rows of a many-to-many table that come and go."""
    ours, theirs = (key.attname for key in through._meta.fields if isinstance(key, models.ForeignKey))
    old, new = {target.pk for target in before}, {target.pk for target in after}
    related.added += [through(**{ours: row.pk, theirs: pk}) for pk in sorted(new - old)]
    if old - new:
        related.removed += through._base_manager.filter(**{ours: row.pk, f"{theirs}__in": old - new})


#: The kinds on offer, by name.
KINDS: dict[str, type[Kind]] = {}


def offer(*kinds: type[Kind]) -> None:
    KINDS.update({kind.name: kind for kind in kinds})


class NamedFinder:
    """Finds rows by `code`, a field that is unique, else by `label` when one row alone is so called.

    Of a name, accents and case do not count. `rows` holds all that whoever uses the rows will read of them.
    """

    def __init__(self, rows: models.QuerySet[Any], *, code: str = "slug", label: str = "name") -> None:
        self.rows, self.code, self.label = rows, code, label
        self.by_code: dict[str, Any] = {}
        self.by_name: dict[str, list[Any]] = {}

    def gather(self, texts: Iterable[str]) -> None:
        sought = set(texts)
        self.by_code = {self.tell(row): row for row in self.coded(sought)}
        self.by_name = self.named(sought - self.by_code.keys())

    def coded(self, texts: set[str]) -> Iterable[Any]:
        return self.rows.filter(**{f"{self.code}__in": texts}) if texts else ()

    def named(self, texts: set[str]) -> dict[str, list[Any]]:
        column = self.rows.model._meta.get_field(self.label).column
        pairs = list(same_names(self.rows.model, column, texts))
        rows = self.rows.in_bulk({pk for _text, pk in pairs})
        found: dict[str, list[Any]] = {}
        for text, pk in pairs:
            found.setdefault(text, []).append(rows[pk])
        return found

    def find(self, text: str) -> Any:
        if text in self.by_code:
            return self.by_code[text]
        found = self.by_name.get(text, [])
        if not found:
            raise ValidationError(_("Rien n’est connu sous ce nom ou ce code."))
        if len(found) > 1:
            said = ", ".join(map(self.describe, found[:SEVERAL_SHOWN])) + ("…" if len(found) > SEVERAL_SHOWN else "")
            raise ValidationError(_("Plusieurs portent ce nom : donnez le code. %(found)s") % {"found": said})
        return found[0]

    def tell(self, row: Any) -> str:
        return str(getattr(row, self.code))

    def describe(self, row: Any) -> str:
        """The code with what tells the row from its namesakes."""
        return f"{self.tell(row)} ({row})"

    def learn(self, row: Any) -> None:
        self.by_code.setdefault(self.tell(row), row)


def same_names(model: type[models.Model], column: str, texts: Iterable[str], *, key: str = "") -> Iterator[Any]:
    """`(text, key)` of the rows so named, whatever the accents and the case."""
    if not (sought := list(texts)):
        return
    key = key or str(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT sought, row.{key} FROM {model._meta.db_table} AS row, unnest(%s::text[]) AS sought
            WHERE aect_fold(row.{column}) = aect_fold(sought) ORDER BY sought, row.{key}
            """,  # noqa: S608
            [sought],
        )
        yield from cursor.fetchall()
