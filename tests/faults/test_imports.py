"""An import whose worker dies while it writes, and two that write the same rows at once. Each with its control."""

import io
import signal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from aect.accounts.models import Role
from aect.batches import services
from aect.batches.kinds import KINDS
from aect.batches.models import Batch, BatchState
from aect.batches.plans import Line, make_plan
from aect.batches.writing import write_lines
from aect.jobs.models import LEASE, Job, JobState
from aect.jobs.services import reconcile
from partnerships.models import Partnership
from tests import factories
from tests.batches.files import work
from tests.children import worker
from tests.faults.conftest import in_threads, wait_until

LINES = 20


@pytest.fixture
def ready(settings, tmp_path) -> Batch:
    """A checked file of many new partnerships."""
    settings.MEDIA_ROOT = tmp_path
    data = "name\n" + "".join(f"Partenariat {n}\n" for n in range(LINES))
    officer = factories.UserFactory(role=Role.OFFICER)
    file = io.BytesIO(data.encode())
    return work(services.send_file(file, name="a.csv", kind="partnerships", mode="add", by=officer))


def state() -> str:
    return Job.objects.latest("created_at").state


def test_the_writing_of_a_killed_worker_is_undone_and_done_by_another(ready):
    with worker() as first, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE batches_batchrow IN EXCLUSIVE MODE")  # partnerships are in, the rest is not
        in_threads(lambda: services.write_soon(ready, by=ready.uploaded_by))
        assert wait_until(lambda: state() == JobState.RUNNING)
        assert wait_until(_waits_for_a_lock)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not Partnership.objects.exists()
    ready.refresh_from_db()
    assert ready.state == BatchState.WRITING
    with worker():
        assert reconcile() == 0  # the control: while the lease runs, nobody takes the job
        Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now() - LEASE)
        assert reconcile() == 1
        assert wait_until(lambda: state() == JobState.DONE)
    ready.refresh_from_db()
    assert ready.state == BatchState.WRITTEN
    assert Partnership.objects.count() == LINES


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        return cursor.fetchone() is not None


def test_control_without_one_transaction_the_import_would_stay_half_written(ready):
    """The same statements, each committed on its own, up to where the worker was killed."""
    kind = KINDS[ready.kind]()
    lines = [Line(row.line, row.cells) for row in ready.rows.all()]
    make_plan(kind, ready.mode, lines)
    write_lines(kind, lines)
    assert Partnership.objects.count() == LINES
    assert Batch.objects.get().state == BatchState.READY


def test_of_two_imports_of_the_same_rows_one_is_written_the_other_checked_again(ready):
    officer = ready.uploaded_by
    ready.file.open("rb")
    twin = work(
        services.send_file(io.BytesIO(ready.file.read()), name="b.csv", kind="partnerships", mode="add", by=officer)
    )
    for batch in (ready, twin):
        services.write_soon(batch, by=officer)
    in_threads(lambda: work(ready), lambda: work(twin))
    states = sorted(Batch.objects.values_list("state", flat=True))
    assert states == [BatchState.STALE, BatchState.WRITTEN]
    assert Partnership.objects.count() == LINES
