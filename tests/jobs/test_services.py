"""One job, from the request for it to its end."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from aect.jobs import services
from aect.jobs.models import MAX_ATTEMPTS, Job, JobState
from aect.jobs.services import LeaseLost, advance, claim, fail, finish, job_task, reconcile, request_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_alone")]
TASK = "tests.work"


@pytest.fixture
def rung(monkeypatch) -> list[Job]:
    """Jobs that were rung for, instead of Redis: `tests/faults` has the real bell."""
    bell: list[Job] = []
    monkeypatch.setattr(services, "ring", bell.append)
    return bell


def ask(key: str = "k") -> Job:
    return request_job(TASK, key=key, by=None)


def silent(job: Job) -> None:
    """The job's worker has not been heard of for too long."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_the_bell_rings_on_commit_and_not_before(rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = ask()
        assert not rung
    assert rung == [job]


def test_one_key_waits_once_and_a_running_job_does_not_count(rung):
    first = ask()
    assert ask() == first
    claim(first.pk)
    second = ask()
    assert second != first
    assert ask("other") not in {first, second}


def test_a_job_is_claimed_once(rung):
    job = ask()
    claimed = claim(job.pk)
    assert (claimed.state, claimed.attempts) == (JobState.RUNNING, 1)
    assert claim(job.pk) is None
    silent(job)
    assert claim(job.pk).attempts == 2


def test_progress_and_the_end_are_written(rung):
    job = claim(ask().pk)
    advance(job, done=1, total=4)
    assert Job.objects.get().percent == 25
    finish(job, lines=3)
    ended = Job.objects.get()
    assert (ended.state, ended.percent, ended.result, ended.lease_until) == (JobState.DONE, 100, {"lines": 3}, None)
    assert claim(job.pk) is None


@pytest.mark.parametrize("word", [lambda job: advance(job, done=1), finish, lambda job: fail(job, "boom")])
def test_a_worker_that_lost_its_lease_has_no_say(rung, word):
    former = claim(ask().pk)
    silent(former)
    holder = claim(former.pk)
    with pytest.raises(LeaseLost), transaction.atomic():
        word(former)
    assert Job.objects.get().state == JobState.RUNNING
    finish(holder)
    with pytest.raises(LeaseLost), transaction.atomic():
        word(former)
    assert Job.objects.get().state == JobState.DONE


def test_a_failure_is_tried_again_then_set_aside(rung):
    job = ask()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        fail(claim(job.pk), f"boom {attempt}")
        state = Job.objects.get().state
        assert state == (JobState.FAILED if attempt == MAX_ATTEMPTS else JobState.PENDING)
    assert Job.objects.get().error == f"boom {MAX_ATTEMPTS}"
    assert claim(job.pk) is None


def test_a_failure_leaves_the_work_to_a_job_that_waits_already(rung):
    running = claim(ask().pk)
    waiting = ask()
    fail(running, "boom")
    assert Job.objects.get(pk=running.pk).state == JobState.FAILED
    assert Job.objects.get(pk=waiting.pk).state == JobState.PENDING


def test_the_reconciler_rings_for_what_was_left_behind(rung):
    lost, fresh, dead, alive = (ask(key) for key in "abcd")
    Job.objects.filter(pk=lost.pk).update(rung_at=timezone.now() - timedelta(minutes=1))
    silent(claim(dead.pk))
    claim(alive.pk)
    assert reconcile() == 2
    assert set(rung) == {lost, dead}
    assert fresh not in rung


def test_the_reconciler_sets_aside_a_job_that_kills_its_workers(rung):
    job = ask()
    for _attempt in range(MAX_ATTEMPTS):
        claim(job.pk)
        silent(job)
    assert reconcile() == 0
    ended = Job.objects.get()
    assert (ended.state, bool(ended.error), ended.finished_at is not None) == (JobState.FAILED, True, True)


def test_the_reconciler_leaves_a_last_attempt_that_spoke_up(rung):
    job = ask()
    for _attempt in range(MAX_ATTEMPTS):
        silent(job)
        holder = claim(job.pk)
    silent(job)
    seen = Job.objects.get()
    advance(holder, done=1)
    services._set_aside(seen)
    assert Job.objects.get().state == JobState.RUNNING


def test_a_task_records_how_its_work_ended(rung):
    def work(job: Job) -> None:
        if job.arguments.get("fails"):
            raise ValueError("wrong figure")
        finish(job)

    run = job_task("Essai")(work)
    good, bad = ask(), request_job(TASK, key="bad", by=None, fails=True)
    run(str(good.pk))
    run(str(good.pk))  # rung twice
    run(str(bad.pk))
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, good.attempts) == (JobState.DONE, 1)
    assert (bad.state, bad.attempts) == (JobState.PENDING, 1)
    assert "wrong figure" in bad.error


def test_a_worker_taken_over_gives_its_work_back_quietly(rung):
    def overtaken(job: Job) -> None:
        silent(job)
        claim(job.pk)
        with transaction.atomic():
            Job.objects.create(task=TASK, key="a trace of the work")
            finish(job)

    job = ask()
    job_task("Essai")(overtaken)(str(job.pk))
    assert Job.objects.get().state == JobState.RUNNING  # the other worker's; no trace is left
