"""What a page of the journal says in words: who, and for a change of data what was there before and after."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aect import history
from aect.accounts.models import User
from aect.changes import Branch, Change, Changes

OURS = {"aect", "partnerships", "funding"}
#: What the details are called on screen; the others keep their own name.
DETAILS = {
    "account": gettext_lazy("compte"),
    "typed": gettext_lazy("empreinte de ce qui fut saisi"),
    "path": gettext_lazy("adresse"),
    "filters": gettext_lazy("critères"),
    "rows": gettext_lazy("lignes"),
    "why": gettext_lazy("motif"),
    "role": gettext_lazy("rôle"),
    "user": gettext_lazy("compte"),
    "backend": gettext_lazy("par"),
    "by_link": gettext_lazy("par le lien reçu"),
    "state": gettext_lazy("état"),
    "before": gettext_lazy("avant"),
    "after": gettext_lazy("après"),
    "comment": gettext_lazy("commentaire"),
}


class Told(Changes):
    """The changes that some lines stand for."""

    def __init__(self, lines: Iterable[Any]) -> None:
        events: dict[str, list[int]] = defaultdict(list)
        for line in lines:
            events[line.record_kind].append(line.event)
        tracked = [history.events_of(apps.get_model(kind)).pgh_tracked_model for kind in sorted(events)]
        self.branches = [Branch(model) for model in tracked]
        self.parameters = {f"events_{place}": events[kind] for place, kind in enumerate(sorted(events))}

    @cached_property
    def sql(self) -> str:
        selects = (
            f"""
            SELECT {place} AS branch, pgh_id, pgh_created_at, pgh_label, pgh_context_id
            FROM {history.events_of(branch.model)._meta.db_table} AS event WHERE pgh_id = ANY (%(events_{place})s)
            """  # noqa: S608
            for place, branch in enumerate(self.branches)
        )
        return " UNION ALL ".join(selects)


def tell(lines: list[Any]) -> list[Any]:
    """Gives each line its `who` and, where data changed, its `change`; so many queries for each kind of record."""
    of_data = [line for line in lines if line.event is not None]
    changes: dict[tuple[str, int], Change] = {}
    if of_data:
        changes = {_key(change): change for change in Told(of_data)[0 : len(of_data)]}
    people = User.objects.in_bulk({number for line in lines if line.event is None for number in _accounts(line)})
    for line in lines:
        line.change = changes.get((line.record_kind, line.event))
        line.who = line.change.who if line.change else _person(people, line.actor_id) if line.actor_id else ""
        line.told_details = list(_details(line, people))
    return lines


def _key(change: Change) -> tuple[str, int]:
    return apps.get_model(change.model)._meta.concrete_model._meta.label_lower, change.event


def _accounts(line: Any) -> Iterator[int]:
    """The numbers of the accounts that an entry names."""
    numbers = [line.actor_id, line.details.get("account"), line.details.get("user")]
    if line.record_kind == User._meta.label_lower and line.record_id.isdecimal():
        numbers.append(int(line.record_id))
    yield from (number for number in numbers if isinstance(number, int))


def _person(people: dict[int, User], number: int) -> str:
    return str(people[number]) if number in people else _("compte n° %(number)s") % {"number": number}


def _details(line: Any, people: dict[int, User]) -> Iterator[str]:
    """What there is to say beside who and what, a text each."""
    if line.change:
        for cell in line.change.cells:
            before = f"{cell.before or '∅'} → " if line.change.label == "update" else ""
            yield f"{cell.label} : {before}{cell.after or '∅'}"
    if line.event is None and line.record_kind == User._meta.label_lower and line.record_id.isdecimal():
        yield _person(people, int(line.record_id))
    for name, value in line.details.items():
        shown = _person(people, value) if name in {"account", "user"} and isinstance(value, int) else _text(value)
        yield f"{DETAILS.get(name, name)} : {shown}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, dict):
        return ", ".join(f"{name}={_text(each)}" for name, each in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


def kinds() -> dict[str, str]:
    """The kinds of records that a line may be about, with their names, as readers know them."""
    found = {
        model._meta.label_lower: capfirst(str(model._meta.verbose_name))
        for model in apps.get_models()
        if model._meta.app_config.module.__name__.partition(".")[0] in OURS and model._meta.managed  # type: ignore[union-attr]
    }
    for model, events in history.histories().items():  # links between two records have their names there
        found[model._meta.label_lower] = capfirst(str(events.pgh_tracked_model._meta.verbose_name))
    return found
