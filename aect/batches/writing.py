"""Writes what a plan says, and tells rows so that they can be put back. Everything here is called in a transaction."""

import json
from collections.abc import Mapping
from typing import Any

from django.core import serializers
from django.db import connection, models

from aect.batches.kinds import Kind
from aect.batches.models import BatchRow
from aect.batches.plans import Line

CHUNK = 500


def write_lines(kind: Kind, lines: list[Line]) -> None:
    """Rows that hang on others leave first and come last, so that no key stands twice meanwhile."""
    for model in kind.children:
        gone = [child.pk for line in lines for child in line.related.removed if isinstance(child, model)]
        model._base_manager.filter(pk__in=gone).delete()
    kind.model._base_manager.bulk_create((line.row for line in lines if line.is_new), batch_size=CHUNK)
    changed = [line for line in lines if not line.is_new]
    fields = {field for line in changed for name in line.after for field in kind.columns[name].fields}
    if fields:
        kind.model._base_manager.bulk_update((line.row for line in changed), fields, batch_size=CHUNK)
    for model in kind.children:
        moved = [child for line in lines for child in line.related.changed if isinstance(child, model)]
        if moved:
            names = [field.name for field in model._meta.concrete_fields if _is_written(field)]
            model._base_manager.bulk_update(moved, names, batch_size=CHUNK)
        added = [child for line in lines for child in line.related.added if isinstance(child, model)]
        model._base_manager.bulk_create(added, batch_size=CHUNK)


def _is_written(field: Any) -> bool:
    return not (field.primary_key or isinstance(field, models.GeneratedField) or field.name == "version")


def remember(kind: Kind, lines: list[Line], staged: Mapping[int, BatchRow]) -> None:
    """Keeps what an undoing needs: which row each line wrote, and the rows that came and went with it."""
    versions = versions_of(kind.model, [line.row.pk for line in lines])
    rows = []
    for line in lines:
        row = staged[line.number]
        row.object_id, row.version = line.row.pk, versions.get(line.row.pk)
        row.added, row.removed = as_json(line.related.added), as_json(line.related.removed)
        rows.append(row)
    BatchRow.objects.bulk_update(rows, ["object_id", "version", "added", "removed"], batch_size=CHUNK)


def versions_of(model: type[models.Model], ids: list[int]) -> dict[int, int]:
    """How many times each row was written, of a model that counts it."""
    if not any(field.name == "version" for field in model._meta.fields):
        return {}
    return dict(model._base_manager.filter(pk__in=ids).values_list("pk", "version"))


def as_json(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows as they can be put back, without the count of their writings."""
    told: list[dict[str, Any]] = json.loads(serializers.serialize("json", rows)) if rows else []
    for row in told:
        row["fields"].pop("version", None)
    return told


def be_patient() -> None:
    """In a job, seconds of reckoning may pass between two statements of one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")
