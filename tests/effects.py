"""Whether anything that is kept has changed, within one transaction."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

#: Tables that note what somebody tried, did or saw, whatever became of it.
NOTES = {"accounts.Session", "journal.Entry", "limits.Count", "pghistory.Context"}
NOTING_APPS = {"axes", "sessions"}
WRITTEN = """
SELECT sum(
    pg_stat_get_xact_tuples_inserted(t) + pg_stat_get_xact_tuples_updated(t) + pg_stat_get_xact_tuples_deleted(t)
) FROM unnest(%s::oid[]) t
"""
DIGEST = "(SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM \"{table}\" t)"


def watched() -> Iterator[type[models.Model]]:
    """Every table but those that note."""
    for model in apps.get_models(include_auto_created=True):
        is_note = model._meta.label in NOTES or model._meta.app_label in NOTING_APPS or hasattr(model, "pgh_label")
        if model._meta.managed and not model._meta.proxy and not is_note:
            yield model


def told(query: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]


class Watch:
    """Begins when all is there. Most answers write nothing: they are spared the digest, which is slow."""

    def __init__(self) -> None:
        names = sorted({model._meta.db_table for model in watched()})
        self.tables = told("SELECT %s::regclass[]::oid[]", [f'"{name}"' for name in names])
        self.query = f"SELECT concat_ws(',', {', '.join(DIGEST.format(table=name) for name in names)})"
        self.before, self.written = told(self.query), told(WRITTEN, self.tables)

    def has_seen_a_change(self) -> bool:
        """Whether a row was added, changed or deleted; one that was written as it stood was not."""
        earlier, self.written = self.written, told(WRITTEN, self.tables)  # counts what was undone since, too
        return bool(self.written != earlier and told(self.query) != self.before)
