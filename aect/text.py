"""Comparing and sorting text as French readers expect, without a collation that a PostgreSQL may lack."""

from django.db.models import CharField, Func


class Fold(Func):
    """`unaccent(lower(text))`: sorts É with E, finds « Mexico » in « México ».

    The SQL function is created by the first migration of `partnerships` and is IMMUTABLE, so that it can be
    indexed.
    """

    function = "aect_fold"
    output_field = CharField()
