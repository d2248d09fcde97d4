"""Which of many rows the database would refuse, asked of the database in a fixed number of statements.

The rows go to a temporary table without constraints, over which the table's own CHECK expressions and unique
indexes are evaluated: the database's last word, for every row at once, before anything is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

STAGED = "staged_rows"
CHECKS = """
    SELECT conname, pg_get_expr(conbin, conrelid),
           ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey))
    FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c' ORDER BY conname
"""
UNIQUE_INDEXES = """
    SELECT relname, COALESCE(pg_get_expr(indpred, indrelid), 'true'), indnullsnotdistinct,
           ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey))
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary AND indexprs IS NULL ORDER BY relname
"""


class Broken(NamedTuple):
    """A constraint that the row of this id does not hold, the columns it is about, and its message."""

    pk: int
    columns: frozenset[str]
    message: str


def broken_constraints(
    model: type[models.Model], rows: Sequence[models.Model], *, leaving: Iterable[int] = ()
) -> list[Broken]:
    """What the rows, all with their ids, would break once written; those of the ids `leaving` will be gone by then.

    Rows that stand in the database under the same id count as replaced.
    """
    if not rows:
        return []
    table = model._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        _stage(cursor, model, rows)
        cursor.execute(CHECKS, [table])
        checks = cursor.fetchall()
        cursor.execute(UNIQUE_INDEXES, [table])
        indexes = cursor.fetchall()
        return [
            *_broken_checks(cursor, model, checks),
            *(broken for index in indexes for broken in _doubles(cursor, model, index, list(leaving))),
        ]


def _stage(cursor: Any, model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Puts the rows in a temporary table. A column that the database computes stays empty there."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.GeneratedField)]
    names = ", ".join(f'"{field.column}"' for field in fields)
    cursor.execute(f"DROP TABLE IF EXISTS {STAGED}")
    cursor.execute(
        f"CREATE TEMPORARY TABLE {STAGED} ON COMMIT DROP AS SELECT * FROM {model._meta.db_table} WITH NO DATA"  # noqa: S608
    )
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows]
    execute_values(cursor.cursor, f"INSERT INTO {STAGED} ({names}) VALUES %s", values, page_size=500)  # noqa: S608


def _broken_checks(cursor: Any, model: type[models.Model], checks: list[Any]) -> Iterator[Broken]:
    if not checks:
        return
    cases = ", ".join(f"NOT ({expression})" for _name, expression, _columns in checks)
    cursor.execute(f"SELECT id, ARRAY[{cases}] FROM {STAGED}")  # noqa: S608
    for pk, verdicts in cursor.fetchall():
        for (name, _expression, columns), is_broken in zip(checks, verdicts, strict=True):
            if is_broken:
                yield Broken(pk, frozenset(columns), _message(model, name))


def _doubles(cursor: Any, model: type[models.Model], index: Any, leaving: list[int]) -> Iterator[Broken]:
    """Rows that share a unique key with another staged row, or with one of the table that stays as it is."""
    name, condition, nulls_are_equal, columns = index
    listed = ", ".join(f'"{column}"' for column in columns)
    known = "true" if nulls_are_equal else f"({listed}) IS NOT NULL"
    equal = "IS NOT DISTINCT FROM" if nulls_are_equal else "="
    same = " AND ".join(f'staged."{column}" {equal} held."{column}"' for column in columns)
    statement = f"""
        SELECT id FROM (
            SELECT id, count(*) OVER (PARTITION BY {listed}) AS n FROM {STAGED} WHERE ({condition}) AND {known}
        ) AS counted WHERE n > 1
        UNION
        SELECT staged.id FROM (SELECT * FROM {STAGED} WHERE {condition}) AS staged
        JOIN (SELECT * FROM {model._meta.db_table} WHERE {condition}) AS held ON {same}
        WHERE held.id NOT IN (SELECT id FROM {STAGED}) AND NOT held.id = ANY({{leaving}})
    """.replace("%", "%%").replace("{leaving}", "%s")  # noqa: S608
    cursor.execute(statement, [leaving])
    for (pk,) in cursor.fetchall():
        yield Broken(pk, frozenset(columns), _message(model, name))


def _message(model: type[models.Model], name: str) -> str:
    """The message that the model gives its constraint."""
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return str(constraint.violation_error_message)
    return _("Cette valeur est déjà prise.") if "_key" in name else _("Cette valeur n’est pas acceptée.")
