"""Every change of a record, written by PostgreSQL's triggers: forms, bulk updates, COPY and psql alike."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import models
from pghistory.core import event_models

from aect.versions import GROW, Versioned

M = TypeVar("M", bound=type[models.Model])


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
