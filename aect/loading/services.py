"""What an officer makes of a difference: takes the file's value, leaves what is here, or takes the choice back."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _

from aect import history, trash
from aect.accounts.models import User
from aect.loading import values as facts
from aect.loading.merging import BadFixture, Conflict, create, update
from aect.loading.models import Difference, DifferenceKind, DifferenceState, LoadedRow
from aect.versions import Versioned

OPEN, TAKEN, LEFT = DifferenceState.OPEN, DifferenceState.TAKEN, DifferenceState.LEFT


class Stale(Exception):
    """The difference, or what stands here, is no longer what the reader saw."""


class Refused(Exception):
    """A choice that cannot be carried out; the message says why, and what to do."""


def stamp(difference: Difference, ours: Any) -> str:
    """What a form carries, so that nobody decides on what they have not seen."""
    text = json.dumps([difference.version, ours], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def ours_of(difference: Difference, row: models.Model | None) -> Any:
    """What stands here: a value, or of a difference about the whole row whether it is there."""
    if difference.is_whole:
        return row is not None
    return facts.value_of(row, difference.field) if row is not None else None


@transaction.atomic
def decide(differences: Iterable[int], choice: DifferenceState, *, stamps: Mapping[int, str], by: User) -> LoadedRow:
    """Takes or leaves these differences of one row, all or none; or, with OPEN, takes their choices back.

    Raises Stale, Refused, and DoesNotExist when there is none of them.
    """
    found = list(
        Difference.objects.select_related("row")
        .filter(pk__in=differences)
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    if not found:
        raise Difference.DoesNotExist
    loaded = found[0].row
    row = _held(loaded)
    for difference in found:
        if stamps.get(difference.pk) != stamp(difference, ours_of(difference, row)):
            raise Stale
        if (difference.state == OPEN) == (choice == OPEN):
            raise Stale
    _carry_out(loaded, row, found, choice)
    for difference in found:
        difference.state = choice
        difference.decided_by, difference.decided_at = (None, None) if choice == OPEN else (by, timezone.now())
        difference.save()
    return loaded


def _held(loaded: LoadedRow) -> Any:
    """The row that stands for the loaded one, kept from others until the end of the transaction."""
    rows = loaded.model_class._default_manager.filter(pk=loaded.object_id)
    return rows.select_for_update(of=("self",), no_key=True).first()


def _carry_out(loaded: LoadedRow, row: Any, found: list[Difference], choice: DifferenceState) -> None:
    undone = [difference for difference in found if difference.state == TAKEN]
    acting = found if choice == TAKEN else undone
    whole = [difference for difference in acting if difference.is_whole]
    fields = [difference for difference in acting if not difference.is_whole]
    try:
        for difference in whole:
            _toggle(loaded, row, difference, is_taken=choice == TAKEN)
        if fields:
            _write(row, fields, is_taken=choice == TAKEN)
    except (Conflict, BadFixture, trash.NotRestored) as problem:
        raise Refused(str(problem)) from problem
    except (ProtectedError, RestrictedError) as problem:
        names = ", ".join(sorted({str(each) for each in cast(Any, problem.args[1])})[:3])
        raise Refused(_("D’autres fiches en dépendent : %(names)s.") % {"names": names}) from problem


def _write(row: Any, differences: list[Difference], *, is_taken: bool) -> None:
    if row is None:
        raise Refused(_("La fiche n’existe plus."))
    written = {}
    for difference in differences:
        ours = facts.value_of(row, difference.field)
        if not is_taken and ours != difference.theirs:
            raise Refused(_("La valeur a changé depuis ce choix : modifiez la fiche elle-même."))
        written[difference.field] = difference.theirs if is_taken else difference.before
        difference.before = ours if is_taken else None
    update(row, written, str(row))


def _toggle(loaded: LoadedRow, row: Any, difference: Difference, *, is_taken: bool) -> None:
    """Takes a row that was deleted here, or dropped by the files; or takes that back."""
    if difference.kind == DifferenceKind.DROPPED:
        if is_taken:
            difference.before = str(row)
            row.delete()
        else:
            model = loaded.model_class
            trash.restore(model, trash.latest_deletion(model, loaded.object_id))
    elif is_taken:
        _put_back(loaded, set())
    elif row is not None:
        told = loaded.values.items()
        if any(facts.value_of(row, name) != value for name, value in told if facts.is_own(type(row), name)):
            raise Refused(_("La fiche a été modifiée depuis ce choix : supprimez-la vous-même si elle est de trop."))
        row.delete()


def _put_back(loaded: LoadedRow, done: set[int]) -> None:
    """Makes the row as the files tell it, under the number that it had, with those that hung on it."""
    model = loaded.model_class
    same = LoadedRow.objects.filter(model=loaded.model, object_id=loaded.object_id).order_by("-origin", "pk")
    told = {name: value for each in same for name, value in each.values.items()}
    gone = [name for name, target, pk in facts.links(model, told) if not target._default_manager.filter(pk=pk).exists()]
    version = {"version": _next_version(loaded)} if issubclass(model, Versioned) else {}
    create(model, told, str(loaded), without=gone, pk=model._meta.pk.to_python(loaded.object_id), **version)
    done.add(loaded.pk)
    for each in _hanging(loaded):
        if each.pk not in done:
            _put_back(each, done)


def _next_version(loaded: LoadedRow) -> int:
    """Further than that of the deleted row, so that a form opened before is stale."""
    events = history.events_of(loaded.model_class).objects.filter(pgh_obj=loaded.object_id)
    return int(events.order_by("-pgh_id").values_list("version", flat=True).first() or 0) + 1


def _hanging(loaded: LoadedRow) -> Iterator[LoadedRow]:
    """What the files tell of rows that went, or could not come, for want of this one; not what people deleted."""
    for relation in loaded.model_class._meta.related_objects:
        if isinstance(relation, models.ManyToManyRel) or relation.on_delete is not models.CASCADE:
            continue
        model = relation.related_model
        key = model._meta.pk.to_python(loaded.object_id) if loaded.object_id.isdecimal() else loaded.object_id
        told = LoadedRow.objects.filter(model=model._meta.label_lower, **{f"values__{relation.field.name}": key})
        there = {str(pk) for pk in model._default_manager.values_list("pk", flat=True)} if told else set()
        deleted = Difference.objects.filter(kind=DifferenceKind.ABSENT, state__in=[OPEN, LEFT]).values("row")
        told = told.exclude(pk__in=deleted).order_by("pk")
        yield from (each for each in told if each.object_id not in there)
