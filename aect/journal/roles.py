"""Two roles of PostgreSQL: the owner of the tables, who migrates, and the application's own.

The application reads and writes all tables, but of the journal and the history it may only read and add rows: not
change, delete or empty them, nor drop them or switch their triggers off, which is the owner's alone. The owner is
whom MIGRATION_DATABASE_URL names; without it one role does everything, and `check --deploy --database default` says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg2 import sql

from aect import history
from aect.journal.models import Entry

LOGIN = ("USER", "PASSWORD", "HOST", "PORT")
CONTEXT = "pghistory_context"  # what the history says of who did it: it may grow while the work goes on


@contextmanager
def as_owner() -> Iterator[None]:
    """The connection is the owner's for as long as the block lasts, where an owner is named."""
    application = {name: connection.settings_dict[name] for name in LOGIN}
    if settings.MIGRATION_DATABASE is None:
        yield
        return
    connection.close()
    connection.settings_dict.update({name: settings.MIGRATION_DATABASE.get(name, "") for name in LOGIN})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(application)


def append_only() -> list[str]:
    """The tables whose rows the application may add, and never change."""
    return [Entry._meta.db_table, *sorted(events._meta.db_table for events in history.histories().values())]


@transaction.atomic
def grant_to(role: str, *, password: str = "") -> None:
    """Gives the application's role what it needs, and no more. Call it as the owner, after each migration.

    Makes the role when it is missing. Does nothing when it is the one connected: that one owns the tables.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = %s, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
        is_owner, is_there = cursor.fetchone()
        if is_owner:
            return
        names = {"role": sql.Identifier(role), "database": sql.Identifier(connection.settings_dict["NAME"])}
        if not is_there:
            names["password"] = sql.Literal(password or None)
            _run(cursor, "CREATE ROLE {role} LOGIN PASSWORD {password}", **names)
        _run(cursor, "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}", **names)
        _run(cursor, "GRANT USAGE ON SCHEMA public TO {role}", **names)
        _run(cursor, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}", **names)
        _run(cursor, "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}", **names)
        kept = sql.SQL(", ").join(map(sql.Identifier, [*append_only(), CONTEXT]))
        _run(cursor, "REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {kept} FROM {role}", kept=kept, **names)
        _run(
            cursor,
            "GRANT UPDATE (metadata, updated_at) ON {context} TO {role}",
            context=sql.Identifier(CONTEXT),
            **names,
        )
        _run(cursor, "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}", **names)


def _run(cursor: Any, statement: str, **names: sql.Composable) -> None:
    cursor.execute(sql.SQL(statement).format(**names))


def owned_tables() -> list[str]:
    """Those append-only tables that the connected role could change all the same: its own, or all if it is almighty."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname FROM pg_class
            WHERE oid = ANY (%s::regclass[]) AND (
                pg_has_role(current_user, relowner, 'MEMBER')
                OR has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
            )
            ORDER BY relname
            """,
            [append_only()],
        )
        return [name for (name,) in cursor.fetchall()]
