"""Files on the server's disk: whole, or not there; and what is said when the disk is full."""

import errno
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils import timezone

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
DISK_FULL = "53100"  # PostgreSQL's, when its own disk is


class WholeFileStorage(FileSystemStorage):
    """Leaves nothing of a file that could not be written to its end. Names are new ones: see `stored_name`."""

    def _save(self, name: str, content: Any) -> str:
        try:
            return str(super()._save(name, content))  # type: ignore[misc]  # not told by Django's stubs
        except BaseException:
            self.delete(name)
            raise


def delete_others(storage: FileSystemStorage, folder: str, kept: Iterable[str]) -> int:
    """Deletes the files of a folder that no row names; how many. One of today may belong to a row not committed yet."""
    before, named = timezone.now() - timedelta(days=1), set(kept)
    try:
        stored = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    except FileNotFoundError:
        return 0
    gone = [name for name in stored if name not in named and storage.get_modified_time(name) < before]
    for name in gone:
        storage.delete(name)
    return len(gone)


def is_full(problem: BaseException | None) -> bool:
    """Whether a disk without room is behind this: ours, or the database's."""
    while problem is not None:
        if getattr(problem, "errno", None) in FULL or getattr(problem, "pgcode", None) == DISK_FULL:
            return True
        problem = problem.__cause__ or problem.__context__
    return False
