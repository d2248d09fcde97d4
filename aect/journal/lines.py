"""The view `journal_line`: the journal's rows and those of every history as one list, copied nowhere.

It is made anew by each migration (see the command), because it stands on whatever models are recorded then.
"""

from django.db import connection, models
from psycopg2 import sql

from aect import history
from aect.journal.models import Entry, Line

ENTRIES = """
    SELECT 'journal:' || id AS id, at, action, actor_id, NULL::uuid AS context_id, record_kind, record_id, record_label,
           organisation, address, details, NULL::bigint AS event
    FROM {table}
"""
EVENTS = """
    SELECT {model} || ':' || pgh_id, pgh_created_at, pgh_label::varchar, NULL, pgh_context_id, {model},
           pgh_obj_id::text, {name}, '', '', '{{}}'::jsonb, pgh_id::bigint
    FROM {table}
"""


def drop() -> None:
    """Before a migration, which may change the tables that the view reads."""
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW IF EXISTS journal_line")


def create() -> None:
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        if Entry._meta.db_table in there:
            parts = [sql.SQL(ENTRIES).format(table=sql.Identifier(Entry._meta.db_table))]
            parts += [
                _events(model, events)
                for model, events in history.histories().items()
                if events._meta.db_table in there
            ]
            view = sql.Identifier(Line._meta.db_table)
            cursor.execute(sql.SQL("CREATE VIEW {} AS {}").format(view, sql.SQL(" UNION ALL ").join(parts)))


def _events(model: type[models.Model], events: type[models.Model]) -> sql.Composed:
    columns = {field.column for field in events._meta.concrete_fields}
    named = next((name for name in ("name", "title", "code") if name in columns), None)
    return sql.SQL(EVENTS).format(
        model=sql.Literal(model._meta.label_lower),
        name=sql.SQL("coalesce({}::text, '')").format(sql.Identifier(named)) if named else sql.Literal(""),
        table=sql.Identifier(events._meta.db_table),
    )
