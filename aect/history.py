"""Every change of a record, written by PostgreSQL's triggers: forms, bulk updates, COPY and psql alike."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import connection, models
from pghistory.core import event_models

from aect.versions import GROW, Versioned

M = TypeVar("M", bound=type[models.Model])
#: The first event of a row that is older than its history; the others are insert, update and delete.
OPENING = "opening"


def recorded(*parents: str) -> Callable[[M], M]:
    """Keeps each inserted, changed and deleted row of the model, and whose doing it was (`pghistory.context`).

    `parents` names the foreign keys to the records on which such a row hangs: their history tells it too.
    """

    def record(model: M) -> M:
        columns = [f.name for f in model._meta.concrete_fields if not isinstance(f, models.GeneratedField)]
        told = [name for name in columns if name != "version"]
        event = f"{model.__name__}Event"

        def index(name: str) -> models.Index:
            return models.Index(fields=[name], name=f"{event.lower()[:18]}_{name}"[:30])

        deleted = models.Index(
            fields=["pgh_created_at"], condition=models.Q(pgh_label="delete"), name=f"{event.lower()[:22]}_deleted"
        )
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(condition=pgtrigger.AnyChange(*told)),
            pghistory.DeleteEvent(),
            fields=columns,
            model_name=event,
            level=pghistory.Statement,
            attrs={"hangs_on": parents},
            meta={"indexes": [*map(index, parents), deleted]},
        )(model)
        if issubclass(model, Versioned):
            pgtrigger.register(GROW)(model)
        return model

    return record


def histories() -> dict[type[models.Model], Any]:
    """The model of each recorded model's history."""
    return {events.pgh_tracked_model._meta.concrete_model: events for events in event_models()}  # type: ignore[attr-defined]


def events_of(model: type[models.Model]) -> Any:
    """The model of this one's history, whose rows are the record's own plus `pgh_…`; KeyError when nothing is kept."""
    return histories()[model._meta.concrete_model]  # type: ignore[index]


def hanging_on(model: type[models.Model]) -> Iterator[tuple[type[models.Model], list[str]]]:
    """Recorded models whose rows hang on this one's, with the foreign keys that hang them."""
    for events in histories().values():
        tracked = events.pgh_tracked_model
        keys = [name for name in events.hangs_on if tracked._meta.get_field(name).related_model is model]
        if keys:
            yield tracked, keys


def open_histories(apps: Any, schema_editor: Any = None, *, app: str) -> None:
    """For a migration: one event for each row of the application's recorded models that has none, as it now stands.

    One statement a model; a second call adds nothing.
    """
    for events in apps.get_app_config(app).get_models():
        fields = {field.name: field for field in events._meta.concrete_fields}
        if "pgh_obj" not in fields:
            continue
        columns = ", ".join(f'"{field.column}"' for name, field in fields.items() if not name.startswith("pgh_"))
        tracked = fields["pgh_obj"].related_model._meta
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO {events._meta.db_table} (pgh_created_at, pgh_label, pgh_obj_id, {columns})
                SELECT now(), %s, {tracked.pk.column}, {columns} FROM {tracked.db_table} AS found
                WHERE NOT EXISTS (
                    SELECT FROM {events._meta.db_table} WHERE pgh_obj_id = found.{tracked.pk.column}
                )
                """,  # noqa: S608
                [OPENING],
            )
