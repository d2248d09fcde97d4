"""Files for the tests of imports, and their way through check and writing without a worker."""

import csv
import io
from typing import Any

from aect.accounts.models import Role, User
from aect.batches import services, tasks
from aect.batches.exports import export
from aect.batches.models import Batch, BatchState
from tests import factories

RUN = {
    BatchState.CHECKING: tasks.check_batch,
    BatchState.WRITING: tasks.write_batch,
    BatchState.UNDOING: tasks.undo_batch,
}

FORMS = [("csv", "standard"), ("csv", "excel-fr"), ("xlsx", "standard")]


def as_csv(*rows: dict[str, Any]) -> bytes:
    """A CSV of the `standard` profile; its columns are those of all the rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def officer() -> User:
    return User.objects.filter(role=Role.OFFICER).first() or factories.UserFactory(role=Role.OFFICER)


def send(kind: str, mode: str, *rows: dict[str, Any], data: bytes = b"", name: str = "a.csv", **more: Any) -> Batch:
    """Sends a file and runs its check as a worker would."""
    file = io.BytesIO(data or as_csv(*rows))
    return work(services.send_file(file, name=name, kind=kind, mode=mode, **{"by": officer(), **more}))


def work(batch: Batch) -> Batch:
    """Runs the job that the batch waits for, and reads the batch again."""
    batch.refresh_from_db()
    RUN[BatchState(batch.state)](str(batch.job_id))
    batch.refresh_from_db()
    batch.job.refresh_from_db()
    assert batch.job.error == ""
    return batch


def written(kind: str, mode: str, *rows: dict[str, Any]) -> Batch:
    batch = send(kind, mode, *rows)
    assert problems(batch) == []
    services.write_soon(batch, by=batch.uploaded_by)
    batch = work(batch)
    assert batch.state == BatchState.WRITTEN
    return batch


def undone(batch: Batch) -> Batch:
    services.undo_soon(batch, by=batch.uploaded_by)
    return work(batch)


def problems(batch: Batch) -> list[tuple[int | None, str]]:
    """Where the problems are: line and column."""
    told = [(line, column) for line, column, _value, _message in batch.problems]
    return told + [(row.line, column) for row in batch.rows.all() for column, _message in row.problems]


def messages(batch: Batch) -> str:
    lines = [message for *_place, message in batch.problems]
    return "\n".join(lines + [message for row in batch.rows.all() for _column, message in row.problems])


def again(kind: str, form: str, profile: str):
    """The export of a kind, read as an update."""
    file = io.BytesIO()
    export(kind, form, profile).write(file)
    return services.import_now(file, name=f"a.{form}", kind=kind, mode="update", by=officer(), is_trial=True)
