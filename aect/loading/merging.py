"""Three-way merge of the files' rows into the database: what people changed or deleted stays, and is listed.

Of each value there are three: the file's, that of the same file at the last load, and the database's. Where the last
two agree nobody has touched it, and the file's is written. Else it is left alone; once the file says something new
of it, the difference waits for an officer.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aect import history
from aect.loading import values as facts
from aect.loading.models import Difference, DifferenceKind, DifferenceState, LoadedRow, Origin

Model = type[models.Model]
LOADS = {f"load_{origin}" for origin in Origin.values}


class BadFixture(Exception):
    """A fixture that cannot be loaded; the message names the file and the place in it."""


class Conflict(Exception):
    """What a file says cannot stand beside what people wrote; the message says why."""


@dataclass
class Changes:
    """What a load did with the rows it read: `kept` counts those that people's values make differ from the file."""

    read: int = 0
    created: int = 0
    changed: int = 0
    kept: int = 0
    listed: int = 0

    def __str__(self) -> str:
        words = ("created", "changed", "left to people", "to decide")
        counts = (self.created, self.changed, self.kept, self.listed)
        told = [f"{count} {word}" for count, word in zip(counts, words, strict=True) if count or word in words[:2]]
        quiet = not (self.created or self.changed or self.listed)
        return ", ".join(
            [f"{self.read} read", *told[2:], "nothing to change"] if quiet else [f"{self.read} read", *told]
        )


def key_text(key: Iterable[Any]) -> str:
    """A key as PostgreSQL writes a JSON array."""
    return json.dumps(list(key), ensure_ascii=False, default=str)


@dataclass
class Told:
    """What a file says of one row. `once` are facts written when the row is made, and never again; `under` are the
    links to the records on which it hangs; `natural` finds the row that stands under the same key, `former` the number
    of one that stood there and was deleted.
    """

    model: Model
    key: Sequence[Any]
    values: dict[str, Any]
    place: str
    natural: Callable[[], Any]
    former: Callable[[], str | None]
    under: Collection[str] = ()
    once: Collection[str] = ()


class Loader:
    """One load of the files of one origin. `changes` counts by model; `finish` writes what the next load must know."""

    def __init__(self, origin: Origin, known: Iterable[LoadedRow]) -> None:
        self.origin = origin
        self.known = {(row.model, row.key): row for row in known}
        self.seen: set[tuple[str, str]] = set()
        self.ghosts: set[tuple[Model, str]] = set()
        self.changes: dict[Model, Changes] = defaultdict(Changes)
        self.standing: dict[Model, dict[str, Any]] = {}
        self._new: list[LoadedRow] = []
        self._moved: list[LoadedRow] = []
        self._found: list[Difference] = []
        held = Difference.objects.filter(row__origin=origin)
        self.differences: dict[int, dict[str, Difference]] = defaultdict(dict)
        for difference in held:
            self.differences[difference.row_id][difference.field] = difference

    @classmethod
    def of(cls, origin: Origin) -> "Loader":
        return cls(origin, LoadedRow.objects.filter(origin=origin))

    def put(self, told: Told) -> Any:
        """The row that stands for what is told, brought up to date as far as nobody changed it.

        Of a row that people deleted, a stand-in that is not in the database and bears its number.
        """
        identity = (told.model._meta.label_lower, key_text(told.key))
        if identity in self.seen:
            raise BadFixture(f"{told.place}: this {told.model._meta.model_name} is told twice")
        self.seen.add(identity)
        self.changes[told.model].read += 1
        known = self.known.get(identity)
        row = self._standing(told.model, known) or told.natural()
        return self._absent(told, known) if row is None else self._present(told, known, row)

    def _standing(self, model: Model, known: LoadedRow | None) -> Any:
        if known is None:
            return None
        if model in self.standing:
            return self.standing[model].get(known.object_id)
        return model._default_manager.filter(pk=known.object_id).first()

    def gone(self, model: Model, key: Sequence[Any]) -> Any:
        """The stand-in of a row that files of whatever origin tell under this key, and that people deleted."""
        rows = LoadedRow.objects.filter(model=model._meta.label_lower, key=key_text(key))
        if not (known := rows.first()):
            return None
        row = model._default_manager.filter(pk=known.object_id).first()
        if row is None:
            row = model(pk=model._meta.pk.to_python(known.object_id))
            self.ghosts.add((model, known.object_id))
        return row

    # Rows that are there

    def _present(self, told: Told, known: LoadedRow | None, row: Any) -> Any:
        base = known.values if known and known.object_id == str(row.pk) else None
        if base is None and only_loaded(row):
            base = {name: facts.value_of(row, name) for name in told.values}
        held = self.differences[known.pk] if known else {}
        free, differing, kept = self._compare(told, base, row, held)
        if free:  # looked at once more, now that nobody else can change it
            row = told.model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
            free, differing, kept = self._compare(told, base, row, held)
        note = ""
        if free:
            try:
                update(row, free, told.place)
                self.changes[told.model].changed += 1
            except Conflict as conflict:
                differing, note = differing | free, str(conflict)
                row = told.model._default_manager.get(pk=row.pk)
        self.changes[told.model].kept += bool(kept or note)
        known = self._remember(told, known, row.pk)
        for name, theirs in differing.items():
            self._find(known, name, DifferenceKind.VALUE, told.place, theirs, note if name in free else "")
        self._forget_whole(held)
        return row

    def _compare(
        self, told: Told, base: Mapping[str, Any] | None, row: Any, held: Mapping[str, Difference]
    ) -> tuple[dict[str, Any], dict[str, Any], bool]:
        """The values to write, those to list, and whether people's own stand in their place."""
        free, differing, kept = {}, {}, False
        for name, theirs in told.values.items():
            ours = facts.value_of(row, name) if name not in told.once else theirs
            if ours == theirs:
                self._agree(held.get(name))
            elif is_untouched(base, name, ours, facts.default_of(told.model, name)):
                free[name] = theirs
            else:
                kept = True
                if base is None or name not in base or base[name] != theirs:
                    differing[name] = theirs
        for name in held.keys() - told.values.keys() - {""}:
            self._agree(held[name])
        return free, differing, kept

    @staticmethod
    def _agree(difference: Difference | None) -> None:
        if difference and difference.pk and difference.state == DifferenceState.OPEN:
            difference.delete()

    @staticmethod
    def _forget_whole(held: Mapping[str, Difference]) -> None:
        """The row is here and in the files: what was listed of it as a whole is over, but what was taken and may be
        taken back."""
        whole = held.get("")
        if whole and (whole.kind, whole.state) != (DifferenceKind.ABSENT, DifferenceState.TAKEN):
            whole.delete()

    # Rows that are not

    def _absent(self, told: Told, known: LoadedRow | None) -> Any:
        gone = [name for name, target, pk in facts.links(told.model, told.values) if (target, str(pk)) in self.ghosts]
        is_orphan = any(name in told.under for name in gone)
        former = known.object_id if known else told.former()
        note = ""
        if former is None and not is_orphan:
            try:
                return self._create(told, gone)
            except Conflict as conflict:
                note = str(conflict)
        ghost = stand_in(told, former)
        self.ghosts.add((told.model, str(ghost.pk)))
        is_new = known is None or known.values != told.values
        whole = self.differences[known.pk].get("") if known else None
        self.changes[told.model].kept += 1
        known = self._remember(told, known, ghost.pk)
        is_listed = whole and whole.kind == DifferenceKind.ABSENT and whole.state != DifferenceState.TAKEN
        if not is_orphan and (is_new or not is_listed):
            self._find(known, "", DifferenceKind.ABSENT, told.place, None, note)
            self._forget_values(known)
        return ghost

    def _create(self, told: Told, gone: Collection[str]) -> Any:
        row = create(told.model, told.values, told.place, without=gone)
        self.changes[told.model].created += 1
        self._remember(told, None, row.pk)
        return row

    def _forget_values(self, known: LoadedRow) -> None:
        for name, difference in self.differences[known.pk].items() if known.pk else ():
            if name:
                self._agree(difference)

    # What the next load must know

    def _remember(self, told: Told, known: LoadedRow | None, pk: Any) -> LoadedRow:
        if known is None:
            row = LoadedRow(origin=self.origin, model=told.model._meta.label_lower, key=key_text(told.key))
            row.object_id, row.values = str(pk), told.values
            self._new.append(row)
            self.known[row.model, row.key] = row
            return row
        if (known.object_id, known.values) != (str(pk), told.values):
            known.object_id, known.values = str(pk), told.values
            self._moved.append(known)
        return known

    def _find(self, row: LoadedRow, name: str, kind: DifferenceKind, place: str, theirs: Any, note: str = "") -> None:
        self.changes[row.model_class].listed += 1
        found = self.differences[row.pk].get(name) if row.pk else None
        found = found or Difference(row=row, field=name)
        found.kind, found.theirs, found.place, found.note = kind, theirs, place[:200], note
        found.state, found.decided_by, found.decided_at = DifferenceState.OPEN, None, None
        found.before, found.found_at = None, timezone.now()
        self._found.append(found)

    def drop(self, rows: Iterable[LoadedRow]) -> None:
        """Rows that the files no longer tell: an officer says whether they go from here too."""
        for known in rows:
            if self._standing(known.model_class, known) is None:
                known.delete()
            elif "" not in self.differences[known.pk]:
                self._find(known, "", DifferenceKind.DROPPED, "", None)

    def drop_unseen(self, *models_: Model) -> None:
        """The rows, or those of these models, that this load did not meet."""
        labels = {model._meta.label_lower for model in models_}
        rows = {identity: row for identity, row in self.known.items() if not labels or row.model in labels}
        self.drop(row for identity, row in rows.items() if identity not in self.seen)

    def finish(self) -> None:
        LoadedRow.objects.bulk_create(self._new, batch_size=1000)
        LoadedRow.objects.bulk_update(self._moved, ["object_id", "values"], batch_size=500)
        for difference in self._found:
            difference.row_id = difference.row.pk
            difference.save()


def nobody() -> None:
    """No row stood there before."""


def deleted_before(model: Model, where: Mapping[str, Any]) -> str | None:
    """The number of the row that the history knows by these values and that was deleted, if there was one."""
    if model not in history.histories():
        return None
    events = history.events_of(model).objects.filter(pgh_label="delete", **where).order_by("-pgh_id")
    number = events.values_list("pgh_obj_id", flat=True).first()
    return None if number is None else str(number)


def only_loaded(row: Any) -> bool:
    """Whether the history knows everything of a row, and that loads alone have written it."""
    model = type(row)
    if model not in history.histories():
        return False
    events = history.events_of(model).objects.filter(pgh_obj=row.pk)
    written = events.values_list("pgh_label", "pgh_context__metadata__command")
    labels, commands = zip(*written, strict=True) if written else ((), ())
    return "insert" in labels and set(commands) <= LOADS


def is_untouched(base: Mapping[str, Any] | None, name: str, ours: Any, default: Any) -> bool:
    """Whether nobody has changed a value since the last load; what no file told then, as long as it says nothing."""
    if base is None:
        return False
    return bool(base[name] == ours) if name in base else ours in (None, "", []) or ours == default


def stand_in(told: Told, number: str | None) -> Any:
    """A row that is not in the database, under the number that it had, or would have."""
    own = {name: value for name, value in told.values.items() if facts.is_own(told.model, name)}
    row = told.model()
    for name, value in own.items():
        facts.write_own(row, name, value)
    key = told.model._meta.pk
    if number is not None:
        row.pk = key.to_python(number)
    elif row.pk is None:
        row.pk = next_number(told.model)
    return row


def next_number(model: Model) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s))", [model._meta.db_table, model._meta.pk.column])
        return int(cursor.fetchone()[0])


# Writing


def create(model: Model, values: Mapping[str, Any], place: str, *, without: Collection[str] = (), **given: Any) -> Any:
    """Makes the row; links `without` a target stay empty. Raises Conflict where it cannot stand beside the others,
    BadFixture where what is told is wrong by itself."""
    row = model(**given)
    for name in without:
        if not facts.field_of(model, name).null:
            words = {"kind": facts.field_of(model, name).related_model._meta.verbose_name, "pk": values[name]}
            raise Conflict(_("Ce dont elle dépend a été supprimé : %(kind)s n° %(pk)s.") % words)
    own = {name: value for name, value in values.items() if facts.is_own(model, name) and name not in without}
    for name, value in own.items():
        facts.write_own(row, name, value)
    clean(row, place, is_new=True)
    _save(row, values.keys() - own.keys() - set(without), values)
    return row


def update(row: Any, values: Mapping[str, Any], place: str) -> None:
    """Writes these values. Raises Conflict where they cannot stand beside what people wrote."""
    own = {name: value for name, value in values.items() if facts.is_own(type(row), name)}
    for name, value in own.items():
        facts.write_own(row, name, value)
    if own:
        clean(row, place, is_new=False, told=own)
    _save(row if own else None, values.keys() - own.keys(), values, linked_to=row)


def _save(row: Any, linked: Iterable[str], values: Mapping[str, Any], *, linked_to: Any = None) -> None:
    try:
        with transaction.atomic():
            if row is not None:
                row.save()
            for name in linked:
                facts.write_linked(linked_to or row, name, values[name])
    except ValidationError as error:
        raise Conflict(" ".join(error.messages)) from error
    except (IntegrityError, DataError) as error:
        raise Conflict(str(error).splitlines()[0]) from error


def clean(row: Any, place: str, *, is_new: bool, told: Collection[str] = ()) -> None:
    """The model's own checks: what is wrong by itself is the file's fault, what meets other values a conflict."""
    silent = [] if is_new else [f.name for f in row._meta.concrete_fields if f.name not in told]
    try:
        row.clean_fields(exclude=silent)
    except ValidationError as error:
        raise wrong(error, place) from error
    try:
        row.clean()
        for constraint in row._meta.constraints:
            if not isinstance(constraint, models.UniqueConstraint):
                constraint.validate(type(row), row)
    except ValidationError as error:
        if is_new or only_loaded(row):
            raise wrong(error, place) from error
        raise Conflict(" ".join(error.messages)) from error
    try:
        row.validate_unique()
        row.validate_constraints()
    except ValidationError as error:
        raise Conflict(" ".join(error.messages)) from error


def wrong(error: ValidationError, place: str) -> BadFixture:
    told = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    name, messages = next(iter(told.items()))
    return BadFixture(f"{place if name == NON_FIELD_ERRORS else f'{place}, {name}'}: {' '.join(messages)}")
