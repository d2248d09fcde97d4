"""Finding rows by a text, wherever one may stand that leads to them.

A model that is searched says in `TEXTS` where that is, the longest texts last, and its QuerySet is a
`SearchedQuerySet`. A `Lookup` tells of any number of them which few of their rows are found: a list that few rows are
in needs no more, and the suggestions choose the nearest from these. It is SQL of our own because Django takes longer to
build so many queries than the database to answer them, and simple statements because the database takes longer to plan
many joins than to walk its indexes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple, Self, TypeVar

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Func, Model, Q, QuerySet

from aect.spelling.services import respell
from aect.text import Condition, Needle, either

NEAREST = 60  # rows that the nearest are chosen from, and that one text leads to; as many are few

M = TypeVar("M", bound=Model)


class Link(NamedTuple):
    """The way on from what a text leads to: in this model, from the field `by` to the field `to`.

    `model` is empty for the searched model itself.
    """

    by: str
    to: str = "pk"
    model: str = ""


@dataclass(frozen=True)
class Text:
    """A folded column by which rows are found; the one called `folded` is a name.

    `model` is empty for the searched model itself; another's field `key` leads to the rows, or to a link that does.
    """

    column: str = "folded"
    model: str = ""
    key: str = "pk"
    link: Link | None = None
    is_code: bool = False

    @property
    def is_name(self) -> bool:
        return self.column == "folded"

    @property
    def source(self) -> "Text":
        """The same, before any link: what several models are found by is looked up once."""
        return replace(self, link=None)

    def condition(self, needle: Needle) -> Condition | None:
        """That the column has what is sought; None when no column of its kind does."""
        return needle.coded if self.is_code else needle.held(is_name=self.is_name)

    def closeness(self, needle: Needle) -> Condition:
        if self.is_code:
            return needle.exactly
        return needle.nearness if self.is_name else needle.elsewhere

    def keys(self, condition: Condition) -> Condition:
        """That a key is among those that the rows which fulfil it lead to."""
        model = apps.get_model(self.model)
        holds = f"{model._meta.db_table} WHERE {condition.sql.format(self.column)}"
        keys = f"SELECT {column_of(model, self.key)} FROM {holds}"  # noqa: S608  # columns
        return Condition(f"{{0}} IN ({keys})", condition.params)

    def held(self, condition: Condition) -> Q:
        """That a row of the searched model, or of the link's, is found so."""
        if not self.model:
            return Q(condition.on(self.column))
        keys = rows_of(self.model).filter(condition.on(self.column)).values(self.key)
        return Q(**{f"{self.link.by if self.link else 'pk'}__in": keys})


def linked(texts: Iterable[Text], link: Link) -> tuple[Text, ...]:
    """The same texts, from which the link leads on."""
    return tuple(replace(text, link=link) for text in texts)


class Hit(NamedTuple):
    """How far a row found is, the nearest being least: its `Needle.closeness`, negated; its folded name."""

    distance: float
    folded: str


class Looked(NamedTuple):
    """The rows found, by their keys; whether these are all."""

    rows: dict[int, Hit]
    are_all: bool

    def nearest(self, most: int) -> list[int]:
        """The keys of so many nearest, the nearest first."""
        return [key for _hit, key in sorted((hit, key) for key, hit in self.rows.items())[:most]]


NOTHING = Looked({}, are_all=True)
NOWHERE = Hit(1.0, "")
A_LITTLE = 0.25  # less than between a name that begins with a text and one that contains it


class SearchedQuerySet(QuerySet[M]):
    """Of a model that has `TEXTS` and is sorted by its column `folded`."""

    def found(self, needle: Needle) -> Self:
        """Those that one of the texts leads to; `none()` when there are none."""
        return self.among(Lookup(self).of(needle, NEAREST)[0], needle)

    def among(self, looked: Looked, needle: Needle) -> Self:
        """Those found. Each row is held against all of the texts when many are: quicker than to gather them."""
        if not looked.rows:
            return self.none()
        if looked.are_all:
            return self.filter(pk__in=sorted(looked.rows))
        return self.filter(either(self._ways(needle)))

    def _ways(self, needle: Needle) -> Iterator[Q]:
        for link, texts in groupby(texts_of(self.model), key=lambda text: text.link):
            held = either(text.held(condition) for text in texts if (condition := text.condition(needle)))
            to = rows_of(link.model).filter(held).values(link.to) if link and link.model else None
            yield held if to is None else Q(pk__in=to)

    def nearest(self, looked: Looked, needle: Needle, *, most: int) -> list[M]:
        """The nearest of those looked up, the nearest first; see `with_found_as`."""
        keys = looked.nearest(most)
        rows = self.filter(pk__in=keys).order_by()
        if any(needle.text not in looked.rows[key].folded for key in keys):
            rows = rows.with_found_as(needle)
        return sorted(rows, key=lambda row: keys.index(row.pk))

    def nearest_first(self, needle: Needle) -> Self:
        """Of those found, the nearest name first."""
        return self.with_found_as(needle).order_by(needle.closeness("folded").desc(), "folded", "pk")

    def with_found_as(self, needle: Needle) -> Self:
        """Annotates `found_as`, where a row may be found by a text that it does not show."""
        return self

    def first_found(self, typed: str) -> tuple[Self, Needle]:
        """Those that contain the text or, when none does, those that do once mistyped words are forgiven."""
        needle, (looked,) = look_up(typed, self)
        return self.among(looked, needle), needle

    def matching(self, text: str) -> Self:
        """Those `first_found`, in their `found_order`."""
        rows, needle = self.first_found(text)
        return rows.found_order(needle)

    def found_order(self, needle: Needle) -> Self:
        """As a list shows them: in the order that they had."""
        return self.with_found_as(needle)


def texts_of(model: type[Model]) -> Sequence[Text]:
    return model.TEXTS  # type: ignore[attr-defined, no-any-return]


def rows_of(label: str) -> Any:
    return apps.get_model(label)._default_manager.order_by()


def column_of(model: type[Model], field: str) -> str:
    """The column of this field, with its table."""
    column: Any = model._meta.pk if field == "pk" else model._meta.get_field(field)
    return f"{model._meta.db_table}.{column.column}"


class Lookup:
    """What is found of each of these, at most `NEAREST` rows by each text, in two statements for all.

    The first finds rows by their own names, and what leads to rows; the second follows the links from there, and looks
    into longer texts or, of what many names contain, for the very name.
    """

    def __init__(self, *searches: SearchedQuerySet[Any]) -> None:
        self.searches = len(searches)
        self.sources = dict.fromkeys(text.source for rows in searches for text in texts_of(rows.model) if text.model)
        self.frames = {n: frame for n, rows in enumerate(searches) if (frame := Frame.of(rows))}

    def of(self, needle: Needle, enough: int) -> list[Looked]:
        """Each with the nearest `enough` rows at least, if there are so many."""
        own = [branch for n, frame in self.frames.items() for branch in frame.own(n, needle)]
        found = _ask([*own, *filter(None, (_looked_in(source, needle) for source in self.sources))])
        more = _ask([branch for n, frame in self.frames.items() for branch in frame.more(n, needle, found, enough)])
        return [
            _together(found.get(n, NOTHING), more.get(n, NOTHING), self.frames[n].near(found), enough)
            if n in self.frames
            else NOTHING
            for n in range(self.searches)
        ]


def look_up(typed: str, *searches: SearchedQuerySet[Any], enough: int | None = None) -> tuple[Needle, list[Looked]]:
    """What is found of each, see `Lookup.of`; mistyped words are forgiven when nothing contains the text."""
    enough = enough or NEAREST
    needle, lookup = Needle.of(typed), Lookup(*searches)
    looked = lookup.of(needle, enough)
    if not any(found.rows for found in looked):
        needle = respell(needle)
        looked = lookup.of(needle, enough)
    return needle, looked


class Branch(NamedTuple):
    """A `SELECT` of keys and their closeness, and whose they are."""

    owner: Any
    sql: str
    params: tuple[Any, ...]


def _ask(branches: Sequence[Branch]) -> dict[Any, Looked]:
    """What the branches find, by its owner."""
    if not branches:
        return {}
    counts = [0] * len(branches)
    found: dict[Any, dict[int, Hit]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"(SELECT {n}, {branch.sql} LIMIT {NEAREST})" for n, branch in enumerate(branches)),
            [each for branch in branches for each in branch.params],
        )
        for n, key, *hit in cursor:
            counts[n] += 1
            rows = found.setdefault(branches[n].owner, {})
            if key not in rows or hit[0] < rows[key].distance:
                rows[key] = Hit(*hit)
    cut = {branch.owner for branch, count in zip(branches, counts, strict=True) if count >= NEAREST}
    return {owner: Looked(rows, owner not in cut) for owner, rows in found.items()}


def _together(own: Looked, led: Looked, near: dict[int, Hit], enough: int) -> Looked:
    """Both, each row as near as any of these say."""
    rows = led.rows | own.rows
    for key in rows.keys() & (led.rows.keys() | near.keys()):
        distance = min(each[key].distance for each in (own.rows, led.rows, near) if key in each)
        rows[key] = Hit(distance, rows[key].folded)
    return Looked(rows, own.are_all and led.are_all and len(own.rows) < enough)


def _looked_in(source: Text, needle: Needle) -> Branch | None:
    if not (condition := source.condition(needle)):
        return None
    model, near = apps.get_model(source.model), source.closeness(needle)
    holds = f"{model._meta.db_table} WHERE {condition.sql.format(source.column)}"
    distance = near.sql.format(source.column)
    select = f"{column_of(model, source.key)}, -({distance})::float8, {source.column} FROM {holds}"
    return Branch(source, select, (*near.params, *condition.params))


class _Sought(Func):
    """Stands in a query for a condition that is not known yet."""

    output_field = BooleanField()
    mark = "{sought}"

    def as_sql(self, *args: Any, **extra: Any) -> tuple[str, tuple[str]]:
        return self.mark, (self.mark,)


class Frame(NamedTuple):
    """The SQL of rows, built once, with room for one more condition; what it is asked before and after that."""

    model: type[Model]
    sql: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]

    @classmethod
    def of(cls, rows: SearchedQuerySet[Any]) -> "Frame | None":
        """None when there can be no rows."""
        query = rows.order_by().filter(_Sought()).values_list("pk", "folded").query
        try:
            sql, params = query.sql_with_params()
        except EmptyResultSet:
            return None
        at = params.index(_Sought.mark)
        return cls(rows.model, sql, params[:at], params[at + 1 :])

    def branch(self, owner: int, condition: Condition, closeness: Condition) -> Branch:
        rows, distance = self.sql.replace(_Sought.mark, condition.sql), closeness.sql.format("folded")
        return Branch(
            owner,
            f"id, -({distance})::float8, folded FROM ({rows} LIMIT {NEAREST}) AS found(id, folded)",
            (*closeness.params, *self.before, *condition.params, *self.after),
        )

    def own(self, owner: int, needle: Needle) -> Iterator[Branch]:
        """Those found by their own names."""
        for text in texts_of(self.model):
            if text.is_name and not text.model and (condition := text.condition(needle)):
                yield self.branch(owner, self._on(text.column, condition), text.closeness(needle))

    def more(self, owner: int, needle: Needle, found: dict[Any, Looked], enough: int) -> Iterator[Branch]:
        """Those found by their other texts and by links, as far as anything is `found` there.

        Where only some of what leads to rows was looked up, the very name is asked for, then all of it. Of rows with
        enough names that are found, only other names are: the rest could but be farther.
        """
        own = found.get(owner, NOTHING)
        has_enough = not own.are_all or len(own.rows) >= enough
        for text in (text for text in texts_of(self.model) if not text.model):
            condition = text.condition(needle) if not text.is_name and not has_enough else None
            condition = needle.named if text.is_name and not own.are_all else condition
            if condition:
                yield self.branch(owner, self._on(text.column, condition), text.closeness(needle))
        others = (text for text in texts_of(self.model) if text.source in found and not (text.link and has_enough))
        for link, texts in groupby(others, key=lambda text: text.link):
            sources = [text.source for text in texts]
            keys = sorted({key for source in sources for key in found[source].rows})
            yield self.branch(owner, self._through(link, Condition("{0} = ANY(%s)", (keys,))), needle.elsewhere)
            for source in (source for source in sources if not found[source].are_all):
                if not link:
                    yield self.branch(owner, self._through(link, source.keys(needle.named)), needle.exactly)
                if not has_enough and (condition := source.condition(needle)):
                    yield self.branch(owner, self._through(link, source.keys(condition)), needle.elsewhere)

    def near(self, found: dict[Any, Looked]) -> dict[int, Hit]:
        """How near rows are by their other names, which count a little less than their own."""
        near: dict[int, Hit] = {}
        for source in (text for text in texts_of(self.model) if text.model and not text.link and text in found):
            for key, hit in found[source].rows.items():
                near[key] = min(Hit(hit.distance + A_LITTLE, hit.folded), near.get(key, NOWHERE))
        return near

    def _on(self, field: str, condition: Condition) -> Condition:
        return Condition(condition.sql.format(column_of(self.model, field)), condition.params)

    def _through(self, link: Link | None, condition: Condition) -> Condition:
        """The condition, which is on what leads to the link, as one on the rows."""
        if not link or not link.model:
            return self._on(link.by if link else "pk", condition)
        model = apps.get_model(link.model)
        by = condition.sql.format(column_of(model, link.by))
        led = f"SELECT {column_of(model, link.to)} FROM {model._meta.db_table} WHERE {by}"  # noqa: S608  # columns
        return self._on("pk", Condition(f"{{0}} IN ({led})", condition.params))
