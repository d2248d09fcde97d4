"""What happens to APD lines and their totals."""

import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.utils import timezone

from aect.accounts.models import User
from aect.jobs.models import Job, JobState
from aect.jobs.services import advance, finish, request_job
from aect.journal.models import Action
from aect.journal.services import record
from funding import totals
from funding.apd import DacList
from funding.models import ApdLine, DacListing, PurposeCode, StaleTotal
from funding.models.apd import ASSESSED_FIELDS
from partnerships.models import Organisation

TOTALS_TASK = "funding.tasks.rebuild_totals"
TOTALS_KEY = "apd-totals"
RESPITE = timedelta(hours=1)  # how long the clock leaves totals alone whose job failed for good
CHUNK = 2_000  # lines assessed or copied at a time


@transaction.atomic
def save_line(line: ApdLine, *, by: User | None) -> ApdLine:
    """Checks and saves one line, and asks for its totals. Raises ValidationError."""
    line.full_clean(exclude=ASSESSED_FIELDS)
    line.save()
    request_totals(by=by)
    return line


@transaction.atomic
def delete_lines(lines: "models.QuerySet[ApdLine]", *, by: User | None) -> int:
    """Deletes lines and asks for their totals; returns how many."""
    deleted, _by_model = lines.delete()
    if deleted:
        request_totals(by=by)
    return deleted


@transaction.atomic
def add_lines(lines: Iterable[ApdLine], *, by: User | None) -> int:
    """Assesses and writes many new lines by COPY, all or none; returns how many.

    The caller has validated them: only the database's constraints are checked here (IntegrityError).
    """
    added = copy_lines(lines)
    if added:
        request_totals(by=by)
    return added


@transaction.atomic
def publish_lines(lines: "models.QuerySet[ApdLine]", *, by: User) -> int:
    """Lets everybody read these lines, and asks for their totals; returns how many were not published yet."""
    return _mark_published(lines, True, by=by)


@transaction.atomic
def unpublish_lines(lines: "models.QuerySet[ApdLine]", *, by: User) -> int:
    """Keeps these lines to their collectivities and the delegation again; returns how many were published."""
    return _mark_published(lines, False, by=by)


def _mark_published(lines: "models.QuerySet[ApdLine]", is_published: bool, *, by: User) -> int:
    """One row of the journal tells of a collectivity's year."""
    changing = lines.exclude(is_published=is_published).order_by("pk").select_for_update(no_key=True)
    keys = {pk: (collectivity, year) for pk, collectivity, year in changing.values_list("pk", "collectivity", "year")}
    if not keys:
        return 0
    ApdLine.objects.filter(pk__in=keys).update(is_published=is_published)
    before, after = ("draft", "published") if is_published else ("published", "draft")
    payers = Organisation.objects.in_bulk({collectivity for collectivity, _year in keys.values()})
    for (collectivity, year), count in sorted(Counter(keys.values()).items()):
        record(
            Action.STATE_CHANGED,
            by=by,
            organisation=payers[collectivity],
            apd_lines=count,
            year=year,
            before=before,
            after=after,
        )
    request_totals(by=by)
    return len(keys)


def request_totals(*, by: User | None, full: bool = False) -> Job:
    """Asks for the marked totals, or for all of them, to be computed. Last in a transaction: it holds the job."""
    return request_job(TOTALS_TASK, key=f"{TOTALS_KEY}-full" if full else TOTALS_KEY, by=by, full=full)


def request_stale_totals() -> Job | None:
    """What the clock does: asks for a computation when marks wait and nobody is on it. Harmless twice.

    A job that failed at every attempt is shown and left alone for a while, rather than begun again each minute.
    """
    if not StaleTotal.objects.exists():
        return None
    jobs = Job.objects.filter(key=TOTALS_KEY)
    failed = jobs.filter(state=JobState.FAILED, finished_at__gt=timezone.now() - RESPITE)
    return None if jobs.unfinished().exists() or failed.exists() else request_totals(by=None)


def run_totals(job: Job) -> None:
    """The job's work: one transaction a year, the last of which also ends the job."""
    full = bool(job.arguments.get("full"))
    if full:
        reassess_lines(ApdLine.objects.all())
    rebuild(
        full=full,
        progress=lambda done, total: advance(job, done=done, total=total),
        finished=lambda result: finish(job, **result),
    )


class Rebuilt(NamedTuple):
    """What a rebuild says at its end."""

    lines_read: int
    rows_written: int
    seconds: float


def rebuild(
    *,
    full: bool = False,
    year: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    finished: Callable[[dict[str, Any]], None] = lambda result: None,
) -> Rebuilt:
    """Rebuilds the totals year by year: those marked, or all of them when `full`.

    `progress(done, total)` is called between the years, outside their transactions; `finished(result)` inside
    the last one.
    """
    started, tally, result = time.monotonic(), totals.Tally(), Rebuilt(0, 0, 0.0)
    todo = totals.years(full=full, year=year)
    for done, current in enumerate(todo or [None]):
        progress(done, len(todo))
        with transaction.atomic():
            if current is not None:
                tally += totals.rebuild_year(current, full=full)
            if done + 1 >= len(todo):
                result = Rebuilt(tally.lines, tally.rows, round(time.monotonic() - started, 3))
                finished(result._asdict())
    return result


def reassess_lines(lines: "models.QuerySet[ApdLine]") -> int:
    """Assesses lines again after the DAC list, a code's parent or the rules changed; returns how many differ.

    Lines that differ are locked and assessed once more, in case somebody saved them meanwhile.
    """
    dac_list, counted = DacListing.objects.by_country(), PurposeCode.objects.counted()
    changed = 0
    for chunk in _chunks(lines.iterator(CHUNK)):
        wrong = [line.pk for line in chunk if _differs(line, dac_list, counted)]
        with transaction.atomic():
            locked = ApdLine.objects.filter(pk__in=wrong).select_for_update(no_key=True)
            changed += ApdLine.objects.bulk_update(
                [line for line in locked if _differs(line, dac_list, counted)], ASSESSED_FIELDS
            )
    return changed


def _differs(line: ApdLine, dac_list: DacList, counted: Mapping[str, str]) -> bool:
    """Assesses the line; says whether that changed it."""
    before = [getattr(line, name) for name in ASSESSED_FIELDS]
    line.assess(dac_list, counted)
    return before != [getattr(line, name) for name in ASSESSED_FIELDS]


COPIED_FIELDS: list[Any] = [field for field in ApdLine._meta.concrete_fields if not field.primary_key]


def copy_lines(lines: Iterable[ApdLine]) -> int:
    """Assesses new lines and writes them by PostgreSQL's COPY; returns how many."""
    dac_list, counted = DacListing.objects.by_country(), PurposeCode.objects.counted()
    names = ", ".join(field.column for field in COPIED_FIELDS)
    copied = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for chunk in _chunks(lines):
            for line in chunk:
                line.assess(dac_list, counted)
            text = "".join("\t".join(_copied(line)) + "\n" for line in chunk)
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY funding_apdline ({names}) FROM STDIN", io.StringIO(text))
            copied += len(chunk)
    return copied


def _copied(line: ApdLine) -> Iterator[str]:
    return (_as_text(getattr(line, field.attname)) for field in COPIED_FIELDS)


def _as_text(value: Any) -> str:
    r"""One value in COPY's text format: `\N` when unknown, control characters escaped."""
    if value is None:
        return r"\N"
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    if not isinstance(value, str):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _chunks(lines: Iterable[ApdLine]) -> Iterator[list[ApdLine]]:
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
