"""What happens to an import: sent, checked, mended, written, undone. Files are read and rows written by jobs."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pghistory
from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aect.accounts.models import User
from aect.batches.columns import in_french
from aect.batches.kinds import KINDS, Kind
from aect.batches.lines import lines_of
from aect.batches.models import FOLDER, OPEN, Batch, BatchRow, BatchState, RowAction
from aect.batches.plans import SURPLUS, Line, make_plan
from aect.batches.undoing import CannotUndo, undo
from aect.batches.writing import CHUNK, be_patient, remember, write_lines
from aect.jobs import progress
from aect.jobs.models import Job
from aect.jobs.services import finish, request_job
from aect.storage import delete_others
from aect.tabular.apart import read_apart
from aect.tabular.reading import Problem, Unreadable, check_kind
from aect.uploads import neutral

TASKS = {
    BatchState.CHECKING: "aect.batches.tasks.check_batch",
    BatchState.WRITING: "aect.batches.tasks.write_batch",
    BatchState.UNDOING: "aect.batches.tasks.undo_batch",
}
STEPS = 100


class NotNow(Exception):
    """The import is not in a state for this; the message says so."""


# Sending


@transaction.atomic
def send_file(file: Any, *, name: str, kind: str, mode: str, by: User) -> Batch:
    """Keeps the binary file and asks for its check. Raises Unreadable for what is no CSV or XLSX."""
    batch = keep_file(file, name=name, kind=kind, mode=mode, by=by)
    ask(batch, BatchState.CHECKING, by=by)
    return batch


def keep_file(file: Any, *, name: str, kind: str, mode: str, by: User) -> Batch:
    check_kind(file, name)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    batch = Batch(kind=kind, mode=mode, name=neutral(name), sha256=digest, uploaded_by=by)
    batch.file.save(name, file if isinstance(file, File) else ContentFile(file.read()), save=False)
    batch.save()
    return batch


def ask(batch: Batch, state: BatchState, *, by: User) -> None:
    """Puts the batch in a state of work and asks for that work."""
    batch.job = request_job(
        TASKS[state], key=f"{state.value}-{batch.pk}", by=by, batch=str(batch.pk), language=get_language() or "fr"
    )
    batch.state = state
    batch.save(update_fields=["state", "job"])


def _locked(batch: Batch, states: Iterable[str]) -> Batch:
    """The batch, kept from others until the end of the transaction. Raises NotNow in any state but these."""
    found = Batch.objects.select_for_update(of=("self",), no_key=True).select_related("job").get(pk=batch.pk)
    if found.state not in states:
        raise NotNow(_("Cet import est maintenant dans l’état « %(state)s ».") % {"state": found.get_state_display()})
    return found


@transaction.atomic
def check_again(batch: Batch, *, by: User) -> None:
    ask(_locked(batch, OPEN), BatchState.CHECKING, by=by)


@transaction.atomic
def mend_line(row: BatchRow, cells: Mapping[str, str], *, by: User) -> None:
    """Replaces what was read on one line, and asks for the whole to be checked again."""
    batch = _locked(row.batch, OPEN)
    batch.header += [name for name, cell in cells.items() if cell and name not in batch.header]
    batch.save(update_fields=["header"])
    row.cells = {name: cell for name, cell in (row.cells | dict(cells)).items() if name != SURPLUS}
    row.save(update_fields=["cells"])
    ask(batch, BatchState.CHECKING, by=by)


@transaction.atomic
def write_soon(batch: Batch, *, by: User) -> None:
    ask(_locked(batch, [BatchState.READY]), BatchState.WRITING, by=by)


@transaction.atomic
def undo_soon(batch: Batch, *, by: User) -> None:
    ask(_locked(batch, [BatchState.WRITTEN]), BatchState.UNDOING, by=by)


@transaction.atomic
def abandon(batch: Batch, *, by: User) -> None:
    """Forgets the lines and the file; that it was sent is kept."""
    _forget(_locked(batch, OPEN))


def _forget(batch: Batch) -> None:
    batch.rows.all().delete()
    batch.state = BatchState.ABANDONED
    batch.save(update_fields=["state"])
    transaction.on_commit(partial(batch.file.storage.delete, batch.file.name or ""), robust=True)


def forget() -> int:
    """Abandons imports that nobody wrote for `IMPORT_KEEP_DAYS`, and deletes files that belong to none; how many."""
    late = Batch.objects.filter(state__in=OPEN, uploaded_at__lt=timezone.now() - timedelta(settings.IMPORT_KEEP_DAYS))
    with transaction.atomic():
        forgotten = list(late.select_for_update(of=("self",), no_key=True, skip_locked=True))
        for batch in forgotten:
            _forget(batch)
    kept = Batch.objects.exclude(state=BatchState.ABANDONED).values_list("file", flat=True)
    storage: Any = Batch._meta.get_field("file").storage
    return len(forgotten) + delete_others(storage, FOLDER, kept)


@transaction.atomic
def try_again(batch: Batch, *, by: User) -> None:
    """Asks once more for the work of a job that was set aside."""
    found = _locked(batch, list(TASKS))
    if found.has_failed:
        ask(found, BatchState(found.state), by=by)


# Checking


def run_check(job: Job) -> None:
    """The job's work: reads the file, or the lines as they were mended, and keeps what they would do."""
    batch = Batch.objects.get(pk=job.arguments["batch"])
    if batch.state != BatchState.CHECKING:
        finish(job)
        return
    with translation.override(job.arguments["language"]), progress.shown(job, total=STEPS) as tell:
        lines = checked(batch, tell)
    with transaction.atomic():
        _keep(batch, lines)
        finish(job, lines=len(lines), errors=batch.error_count)


def checked(batch: Batch, tell: Callable[[int], None] = lambda done: None) -> list[Line]:
    """The batch's lines with what they would do; `batch` gets its header, notes and problems. Nothing is saved."""
    kind = KINDS[batch.kind]()
    batch.problems = []
    lines = [Line(row.line, row.cells) for row in batch.rows.all()] or _read(batch, kind)
    if not batch.problems:
        make_plan(kind, batch.mode, lines, progress=tell)
    for line in lines:
        line.warnings = list(kind.warnings(line.row)) if line.to_write else []
    return lines


def _read(batch: Batch, kind: Kind) -> list[Line]:
    try:
        with batch.file.open("rb") as file:
            table = read_apart(file, batch.name, sheet=in_french(kind.label))
        return lines_of(batch, kind, table)
    except Unreadable as error:
        batch.problems = [[None, "", "", str(error)]]
        return []


def _keep(batch: Batch, lines: list[Line]) -> None:
    """Saves the lines and the batch's state."""
    batch.rows.all().delete()
    BatchRow.objects.bulk_create((_row(batch, line) for line in lines), batch_size=CHUNK)
    counts: dict[RowAction, int] = defaultdict(int)
    for line in lines:
        counts[line.action] += 1
    batch.new_count, batch.changed_count = counts[RowAction.NEW], counts[RowAction.CHANGED]
    batch.unchanged_count, batch.error_count = counts[RowAction.UNCHANGED], counts[RowAction.ERROR]
    batch.warning_count = sum(bool(line.warnings) for line in lines)
    batch.state = BatchState.REFUSED if batch.problems or batch.error_count or not lines else BatchState.READY
    batch.save()


def _row(batch: Batch, line: Line) -> BatchRow:
    return BatchRow(
        batch=batch,
        line=line.number,
        cells=line.cells,
        problems=line.problems,
        warnings=line.warnings,
        action=line.action,
        before={} if line.is_new else line.before,
        after=line.after,
    )


def all_problems(batch: Batch, lines: Iterable[Line]) -> Iterator[Problem]:
    """Every problem of the file, in the order of its lines."""
    for line, column, value, message in batch.problems:
        yield Problem(line or 0, column, value, message)
    for each in lines:
        for column, message in each.problems:
            yield Problem(each.number, column, each.cells.get(column, ""), message)


# Writing


def run_write(job: Job) -> None:
    """The job's work: all lines in one transaction with the job's end, or none when the registry has changed since."""
    batch = Batch.objects.get(pk=job.arguments["batch"])
    if batch.state != BatchState.WRITING:
        finish(job)
        return
    with translation.override(job.arguments["language"]):
        try:
            with transaction.atomic():
                with progress.shown(job, total=STEPS) as tell:
                    is_written = write(batch, by=batch_writer(job, batch), tell=tell)
                finish(job, lines=batch.to_write if is_written else 0)
        except IntegrityError:  # somebody wrote the same rows at the same moment
            with transaction.atomic():
                _set_stale(batch)
                finish(job, lines=0)


def batch_writer(job: Job, batch: Batch) -> User:
    return job.requested_by or batch.uploaded_by


def write(batch: Batch, *, by: User, tell: Callable[[int], None] = lambda done: None) -> bool:
    """Writes what was checked; False, with nothing written, when it would no longer do the same.

    Call it in a transaction. IntegrityError says that somebody else writes the same rows just now.
    """
    be_patient()
    kind = KINDS[batch.kind]()
    staged = {row.line: row for row in batch.rows.all()}
    lines = [Line(row.line, row.cells) for row in staged.values()]
    make_plan(kind, batch.mode, lines, progress=lambda done: tell(done // 2), is_locking=True)
    if any(_differs(line, staged[line.number]) for line in lines):
        _set_stale(batch)
        return False
    with pghistory.context(user=by.pk, batch=str(batch.pk)):
        write_lines(kind, [line for line in lines if line.to_write])
    tell(80)
    remember(kind, [line for line in lines if line.to_write], staged)
    batch.state, batch.written_at = BatchState.WRITTEN, timezone.now()
    batch.save(update_fields=["state", "written_at"])
    return True


def _differs(line: Line, row: BatchRow) -> bool:
    before = {} if line.is_new else line.before
    return (line.action, before, line.after) != (row.action, row.before, row.after)


def _set_stale(batch: Batch) -> None:
    batch.state = BatchState.STALE
    batch.save(update_fields=["state"])


def import_now(
    file: Any, *, name: str, kind: str, mode: str, by: User, is_trial: bool = False
) -> tuple[Batch, list[Problem]]:
    """Checks and writes without a job. Of a file with problems, or of a trial, nothing is kept.

    Raises Unreadable for what is no CSV or XLSX; IntegrityError when somebody writes the same rows just now.
    """
    with transaction.atomic():
        batch = keep_file(file, name=name, kind=kind, mode=mode, by=by)
        lines = checked(batch)
        _keep(batch, lines)
        problems = list(all_problems(batch, lines))
        if problems or is_trial:
            transaction.set_rollback(True)
            batch.file.delete(save=False)
        else:
            write(batch, by=by)
    return batch, problems


# Undoing


def run_undo(job: Job) -> None:
    """The job's work: takes back all that the batch wrote, in one transaction with the job's end, or nothing."""
    batch = Batch.objects.get(pk=job.arguments["batch"])
    if batch.state != BatchState.UNDOING:
        finish(job)
        return
    with translation.override(job.arguments["language"]):
        try:
            with transaction.atomic():
                with progress.shown(job, total=STEPS) as tell:
                    undo(batch, by=batch_writer(job, batch), tell=tell)
                finish(job, lines=batch.to_write)
        except CannotUndo as refusal:
            with transaction.atomic():
                batch.state = BatchState.WRITTEN
                batch.problems = [[None, "", "", reason] for reason in refusal.reasons]
                batch.save(update_fields=["state", "problems"])
                finish(job, lines=0)
