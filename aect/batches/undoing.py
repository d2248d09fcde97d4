"""Takes back what an import wrote: all of it, or nothing when somebody has built on it since."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pghistory
from django.core import serializers
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aect.accounts.models import User
from aect.batches.columns import EMPTIES
from aect.batches.kinds import KINDS, Kind
from aect.batches.models import Batch, BatchRow, BatchState, Mode, RowAction
from aect.batches.plans import Line, make_plan
from aect.batches.writing import as_json, be_patient, versions_of, write_lines

SHOWN = 10  # rows that a refusal names for each relation


class CannotUndo(Exception):
    """Why an import stays as it is written: one reason a line."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def undo(batch: Batch, *, by: User, tell: Callable[[int], None] = lambda done: None) -> None:
    """Puts back what the batch changed, then removes what it added. Call it in a transaction; raises CannotUndo."""
    be_patient()
    kind = KINDS[batch.kind]()
    staged = list(batch.rows.to_write())
    held = _held(kind, staged)
    tell(20)
    reasons = [*_changed_since(kind, staged, held), *_depending(kind, staged)]
    if reasons:
        raise CannotUndo(reasons)
    tell(40)
    lines = _back(kind, [row for row in staged if row.action == RowAction.CHANGED], held)
    new = [row.written_id for row in staged if row.action == RowAction.NEW]
    with pghistory.context(user=by.pk, batch=str(batch.pk), undone=True):
        try:
            with transaction.atomic():
                write_lines(kind, lines)
                kind.model._base_manager.filter(pk__in=new).delete()
        except (IntegrityError, models.ProtectedError) as error:
            raise CannotUndo([_("Autre chose dépend de ce que l’import a écrit.")]) from error
    tell(90)
    batch.state, batch.undone_at, batch.problems = BatchState.UNDONE, timezone.now(), []
    batch.save(update_fields=["state", "undone_at", "problems"])


def _held(kind: Kind, staged: list[BatchRow]) -> dict[int, Any]:
    """The rows that the batch wrote and that still stand, kept from others until the end of the transaction."""
    ids = [row.written_id for row in staged]
    rows = kind.rows().filter(pk__in=ids).select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in rows}


def _changed_since(kind: Kind, staged: list[BatchRow], held: Mapping[int, Any]) -> Iterator[str]:
    children = _children_now(kind, [row.written_id for row in staged if row.action == RowAction.NEW])
    versions = versions_of(kind.model, list(held))
    for row in staged:
        found = held.get(row.written_id)
        words = {"line": row.line, "row": found or ""}
        if found is None:
            yield _("Ligne %(line)s : la fiche a été supprimée depuis.") % words
            continue
        now = {name: kind.columns[name].tell(kind.columns[name].get(found)) for name in row.after}
        is_built_on = row.action == RowAction.NEW and (row.version, _ids(row.added)) != (
            versions.get(found.pk),
            children[found.pk],
        )
        if now != row.after or is_built_on:
            yield _("Ligne %(line)s : « %(row)s » a changé depuis.") % words


def _ids(told: list[dict[str, Any]]) -> dict[tuple[str, Any], dict[str, Any]]:
    return {(row["model"], row["pk"]): row["fields"] for row in told}


def _children_now(kind: Kind, parents: list[int]) -> dict[int, dict[tuple[str, Any], dict[str, Any]]]:
    """The rows that hang on each of these now, as `_ids` tells those that the batch added."""
    found: dict[int, dict[tuple[str, Any], dict[str, Any]]] = {pk: {} for pk in parents}
    for model in kind.children:
        key = next(key for key in model._meta.fields if getattr(key, "related_model", None) is kind.model)
        children = list(model._base_manager.filter(**{f"{key.name}__in": parents}))
        for child, told in zip(children, as_json(children), strict=True):
            found[getattr(child, key.attname)] |= _ids([told])
    return found


def _depending(kind: Kind, staged: list[BatchRow]) -> Iterator[str]:
    """What others have since hung on the rows that the batch added."""
    line_of = {row.written_id: row.line for row in staged if row.action == RowAction.NEW}
    own = {row.written_id for row in staged}
    for model, key in _hanging(kind):
        found = model._base_manager.filter(**{f"{key}__in": line_of})
        if model is kind.model:
            found = found.exclude(pk__in=own)
        for dependent in found[:SHOWN]:
            words = {"line": line_of[getattr(dependent, f"{key}_id")], "what": model._meta.verbose_name}
            yield _("Ligne %(line)s : en dépend %(what)s « %(name)s ».") % {**words, "name": dependent}


def _hanging(kind: Kind) -> Iterator[tuple[Any, str]]:
    """The models whose rows refer to the kind's, and by which key; not those that come and go with them."""
    for relation in kind.model._meta.related_objects:
        model: Any = relation.through if isinstance(relation, models.ManyToManyRel) else relation.related_model
        if model not in kind.children and not hasattr(model, "pgh_tracked_model"):
            if isinstance(relation, models.ManyToManyRel):
                yield model, relation.field.m2m_reverse_field_name()
            else:
                yield model, relation.field.name


def _back(kind: Kind, staged: list[BatchRow], held: Mapping[int, Any]) -> list[Line]:
    """The lines that put back what the batch changed. Raises CannotUndo when one of them is no longer possible."""
    lines = [Line(row.line, {name: text or EMPTIES for name, text in row.before.items()}) for row in staged]
    make_plan(kind, Mode.UPDATE, lines, rows={row.line: held[row.written_id] for row in staged})
    reasons = [
        _("Ligne %(line)s : %(message)s") % {"line": line.number, "message": message}
        for line in lines
        for _column, message in line.problems
    ]
    for line, row in zip(lines, staged, strict=True):
        if not line.problems and line.after != row.before:
            reasons.append(_("Ligne %(line)s : son état d’avant ne peut être rendu.") % {"line": row.line})
    if reasons:
        raise CannotUndo(reasons)
    for line, row in zip(lines, staged, strict=True):
        former = [child.object for child in serializers.deserialize("json", json.dumps(row.removed))]
        line.related.added = [_former(child, former) for child in line.related.added]
    return lines


def _former(child: models.Model, former: list[Any]) -> Any:
    """The row that the batch took away and this one is to replace: it comes back whole."""
    return next((old for old in former if _identity(old) == _identity(child)), child)


def _identity(child: models.Model) -> tuple[Any, ...]:
    """What a row links, and in which register: what tells it from the others that hang on the same row."""
    names = [key.attname for key in child._meta.fields if isinstance(key, models.ForeignKey) and key.name != "source"]
    return (type(child), getattr(child, "scheme", None), *(getattr(child, name) for name in names))
