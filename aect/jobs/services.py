"""What happens to a job: asked for, rung, claimed, advanced, ended."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial, wraps
from typing import Any
from uuid import UUID

import pghistory
from celery import shared_task
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from aect.accounts.models import User
from aect.celery import app
from aect.jobs.models import LEASE, MAX_ATTEMPTS, TITLES, Job, JobState

log = logging.getLogger(__name__)
ALONE = 10  # seconds for which a Redis that did not answer is not asked again
_left_alone = {"until": 0.0}
BEATS = 5  # how often within a lease a worker says that it is alive


class LeaseLost(Exception):
    """Another worker has this job now, or it is ended: what this one has not committed must not be."""


@transaction.atomic
def request_job(task: str, *, key: str, by: User | None, **arguments: Any) -> Job:
    """Asks for work in the caller's transaction, and rings on commit.

    While a job with the same `key` waits, that one is returned. Its row stays locked until the caller's
    commit, so that no worker can start it before the caller's change is there to be seen; a job that already
    runs does not count, since it may have read before.
    """
    job = waiting_job(key)
    if job is None:
        try:
            with transaction.atomic():
                job = Job.objects.create(task=task, key=key, arguments=arguments, requested_by=by)
        except IntegrityError:  # somebody asked at the same moment
            return request_job(task, key=key, by=by, **arguments)
    transaction.on_commit(partial(ring, job), robust=True)
    return job


def waiting_job(key: str) -> Job | None:
    return Job.objects.select_for_update().filter(key=key, state=JobState.PENDING).first()


def ring(job: Job) -> None:
    """Tells a worker that a job waits. A silent Redis is logged and harmless: the reconciler rings again.

    Once it was silent, this process leaves it alone for a while: one request waits for it once, however often it rings.
    """
    if time.monotonic() < _left_alone["until"]:
        return
    try:
        app.send_task(job.task, args=[str(job.pk)], retry=False)
    except Exception:
        _left_alone["until"] = time.monotonic() + ALONE
        log.warning("Could not ring for job %s: the reconciler will.", job.pk, exc_info=True)


def claim(job_id: UUID | str) -> Job | None:
    """Takes the job for this worker, or None when it is ended, taken, or was tried too often."""
    free = Q(state=JobState.PENDING) | Job.objects.silent()
    taken = Job.objects.filter(free, pk=job_id, attempts__lt=MAX_ATTEMPTS).update(
        state=JobState.RUNNING,
        attempts=F("attempts") + 1,
        started_at=Now(),
        lease_until=Now() + LEASE,
        steps_done=0,
        error="",
    )
    return Job.objects.get(pk=job_id) if taken else None


def advance(job: Job, *, done: int, total: int | None = None) -> None:
    """Records progress and keeps the lease. Call it outside the work's transaction, or nobody sees it.

    Raises LeaseLost when the job is no longer this worker's.
    """
    job.steps_done, job.steps_total = done, total if total is not None else job.steps_total
    _write(job, "steps_done", "steps_total", lease_until=Now() + LEASE)


def keep(job: Job) -> None:
    """Says that the job's worker is alive. Raises LeaseLost when the job is no longer this worker's."""
    _write(job, lease_until=Now() + LEASE)


def abandoned(job_id: UUID | str) -> None:
    """What the parent of a worker says when the child that had the job is dead: no need to wait for the lease."""
    dead = Job.objects.filter(pk=job_id, state=JobState.RUNNING)
    if dead.update(lease_until=Now() - LEASE):
        reconcile()


def finish(job: Job, **result: Any) -> None:
    """Ends the job well. Call it in the transaction of the last piece of work: both commit together.

    Raises LeaseLost, which undoes that piece, when the job is no longer this worker's.
    """
    job.state, job.result, job.finished_at, job.lease_until = JobState.DONE, result, timezone.now(), None
    job.steps_done = job.steps_total or job.steps_done
    _write(job, "state", "result", "finished_at", "lease_until", "steps_done")


def fail(job: Job, error: str) -> None:
    """Puts the job back in line, or sets it aside for good after its last attempt.

    Raises LeaseLost when the job is no longer this worker's.
    """
    last = job.attempts >= MAX_ATTEMPTS
    job.state = JobState.FAILED if last else JobState.PENDING
    job.finished_at = timezone.now() if last else None
    job.error, job.lease_until, job.rung_at = error[-4000:], None, timezone.now()
    try:
        with transaction.atomic():
            _write(job, "state", "finished_at", "error", "lease_until", "rung_at")
    except IntegrityError:  # another job with this key waits already: it will do the work
        job.state, job.finished_at = JobState.FAILED, timezone.now()
        _write(job, "state", "finished_at", "error", "lease_until", "rung_at")


def _write(job: Job, *fields: str, **values: Any) -> None:
    """Writes what the holder of the job says of it. The attempt's number tells the holder from a former one."""
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
    if not mine.update(**{field: getattr(job, field) for field in fields}, **values):
        raise LeaseLost(f"Job {job.pk}, attempt {job.attempts}")


def reconcile() -> int:
    """Rings again for jobs left behind; sets aside those whose worker died at the last attempt.

    Returns how many jobs were rung for.
    """
    with transaction.atomic():
        found = list(Job.objects.forgotten().select_for_update(skip_locked=True))  # who holds one is at it
        waiting = [job for job in found if job.attempts < MAX_ATTEMPTS]
        Job.objects.filter(pk__in=[job.pk for job in waiting]).update(rung_at=Now())
        for job in found:
            if job not in waiting:
                _set_aside(job)
    for job in waiting:
        ring(job)
    return len(waiting)


def _set_aside(job: Job) -> None:
    """Ends a job whose last worker fell silent, unless that worker speaks up or ends it first."""
    Job.objects.filter(Job.objects.silent(), pk=job.pk).update(
        state=JobState.FAILED,
        finished_at=Now(),
        lease_until=None,
        error=job.error or "The worker died at each attempt.",
    )


@contextmanager
def beating(job: Job) -> Iterator[None]:
    """Keeps the lease for as long as the block lasts, however long its transactions: a thread says it is alive.

    A job that was lost is not said here: the holder's next word raises LeaseLost.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(LEASE.total_seconds() / BEATS):
            try:
                keep(job)
            except LeaseLost:
                break
            except Exception:  # the database restarts, perhaps: the next beat finds it
                log.warning("Could not keep the lease of job %s.", job.pk, exc_info=True)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def job_task(title: object) -> Callable[[Callable[[Job], None]], Any]:
    """Turns `work(job)` into the Celery task that claims the job first and records how it ended.

    `work` must call `finish` in its last transaction.
    """

    def decorate(work: Callable[[Job], None]) -> Any:
        @wraps(work)
        def run(job_id: str) -> None:
            if job := claim(job_id):
                try:
                    with pghistory.context(job=str(job.pk), user=job.requested_by_id), beating(job):
                        work(job)
                except LeaseLost:
                    log.warning("Job %s was taken over after attempt %s fell silent.", job.pk, job.attempts)
                except Exception:
                    log.exception("Job %s failed at attempt %s.", job.pk, job.attempts)
                    if not connection.is_usable():
                        connection.close()  # the next query opens another
                    with suppress(LeaseLost):
                        fail(job, traceback.format_exc())

        name = f"{work.__module__}.{work.__name__}"
        TITLES[name] = title
        return shared_task(name=name)(run)

    return decorate
