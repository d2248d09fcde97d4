"""Comparing, finding and sorting text as French readers expect, without a collation that a PostgreSQL may lack.

A model that is searched keeps its texts folded in columns of their own (`FoldedField`), each with a trigram index, and
its QuerySet has `found(needle)`: the rows that have it `within` some of these columns, see `found_in`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from operator import and_, or_
from typing import Any, TypeVar

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    FloatField,
    Func,
    GeneratedField,
    Index,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)

CONTAINED = 1.0  # the closeness of a row that contains what is sought elsewhere than in its name; the least of them
SHORT = 2  # letters that nearly every text contains: of so few, a text has to begin so
MOST_WORDS = 8  # that a mistyped text may have
MOST_ODD = 2  # words of one text that may be so mistyped that only a likeness finds them
LONGEST_ODD = 30  # letters of such a word
LONGEST_SWAPPED = 12  # letters; a longer word stays alike when two of them are exchanged
NEAREST = 60  # rows that the nearest are chosen from; as many are few

R = TypeVar("R", bound=QuerySet[Any])


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


@dataclass(frozen=True)
class Needle:
    """What somebody looks for, folded; `most` bounds the rows that the nearest are chosen from.

    Once `respelt` it has `words`: each with the ways in which it stands in some name, or none when it is so mistyped
    that one can only look for what resembles it; its text is then the one that was meant, as far as one can tell.
    `looked_up` keeps shortlists that several kinds of rows are found by.
    """

    text: str
    most: int | None = None
    words: dict[str, list[str]] | None = None
    looked_up: dict[str, list[int] | None] = field(init=False, default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, typed: str, *, most: int | None = None) -> "Needle":
        """Folded by the database, as the columns are."""
        line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", typed)).strip()
        with connection.cursor() as cursor:
            cursor.execute("SELECT aect_fold(%s)", [line])
            return cls(cursor.fetchone()[0], most)

    def respelt(self) -> "Needle":
        """Its words in the ways that stand in some name: as they are, else with two letters exchanged."""
        words = [word for word in dict.fromkeys(re.findall(r"\w+", self.text)) if len(word) > SHORT]
        if len(words) > MOST_WORDS:
            return replace(self, most=NEAREST, words={})
        known = standing(words)
        swapped = standing([each for word in words if word not in known for each in swaps(word)])
        ways = {word: [word] if word in known else [each for each in swaps(word) if each in swapped] for word in words}
        odd = [word for word, spellings in ways.items() if not spellings]
        is_hopeless = len(odd) > MOST_ODD or any(len(word) > LONGEST_ODD for word in odd)
        meant = re.sub(r"\w+", lambda word: (ways.get(word[0]) or [word[0]])[0], self.text)
        respelt = replace(self, text=meant, words={} if is_hopeless else ways)
        return replace(respelt, most=NEAREST) if respelt.is_likened else respelt

    @property
    def is_respelt(self) -> bool:
        return self.words is not None

    @property
    def is_likened(self) -> bool:
        """Whether what is found may contain less than the text: only its words, or what resembles them."""
        return self.words is not None and (len(self.words) > 1 or [] in self.words.values())

    @property
    def may_stand(self) -> bool:
        """Whether some text that is searched may contain this one, or some code be it: quickly told."""
        if not any(len(word) > SHORT for word in re.findall(r"\w+", self.text)) or re.search(r"\d", self.text):
            return True
        every = [(table, column, "true") for table, column, _public in searched_columns()]
        return bool(standing([self.text], every))

    @property
    def is_short(self) -> bool:
        return len(self.text) <= SHORT

    def within(self, *columns: str) -> Q:
        """That one of these folded columns contains the text; of one or two letters, that it begins so.

        Respelt: that it has all of the words, in any order; the mistyped ones nearly, in the first column only.
        """
        if self.words == {}:
            return NOTHING
        if self.words and self.is_likened:
            columns = columns if all(self.words.values()) else columns[:1]  # a name resembles a word, a long text any
            return either(reduce(and_, (self._has(word, column) for word in self.words), Q()) for column in columns)
        if not any(letter.isalnum() for letter in self.text):
            return NOTHING
        lookup = "startswith" if self.is_short else "contains"
        return either(Q(**{f"{column}__{lookup}": self.text}) for column in columns)

    def _has(self, word: str, column: str) -> Q:
        spellings = (self.words or {})[word]
        if not spellings:
            return Q(**{f"{column}__trigram_word_similar": word})
        return either(Q(**{f"{column}__contains": each}) for each in spellings)

    def names(self, column: str) -> Q:
        """That this folded column is the very text; respelt, perhaps with two letters exchanged."""
        return Q(**{f"{column}__in": [self.text, *swaps(self.text)]}) if self.is_respelt else Q(**{column: self.text})

    def begins(self, column: str) -> Q:
        return Q(**{f"{column}__startswith": self.text})

    def closeness(self, path: str) -> Case:
        """How near the folded name of a row found is: 3 that very name, 2 begins so, 1.5 contains it, 1 another text
        does; by likeness, less than 1."""
        likeness = (TrigramWordSimilarity(self.text, path) + TrigramSimilarity(path, self.text)) / Value(2.5)
        return Case(
            When(Q(**{path: self.text}), then=Value(3.0)),
            When(self.begins(path), then=Value(2.0)),
            When(Q(**{f"{path}__contains": self.text}), then=Value(1.5)),
            default=likeness if self.is_likened else Value(CONTAINED),
            output_field=FloatField(),
        )


NOTHING = Q(pk__in=[])


def either(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, NOTHING)


def swaps(word: str) -> list[str]:
    """The word with two neighbours exchanged, each way: « Mexcio » gives « Mexico ». None of a short or a long one."""
    if not SHORT < len(word) <= LONGEST_SWAPPED:
        return []
    made = (word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1))
    return [each for each in dict.fromkeys(made) if each != word]


def standing(texts: list[str], columns: list[tuple[str, str, str]] | None = None) -> set[str]:
    """Those of the texts that stand in one of these `searched_columns`: in a public name, where none is told."""
    if not texts:
        return set()
    columns = columns or [place for place in searched_columns() if place[1] == "folded"]
    known = " OR ".join(
        f"EXISTS (SELECT FROM {table} WHERE {column} LIKE %s AND {among})" for table, column, among in columns
    )
    patterns = [f"%{connection.ops.prep_for_like_query(text)}%" for text in texts for _column in columns]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ARRAY[{', '.join([known] * len(texts))}]", patterns)
        return {text for text, is_known in zip(texts, cursor.fetchone()[0], strict=True) if is_known}


@cache
def searched_columns() -> list[tuple[str, str, str]]:
    """The tables and their folded columns, with the SQL that tells the rows that everybody may read.

    The column called `folded` holds a name. A model with drafts says who is public as `PUBLIC`: how a mistyped word is
    read must not depend on one that stands in a draft.
    """
    return [
        (model._meta.db_table, column.name, getattr(model, "PUBLIC", "true"))
        for model in apps.get_models()
        for column in model._meta.fields
        if isinstance(getattr(column, "expression", None), Fold) and not model._meta.proxy
    ]


Way = Q | QuerySet[Any]  # to what is sought: a condition on the rows, or their keys as another table tells them


def shortlist(rows: QuerySet[Any], needle: Needle, *ways: Way) -> list[int] | None:
    """The keys of those rows that one of the ways leads to, each by an index of its own; None when they are many."""
    first, *others = [
        (rows.order_by().filter(way).values("pk") if isinstance(way, Q) else way)[: needle.most] for way in ways
    ]
    keys = first.union(*others, all=True)
    found = [key for row in (keys if needle.most else keys[:NEAREST]) for key in row.values()]  # some by several ways
    return sorted(set(found)) if needle.most or len(found) < NEAREST else None


def found_in(rows: R, needle: Needle, *ways: Way, first: Sequence[Way] = ()) -> R:
    """Those of the rows that one of the ways leads to; `none()` when there are none.

    `first` lead to some of the same, which are found however few are asked for. When many rows contain the text, each
    is held against all of the ways: that is quicker than to gather them.
    """
    few = shortlist(rows, needle, *(first if needle.most else ()), *ways)
    if few is None:
        return rows.filter(either(way if isinstance(way, Q) else Q(pk__in=way) for way in ways))
    return rows.filter(pk__in=few) if few else rows.none()


def first_found(typed: str, find: Callable[[Needle], Any]) -> tuple[Any, Needle]:
    """The rows that contain the text or, when none does, those that do once mistyped words are forgiven; the needle."""
    needle = Needle.of(typed)
    rows = find(needle)
    if rows.query.is_empty():
        needle = needle.respelt()
        rows = find(needle)
    return rows, needle
