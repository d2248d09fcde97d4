"""Progress of a job that works in one long transaction, which nobody outside can look into."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from aect.jobs.models import Job
from aect.jobs.services import LeaseLost, advance

PAUSE = 1.0  # seconds between two writings
log = logging.getLogger(__name__)


@contextmanager
def shown(job: Job, *, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to say how many of `total` steps are done; a thread writes it, on a connection of its own.

    So the lease is kept as well, however long the caller's transaction lasts. Leave it before `finish`, which writes
    the same row. A job that was lost is only logged here: `finish` then undoes the caller's work.
    """
    done, ended = [0], threading.Event()

    def beat() -> None:
        try:
            while not ended.wait(PAUSE):
                advance(job, done=done[0], total=total)
        except LeaseLost:
            pass
        except Exception:
            log.warning("Could not write the progress of job %s.", job.pk, exc_info=True)
        finally:
            connection.close()

    def tell(steps: int) -> None:
        done[0] = min(steps, total)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        ended.set()
        thread.join()
