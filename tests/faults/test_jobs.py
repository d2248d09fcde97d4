"""Jobs under fault: races, dead workers, a Redis that is not there. Each guard has its negative control."""

import signal
import socket
import subprocess
import sys
import time

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
from tests.children import child_environment, worker
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    said = request_elsewhere(closed).stderr
    assert "Could not ring" in said
    assert (Job.objects.get().state, queued()) == (JobState.PENDING, 0)
    assert reconcile() == 0  # it has only just been rung for
    Job.objects.update(rung_at=F("rung_at") - PATIENCE)
    assert (reconcile(), queued()) == (1, 1)


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


def _state() -> str:
    return Job.objects.get().state
