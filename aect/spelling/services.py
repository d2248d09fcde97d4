"""Reading a mistyped text as the one that was meant."""

import re
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection

from aect.spelling.models import LONGEST, SHORTEST, Word
from aect.text import Needle, literally

MOST_WORDS = 8  # that a mistyped text may have
MOST_ODD = 3  # of them that stand in no name
SHORTENED = {"st": "saint", "ste": "sainte"}


class Name(NamedTuple):
    """A table with a folded name, and the SQL that tells its rows that everybody may read."""

    table: str
    public: str


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


def gather() -> None:
    """Keeps the words that stand in public names now, and no others."""
    names = " UNION ALL ".join(f"SELECT folded FROM {name.table} WHERE {name.public}" for name in public_names())  # noqa: S608  # our tables
    statement = f"""
        WITH standing AS MATERIALIZED (
            SELECT DISTINCT each AS text FROM ({names}) AS names, regexp_split_to_table(folded, '\\W+') AS each
            WHERE length(each) BETWEEN {SHORTEST} AND {LONGEST}
        ), gone AS (
            DELETE FROM {Word._meta.db_table} AS word
            WHERE NOT EXISTS (SELECT FROM standing WHERE standing.text = word.text)
        )
        INSERT INTO {Word._meta.db_table} SELECT text FROM standing ORDER BY text ON CONFLICT DO NOTHING
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement)


def respell(needle: Needle) -> Needle:
    """The text that was meant, as far as one can tell: each word that stands in no name becomes the nearest that does.

    Of a text with a word that resembles none, or with too many, one cannot tell.
    """
    needle = replace(needle, text=re.sub(r"\w+", lambda word: SHORTENED.get(word[0], word[0]), needle.text))
    words = [word for word in dict.fromkeys(re.findall(r"\w+", needle.text)) if len(word) >= SHORTEST]
    if len(words) > MOST_WORDS:
        return replace(needle, words=[])
    known = standing(words)
    odd = [word for word in words if word not in known]
    if len(odd) > MOST_ODD or any(len(word) > LONGEST for word in odd):
        return replace(needle, words=[])
    meant = {word: getattr(Word.objects.nearest_to(word).first(), "text", "") for word in odd}
    text = re.sub(r"\w+", lambda word: meant.get(word[0]) or word[0], needle.text)
    return replace(needle, text=text, words=[meant.get(word, word) for word in words] if all(meant.values()) else [])


def standing(words: list[str]) -> set[str]:
    """Those of the words that stand in some public name, also in the midst of another word."""
    if not words:
        return set()
    names = public_names()
    stands = " OR ".join(f"EXISTS (SELECT FROM {name.table} WHERE folded LIKE %s AND {name.public})" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ARRAY[{', '.join([stands] * len(words))}]",
            [f"%{literally(word)}%" for word in words for _name in names],
        )
        answers: list[Any] = cursor.fetchone()[0]
    return {word for word, stands in zip(words, answers, strict=True) if stands}
