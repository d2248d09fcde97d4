"""Comparing, finding and sorting text as French readers expect, without a collation that a PostgreSQL may lack.

A model that is searched keeps its texts folded in columns of their own (`FoldedField`), each with a trigram index;
`aect.finding` finds its rows by them.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.contrib.postgres.indexes import GinIndex
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    F,
    FloatField,
    Func,
    GeneratedField,
    Index,
    Q,
    TextField,
)

CONTAINED = 1.0  # the closeness of a row that contains what is sought elsewhere than in its name; the least of them
SHORT = 2  # letters that nearly every text contains: of so few, a text has to begin so
#: What stands between the words of a name; one is typed for another, « saint étienne », and LIKE takes any for each.
BETWEEN = str.maketrans(dict.fromkeys(" -'", "_"))


#: What turns a line round, hides in it or ends a terminal's: controls, bidirectional marks, letters without width.
#: Those that join letters stay (U+200C, U+200D): scripts need them.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def readable(text: str) -> str:
    """The text without what nobody sees of it."""
    return text if text.isprintable() else HIDDEN.sub("", text)


class Fold(Func):
    """`unaccent(lower(text))`: sorts É with E, finds « Mexico » in « México ».

    The SQL function is created by the first migration of `partnerships` and is IMMUTABLE, so that it can be
    indexed.
    """

    function = "aect_fold"
    output_field = CharField()


def FoldedField(name: str) -> GeneratedField:  # noqa: N802  # reads as a field
    """The column `name` without accents and case, kept by the database."""
    return GeneratedField(expression=Fold(name), output_field=TextField(), db_persist=True)


def search_index(column: str, *, name: str) -> GinIndex:
    """Makes it fast to find what contains a text, or resembles it, in a folded column."""
    return GinIndex(fields=[column], opclasses=["gin_trgm_ops"], name=name)


def name_index(column: str, *, name: str) -> Index:
    """Makes it fast to find what is called so, or begins so, in a folded column."""
    return Index(fields=[column], opclasses=["text_pattern_ops"], name=name)


class Condition(NamedTuple):
    """SQL about a column, which stands in it as `{0}`, with what it is asked."""

    sql: str
    params: tuple[Any, ...] = ()

    def on(self, path: str) -> "OnColumn":
        """That the field there fulfils it."""
        return OnColumn(path, self.sql, self.params, output_field=BooleanField())


class OnColumn(Func):
    """SQL about the field that the path leads to."""

    def __init__(self, path: str, sql: str, params: tuple[Any, ...], **extra: Any) -> None:
        super().__init__(F(path), **extra)
        self.sql, self.params = sql, params

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]
        column, _params = compiler.compile(self.source_expressions[0])
        return self.sql.format(column), self.params


@dataclass(frozen=True)
class Needle:
    """What somebody looks for, folded.

    Once it was read as another one, its text is that one and it has `words`; none when one cannot tell what was meant
    (see `aect.spelling`).
    """

    text: str
    words: list[str] | None = None

    @classmethod
    def of(cls, typed: str) -> "Needle":
        """Folded by the database, as the columns are."""
        line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", typed)).strip()
        with connection.cursor() as cursor:
            cursor.execute("SELECT aect_fold(%s)", [line])
            return cls(cursor.fetchone()[0])

    @property
    def is_respelt(self) -> bool:
        return self.words is not None

    @property
    def is_scattered(self) -> bool:
        """Whether its words are sought wherever they stand, instead of the text."""
        return self.words is not None and len(self.words) > 1

    @property
    def is_short(self) -> bool:
        return len(self.text) <= SHORT

    def held(self, *, is_name: bool) -> Condition | None:
        """That a folded text contains the text; that a name begins with one or two letters. None when nothing does.

        Respelt: that it has all of the words, in any order.
        """
        if self.words and self.is_scattered:
            each = [_contains(word) for word in self.words]
            return Condition(
                " AND ".join(one.sql for one in each), tuple(param for one in each for param in one.params)
            )
        if self.words == [] or not any(letter.isalnum() for letter in self.text):
            return None
        if self.is_short:
            return self.begun if is_name else None
        return _contains(self.text)

    def within(self, path: str) -> Q:
        """That the name there is held, see `held`."""
        condition = self.held(is_name=True)
        return Q(condition.on(path)) if condition else NOTHING

    @property
    def named(self) -> Condition:
        """That a folded name is the very text."""
        return Condition("{0} LIKE %s", (_pattern(self.text),))

    @property
    def begun(self) -> Condition:
        """That a folded name begins with the text."""
        return Condition("{0} LIKE %s", (f"{_pattern(self.text)}%",))

    @property
    def coded(self) -> Condition | None:
        """That an official code is the text, when it can be one: each has a digit."""
        code = self.text.replace(" ", "").upper()
        return Condition("{0} = %s", (code,)) if any(letter.isdigit() for letter in code) else None

    def closeness(self, path: str) -> OnColumn:
        """How near the folded name of a row found is: 3 that very name, 2 begins so, 1.5 contains it, 1 another text
        does; of scattered words, how like the text it is."""
        nearness = self.nearness
        return OnColumn(path, nearness.sql, nearness.params, output_field=FloatField())

    @property
    def nearness(self) -> Condition:
        """SQL of the `closeness`."""
        named, begun, contains = self.named, self.begun, _contains(self.text)
        otherwise = Condition("similarity({0}, %s)", (self.text,)) if self.is_scattered else self.elsewhere
        nearer = f"WHEN {named.sql} THEN 3.0 WHEN {begun.sql} THEN 2.0 WHEN {contains.sql} THEN 1.5"
        return Condition(
            f"CASE {nearer} ELSE {otherwise.sql} END",
            (*named.params, *begun.params, *contains.params, *otherwise.params),
        )

    @property
    def exactly(self) -> Condition:
        """The closeness of a row found by its very name or code."""
        return Condition("3.0")

    @property
    def elsewhere(self) -> Condition:
        """The closeness of a row found otherwise than by its name."""
        return Condition("0.0" if self.is_scattered else str(CONTAINED))


def literally(text: str) -> str:
    """The text as LIKE takes it, its wildcards meaning themselves."""
    return connection.ops.prep_for_like_query(text)


def _pattern(text: str) -> str:
    return literally(text).translate(BETWEEN)


def _contains(text: str) -> Condition:
    return Condition("{0} LIKE %s", (f"%{_pattern(text)}%",))


NOTHING = Q(pk__in=[])


def either(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, NOTHING)
