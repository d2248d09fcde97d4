"""Comparing, finding and sorting text as French readers expect, without a collation that a PostgreSQL may lack.

A model that is searched keeps its texts folded in columns of their own (`FoldedField`), each with a trigram index;
`aect.finding` finds its rows by them.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple

from django.apps import apps
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
MOST_WORDS = 8  # that a mistyped text may have
MOST_ODD = 2  # words of one text that are so mistyped that one has to look for what resembles them
RESEMBLING = 60  # names of each table that may resemble a mistyped word: a frequent word stands in more
ALIKE_ENOUGH = 0.4  # trigrams that both have, of all that one of them has
LONGEST_ODD = 30  # letters of such a word
LONGEST_SWAPPED = 10  # letters; a longer word keeps half of its trigrams when two of them are exchanged


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

    Once `respelt` its text is the one that was meant, as far as one can tell, and it has `words`: each with the ways in
    which it stands in some name. There are none when one cannot tell.
    """

    text: str
    words: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, typed: str) -> "Needle":
        """Folded by the database, as the columns are."""
        line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", typed)).strip()
        with connection.cursor() as cursor:
            cursor.execute("SELECT aect_fold(%s)", [line])
            return cls(cursor.fetchone()[0])

    def respelt(self) -> "Needle":
        """Its words as they stand in some name: as typed, else with two letters exchanged, else the most alike."""
        words = [word for word in dict.fromkeys(re.findall(r"\w+", self.text)) if len(word) > SHORT]
        if len(words) > MOST_WORDS:
            return replace(self, words={})
        known = standing(words)
        odd = [word for word in words if word not in known]
        if len(odd) > MOST_ODD or any(len(word) > LONGEST_ODD for word in odd):
            return replace(self, words={})
        ways = {word: [word] for word in words} | unswapped(odd)
        ways |= most_alike([word for word, spellings in ways.items() if not spellings])
        meant = re.sub(r"\w+", lambda word: (ways.get(word[0]) or [word[0]])[0], self.text)
        return replace(self, text=meant, words=ways if all(ways.values()) else {})

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
            each = [_one_of(spellings) for spellings in self.words.values()]
            return Condition(
                " AND ".join(one.sql for one in each), tuple(param for one in each for param in one.params)
            )
        if self.words == {} or not any(letter.isalnum() for letter in self.text):
            return None
        if self.is_short:
            return self.begun if is_name else None
        return _one_of([self.text])

    def within(self, path: str) -> Q:
        """That the name there is held, see `held`."""
        condition = self.held(is_name=True)
        return Q(condition.on(path)) if condition else NOTHING

    @property
    def named(self) -> Condition:
        """That a folded name is the very text."""
        return Condition("{0} = %s", (self.text,))

    @property
    def begun(self) -> Condition:
        """That a folded name begins with the text."""
        return Condition("{0} LIKE %s", (f"{_literally(self.text)}%",))

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
        named, begun, contains = self.named, self.begun, _one_of([self.text])
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


def _literally(text: str) -> str:
    return connection.ops.prep_for_like_query(text)


def _one_of(texts: list[str]) -> Condition:
    """That one of these stands there."""
    every = " OR ".join(["{0} LIKE %s"] * len(texts))
    return Condition(f"({every})", tuple(f"%{_literally(text)}%" for text in texts))


NOTHING = Q(pk__in=[])


def either(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, NOTHING)


def swaps(word: str) -> list[str]:
    """The word with two neighbours exchanged, each way: « Mexcio » gives « Mexico ». None of a short or a long one."""
    if not SHORT < len(word) <= LONGEST_SWAPPED:
        return []
    made = (word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1))
    return [each for each in dict.fromkeys(made) if each != word]


class Name(NamedTuple):
    """A table with a folded name, and the SQL that tells its rows that everybody may read."""

    table: str
    public: str


def standing(words: list[str]) -> set[str]:
    """Those of the words that stand in some public name."""
    names = public_names()
    has = " OR ".join(f"EXISTS (SELECT FROM {name.table} WHERE folded LIKE %s AND {name.public})" for name in names)
    answers = _answers([has] * len(words), [f"%{_literally(word)}%" for word in words for _name in names])
    return {word for word, stands in zip(words, answers, strict=True) if stands}


def unswapped(words: list[str]) -> dict[str, list[str]]:
    """For each word, those of its `swaps` that stand in some public name."""
    found = standing([each for word in words for each in swaps(word)])
    return {word: [each for each in swaps(word) if each in found] for word in words}


def most_alike(words: list[str]) -> dict[str, list[str]]:
    """For each word, those of public names that it resembles most; none when it resembles none."""
    if not words:
        return {}
    names = " UNION ALL ".join(
        f"(SELECT folded FROM {name.table} WHERE folded %%> odd.word AND {name.public} LIMIT {RESEMBLING})"  # noqa: S608
        for name in public_names()
    )
    statement = f"""
        SELECT odd.word, array_agg(each ORDER BY each)
        FROM unnest(%s) AS odd(word)
        CROSS JOIN LATERAL (
            SELECT each, rank() OVER (ORDER BY similarity(each, odd.word) DESC)
            FROM ({names}) AS names CROSS JOIN LATERAL regexp_split_to_table(folded, '\\W+') AS each
            WHERE similarity(each, odd.word) >= {ALIKE_ENOUGH}
            GROUP BY each
        ) AS near
        WHERE rank = 1
        GROUP BY odd.word
    """  # noqa: S608  # our tables
    with connection.cursor() as cursor:
        cursor.execute(statement, [words])
        alike: dict[str, list[str]] = dict(cursor)
    return {word: alike.get(word, []) for word in words}


def _answers(questions: list[str], params: list[str]) -> list[Any]:
    if not questions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ARRAY[{', '.join(questions)}]", params)
        answers: list[Any] = cursor.fetchone()[0]
        return answers


@cache
def public_names() -> list[Name]:
    """Those of every model.

    A model with drafts says who is public as `PUBLIC`: how a mistyped word is read must not depend on one that stands
    in a draft.
    """
    return [
        Name(model._meta.db_table, getattr(model, "PUBLIC", "true"))
        for model in apps.get_models()
        for column in model._meta.fields
        if column.name == "folded" and not model._meta.proxy
    ]
