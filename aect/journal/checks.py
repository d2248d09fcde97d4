"""What a production set-up must hold of the journal."""

from typing import Any

from django.core import checks

from aect.journal import roles


@checks.register(checks.Tags.database, deploy=True)
def the_journal_is_out_of_reach(*, databases: Any = None, **options: Any) -> list[checks.CheckMessage]:
    if not databases or "default" not in databases or not (tables := roles.owned_tables()):
        return []
    return [
        checks.Warning(
            f"The application's database role could rewrite the journal and the history ({len(tables)} tables).",
            hint="Name the tables' owner in MIGRATION_DATABASE_URL, another role in DATABASE_URL, and migrate again.",
            id="journal.W001",
        )
    ]
