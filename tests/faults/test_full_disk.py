"""A disk without room: nothing is left that is cut, and whoever sent something is told.

The room ends for this process only, after so many bytes of a file: PostgreSQL has its own.
"""

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError
from django.test import RequestFactory

from aect import views
from aect.batches.models import Batch
from funding.models import Attachment
from tests import factories

pytestmark = pytest.mark.django_db
ROOM = 50_000  # bytes
PDF = b"%PDF-1.7 " + b"0" * 100_000
TOLD = "Le service manque de place"


@contextmanager
def full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def disk(settings, tmp_path, client) -> Path:
    """Where files are kept, and where they wait; a page that fails is answered, not raised."""
    client.raise_request_exception = False
    settings.MEDIA_ROOT, settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "media", tmp_path / "waiting"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("in_memory", [True, False], ids=["while it is kept", "while it is received"])
def test_a_file_that_finds_no_room_leaves_nothing_and_says_so(disk, client, settings, in_memory):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20 if in_memory else 0
    member = factories.MembershipFactory(role="signatory")
    record = factories.DraftFactory(collectivity=member.organisation, holder=member.user)
    client.force_login(member.user)
    file = ContentFile(PDF, name="a.pdf")
    address = f"/projets/{record.slug}/pieces/"
    with full_disk():
        response = client.post(address, {"kind": "other", "file": file})
    assert response.status_code == 507
    assert TOLD in response.content.decode()
    assert not left(disk / "media")
    assert not Attachment.objects.exists()
    file.seek(0)
    assert client.post(address, {"kind": "other", "file": file}).status_code == 302
    assert len(left(disk / "media")) == 1


def test_an_import_that_finds_no_room_leaves_nothing_and_says_so(disk, client):
    client.force_login(factories.UserFactory(role="officer"))
    rows = b"name\n" + b"Une ville\n" * 10_000
    with full_disk():
        response = client.post(
            "/imports/nouveau/", {"kind": "partnerships", "mode": "add", "file": ContentFile(rows, name="a.csv")}
        )
    assert response.status_code == 507
    assert not left(disk)
    assert not Batch.objects.exists()


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_an_export_that_finds_no_room_says_so(disk, client, monkeypatch, extension):
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    monkeypatch.setattr("aect.tabular.writing.MEMORY", 1)
    factories.PartnershipFactory.create_batch(40, summary="a" * 4_000)
    with full_disk():
        response = client.get(f"/partenariats/export.{extension}?colonnes=nom&colonnes=resume&toutes=1")
    assert response.status_code == 507
    assert not left(disk)


def test_a_database_without_room_says_so_too():
    class Full(Exception):
        pgcode = "53100"

    request = RequestFactory().get("/")
    try:
        raise OperationalError from Full()
    except OperationalError:
        assert views.server_error(request).status_code == 507


def test_control_django_s_own_storage_leaves_the_cut_file(tmp_path):
    with full_disk(), pytest.raises(OSError, match="File too large"):
        FileSystemStorage(tmp_path).save("a.pdf", ContentFile(PDF))
    assert [path.stat().st_size for path in left(tmp_path)] == [ROOM]
