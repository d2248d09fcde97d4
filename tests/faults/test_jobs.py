"""Jobs under fault: races, dead workers, a Redis that is not there. Each guard has its negative control."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from aect.celery import app
from aect.jobs.models import LEASE, PATIENCE, Job, JobState
from aect.jobs.services import claim, reconcile, request_job
from funding import services
from funding.models import ApdTotal, StaleTotal
from tests import factories
from tests.children import child_environment, free_port, worker
from tests.faults.conftest import in_threads, wait_until

TASK = services.TOTALS_TASK


def unguarded_claim(job_id) -> Job | None:
    """What `claim` would be without its guarded UPDATE: look, then write."""
    job = Job.objects.get(pk=job_id)
    if job.state != JobState.PENDING:
        return None
    time.sleep(0.1)
    Job.objects.filter(pk=job_id).update(state=JobState.RUNNING, attempts=F("attempts") + 1)
    return job


@pytest.mark.parametrize(("how", "claimed_once"), [(claim, True), (unguarded_claim, False)])
def test_of_many_workers_one_claims_a_job(how, claimed_once):
    job = Job.objects.create(task=TASK, key="k")
    found = in_threads(*[lambda: how(job.pk)] * 6)
    assert not [error for error in found if isinstance(error, BaseException)]
    assert (sum(each is not None for each in found) == 1) is claimed_once


def unguarded_request(key: str) -> Job:
    """What `request_job` would be if the database did not hold one waiting job a key."""
    if waiting := Job.objects.filter(key=key, state=JobState.PENDING).first():
        return waiting
    time.sleep(0.1)
    return Job.objects.create(task=TASK, key=key)


def test_of_many_requests_one_job_is_made():
    with connection.cursor() as cursor:
        made = in_threads(*[lambda: request_job(TASK, key="k", by=None)] * 5)
        assert len({job.pk for job in made}) == Job.objects.count() == 1
        Job.objects.all().delete()
        cursor.execute("DROP INDEX job_waits_once_per_key")
        try:
            in_threads(*[lambda: unguarded_request("k")] * 5)
            assert Job.objects.count() > 1
        finally:
            Job.objects.all().delete()
            cursor.execute("CREATE UNIQUE INDEX job_waits_once_per_key ON jobs_job (key) WHERE state = 'pending'")


@pytest.fixture
def empty_queue():
    with app.connection_for_write() as link:
        link.default_channel.queue_purge("celery")


def queued() -> int:
    with app.connection_for_write() as link:
        return link.default_channel.client.llen("celery")


REQUEST = """
import django
django.setup()
from django.db import transaction
from funding.services import request_totals
with transaction.atomic():
    request_totals(by=None)
"""


def request_elsewhere(redis_url: str) -> subprocess.CompletedProcess:
    """Asks for totals in a process of its own, whose doorbell is at this address."""
    command = [sys.executable, "-c", REQUEST]
    environment = child_environment(REDIS_URL=redis_url, DJANGO_SETTINGS_MODULE="aect.settings")
    done = subprocess.run(  # noqa: PLW1510  # its error is shown
        command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done


def test_without_redis_the_work_is_kept_and_rung_for_later(empty_queue):
    said = request_elsewhere(f"redis://127.0.0.1:{free_port()}/0").stderr
    assert "Could not ring" in said
    assert (Job.objects.get().state, queued()) == (JobState.PENDING, 0)
    assert reconcile() == 0  # it has only just been rung for
    Job.objects.update(rung_at=F("rung_at") - PATIENCE)
    assert (reconcile(), queued()) == (1, 1)


MANY = REQUEST.replace("request_totals(by=None)", "[request_job('tests.work', key=str(n), by=None) for n in range(5)]")
MANY = MANY.replace("import request_totals", "import request_totals; from aect.jobs.services import request_job")


@pytest.mark.parametrize(("alone", "asked"), [("", 1), ("import aect.jobs.services as s; s.ALONE = 0; ", 5)])
def test_a_redis_that_hangs_is_waited_for_once_a_request(alone, asked):
    """It takes the connection and says nothing. The control asks it each time."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        hung.settimeout(60)
        links: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    links.append(hung.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        said = subprocess.run(
            [sys.executable, "-c", MANY.replace("with transaction", f"{alone}\nwith transaction")],
            env=child_environment(
                REDIS_URL=f"redis://127.0.0.1:{hung.getsockname()[1]}/0", DJANGO_SETTINGS_MODULE="aect.settings"
            ),
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
    assert Job.objects.count() == 5
    assert said.stderr.count("Could not ring") == asked


def test_control_with_redis_the_bell_is_heard(empty_queue):
    said = request_elsewhere(settings.REDIS_URL).stderr
    assert "Could not ring" not in said
    assert (Job.objects.count(), queued()) == (1, 1)


def test_a_worker_runs_the_job_end_to_end(empty_queue):
    factories.DacListingFactory()
    factories.ApdLineFactory()
    with worker():
        job = services.request_totals(by=None)
        assert wait_until(lambda: Job.objects.get(pk=job.pk).state == JobState.DONE)
    job.refresh_from_db()
    assert (job.result["lines_read"], job.result["rows_written"], job.percent) == (1, 1, 100)
    assert ApdTotal.objects.grand_total()["apd_eur"] == 1000
    assert not StaleTotal.objects.exists()


def test_the_job_of_a_killed_worker_is_done_by_another(empty_queue):
    factories.DacListingFactory()
    factories.ApdLineFactory()
    with worker() as first, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE funding_apdtotal IN ACCESS EXCLUSIVE MODE")  # holds the worker in its work
        in_threads(lambda: services.request_totals(by=None))
        assert wait_until(lambda: _state() == JobState.RUNNING)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not ApdTotal.objects.exists()
    assert StaleTotal.objects.exists()
    with worker():
        assert reconcile() == 0  # the control: while the lease runs, nobody takes the job
        assert not wait_until(lambda: _state() != JobState.RUNNING, 1)
        Job.objects.update(lease_until=timezone.now() - LEASE)
        assert reconcile() == 1
        assert wait_until(lambda: _state() == JobState.DONE)
    assert Job.objects.get().attempts == 2
    assert ApdTotal.objects.grand_total()["lines"] == 1


@contextmanager
def held_in_its_work() -> Iterator[None]:
    """A worker that computes totals cannot go on, and the job for it is asked for and taken."""
    factories.DacListingFactory()
    factories.ApdLineFactory()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE funding_apdtotal IN ACCESS EXCLUSIVE MODE")
        in_threads(lambda: services.request_totals(by=None))
        assert wait_until(lambda: seen().state == JobState.RUNNING, 60)
        yield


def seen() -> Job:
    """The job as others see it, from outside the caller's transaction."""
    return in_threads(Job.objects.get)[0]


def children(of: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(of)], capture_output=True, text=True, check=False).stdout
    return [int(pid) for pid in found.split()]


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_parent_says_at_once_that_its_child_died(empty_queue, pool):
    """The lease lasts an hour: only the parent's word gives the job back. The control is a worker without a parent."""
    is_told, patience = pool == "prefork", 120 if pool == "prefork" else 3
    with worker(pool, JOB_LEASE_SECONDS="3600") as parent:
        with held_in_its_work():
            for pid in children(parent.pid) if is_told else [parent.pid]:
                os.kill(pid, signal.SIGKILL)
            assert wait_until(lambda: seen().attempts == 2, patience) is is_told
        assert wait_until(lambda: _state() == JobState.DONE, patience) is is_told


def test_a_long_job_keeps_its_lease(empty_queue):
    with worker(JOB_LEASE_SECONDS="2"), held_in_its_work():
        leases = set()
        assert wait_until(lambda: leases.add(seen().lease_until) or len(leases) > 8, 60)
        assert in_threads(reconcile) == [0]
        assert seen().attempts == 1


def test_control_a_job_whose_worker_says_nothing_is_offered_again(monkeypatch):
    monkeypatch.setattr("aect.jobs.services.LEASE", timedelta(seconds=1))
    job = claim(Job.objects.create(task=TASK, key="k").pk)
    assert wait_until(lambda: Job.objects.forgotten().exists())
    assert claim(job.pk).attempts == 2


@pytest.mark.parametrize(("moved", "is_rung"), [(timedelta(hours=1), True), (timedelta(0), False)])
def test_a_clock_put_back_loses_no_bell(empty_queue, moved, is_rung):
    """What was rung for, or taken, before the clock went back bears an instant that is still to come."""
    _waits, runs = (Job.objects.create(task=TASK, key=key, rung_at=timezone.now() + moved) for key in "ab")
    claim(runs.pk)
    Job.objects.filter(pk=runs.pk).update(lease_until=F("lease_until") + moved)
    assert reconcile() == (2 if is_rung else 0)


def _state() -> str:
    return Job.objects.get().state
