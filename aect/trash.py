"""Deletion that tells what goes along with it, and takes it back from the history for a month."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.admin.utils import NestedObjects
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aect import history
from aect.accounts.models import User

KEPT = timedelta(days=30)


class Dependants(NamedTuple):
    """`protected` rows forbid the deletion; `taken` counts those that go along with it, by their plural name."""

    protected: list[models.Model]
    taken: dict[str, int]


#: By model, who may put a deleted row back, of those who could not before it is there again: `may(row, user)`.
#: It raises NotRestored to say why not.
BINS: dict[type[models.Model], Callable[[Any, User], bool]] = {}


class NotRestored(Exception):
    """A deletion that cannot be taken back; the message says why, to the reader."""


def dependants(record: models.Model) -> Dependants:
    collector: Any = NestedObjects(using="default")
    collector.collect([record])
    taken: Counter[str] = Counter()
    for model, rows in collector.model_objs.items():
        if model in history.histories() and not model._meta.auto_created:
            taken[str(model._meta.verbose_name_plural)] += len(rows - {record})
    return Dependants(sorted(collector.protected, key=str), {name: count for name, count in taken.items() if count})


def deleted_lately() -> models.Q:
    """Of a history's rows: deletions that can still be taken back, as far as time goes."""
    return models.Q(pgh_label="delete", pgh_created_at__gt=timezone.now() - KEPT)


def latest_deletion(model: type[models.Model], pk: Any) -> int:
    """The history's number of this record's last deletion."""
    rows = history.events_of(model).objects.filter(pgh_label="delete", pgh_obj=pk)
    return int(rows.latest("pgh_id").pgh_id)


@transaction.atomic
def restore(model: type[models.Model], event_id: int, *, by: User | None = None) -> models.Model:
    """Puts a deleted record back with its id and address, and all that its deletion took along, or nothing.

    Raises NotRestored; DoesNotExist when the history knows no such deletion of the last month, or none of this person.
    """
    whose = {"pgh_context__metadata__user": by.pk} if by else {}
    event = history.events_of(model).objects.get(deleted_lately(), pgh_id=event_id, **whose)
    restored = [_put_back(model, row) for model, row in _deleted_with(model, event)]
    try:
        with transaction.atomic():
            connection.check_constraints()
    except IntegrityError as error:
        raise NotRestored(_("Une fiche dont elle dépend n’existe plus.")) from error
    return restored[0]


def _deleted_with(model: type[models.Model], event: Any) -> Iterator[tuple[type[models.Model], Any]]:
    """The deletion of a row and of those it took along in the same transaction, each after the one it hangs on."""
    yield model, event
    relations: Any = model._meta.get_fields(include_hidden=True)
    for relation in relations:
        is_taken = isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.CASCADE
        if is_taken and relation.related_model in history.histories():
            rows = history.events_of(relation.related_model).objects.filter(
                pgh_label="delete", pgh_created_at=event.pgh_created_at, **{relation.field.attname: event.pgh_obj_id}
            )
            for row in rows.order_by("pgh_id"):
                yield from _deleted_with(relation.related_model, row)


def _put_back(model: type[models.Model], event: Any) -> models.Model:
    """A version further than the deleted one, so that a form opened before the deletion is stale."""
    kept = {field.attname for field in event._meta.concrete_fields}
    values = {f.attname: getattr(event, f.attname) for f in model._meta.concrete_fields if f.attname in kept}
    if "version" in values:
        values["version"] += 1
    row = model(**values)
    try:
        row.validate_unique()
        row.validate_constraints()
        with transaction.atomic():
            row.save(force_insert=True)
    except (ValidationError, IntegrityError) as error:
        reasons = error.messages if isinstance(error, ValidationError) else [_("Cette fiche existe de nouveau.")]
        raise NotRestored(" ".join(reasons)) from error
    return row
