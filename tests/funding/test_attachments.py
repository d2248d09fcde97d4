"""What becomes of a file that is taken off a record: who may take it off, the bin, the history, the file itself."""

import os
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from aect import history
from aect.accounts.models import Role
from aect.changes import Changes
from funding import filing
from funding.models import Attachment, Project
from tests import factories
from tests.funding.test_filing import PDF, signatory, whole_draft  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def draft(signatory, media) -> Project:  # noqa: F811
    return factories.DraftFactory(collectivity=signatory.memberships.get().organisation, holder=signatory)


@pytest.fixture
def guest(draft, signatory):  # noqa: F811
    invited = filing.invite(draft, email="socio@leon.test", language="es", by=signatory)
    return filing.join(invited, password="una-clave-muy-larga")


def attached(draft: Project, by, name: str = "a.pdf") -> Attachment:
    return filing.attach(draft, SimpleUploadedFile(name, PDF + name.encode()), kind="other", by=by)


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def removal(draft: Project, attachment: Attachment) -> str:
    return f"/projets/{draft.slug}/pieces/{attachment.pk}/supprimer/"


def test_a_guest_takes_off_what_they_attached_and_nothing_of_their_host_s(draft, signatory, guest):  # noqa: F811
    host_s, own = attached(draft, signatory), attached(draft, guest, "b.pdf")
    client = client_of(guest)
    page = client.get(f"/es/projets/{draft.slug}/").content.decode()
    assert (removal(draft, own) in page, removal(draft, host_s) in page) == (True, False)
    assert client.post(removal(draft, host_s)).status_code == 404
    assert client.post(removal(draft, own)).status_code == 302
    assert list(Attachment.objects.all()) == [host_s]


def test_what_a_guest_took_off_can_be_put_back_by_both(draft, signatory, guest):  # noqa: F811
    for person in (guest, signatory):
        own = attached(draft, guest, f"{person.pk}.pdf")
        client_of(guest).post(removal(draft, own))
        client = client_of(person)
        event = history.events_of(Attachment).objects.get(pgh_label="delete", pgh_obj=own.pk).pgh_id
        address = f"/projets/{draft.slug}/pieces/{event}/retablir/"
        assert address in client.get(f"/projets/{draft.slug}/").content.decode()
        assert client.post(address).status_code == 302
        body = b"".join(client.get(f"/projets/{draft.slug}/pieces/{own.pk}/").streaming_content)
        assert body.startswith(PDF)
        assert address not in client.get(f"/projets/{draft.slug}/").content.decode()


def test_nobody_else_puts_back_a_file(draft, signatory, guest):  # noqa: F811
    hosts = attached(draft, signatory)
    client_of(signatory).post(removal(draft, hosts))
    event = history.events_of(Attachment).objects.get(pgh_label="delete").pgh_id
    strangers = [guest, factories.MembershipFactory().user, factories.UserFactory(role=Role.ANALYST)]
    for person in strangers:
        assert client_of(person).post(f"/projets/{draft.slug}/pieces/{event}/retablir/").status_code == 404
        assert client_of(person).post(f"/corbeille/funding.attachment/{event}/").status_code == 404
    assert not Attachment.objects.exists()


def test_the_history_and_the_bin_say_who_attached_and_who_took_off(draft, signatory):  # noqa: F811
    client = client_of(signatory)
    sent = {"kind": "other", "file": SimpleUploadedFile("budget.pdf", PDF)}
    client.post(f"/projets/{draft.slug}/pieces/", sent)
    answer = client.post(removal(draft, Attachment.objects.get()), follow=True)
    assert "Annuler la suppression" in answer.content.decode()
    told = [(change.label, change.who) for change in Changes(draft)[0:9] if change.name == "budget.pdf"]
    assert told == [("delete", signatory.email), ("insert", signatory.email)]
    assert "budget.pdf" in client.get("/corbeille/").content.decode()
    event = history.events_of(Attachment).objects.get(pgh_label="delete").pgh_id
    assert client.post(f"/corbeille/funding.attachment/{event}/").status_code == 302
    assert Attachment.objects.get().name == "budget.pdf"


def test_a_deleted_draft_comes_back_from_the_bin_with_its_files(draft, signatory):  # noqa: F811
    attached(draft, signatory)
    client = client_of(signatory)
    assert client.post(f"/projets/{draft.slug}/supprimer/", {"version": draft.version}).status_code == 302
    assert not Attachment.objects.exists()
    event = history.events_of(Project).objects.get(pgh_label="delete").pgh_id
    assert client.post(f"/corbeille/funding.project/{event}/").status_code == 302
    assert Project.objects.get().attachments.get().name == "a.pdf"


def test_a_file_goes_when_the_bin_keeps_its_row_no_longer(draft, signatory, media):  # noqa: F811
    kept, binned, forgotten = (attached(draft, signatory, name) for name in ("a.pdf", "b.pdf", "c.pdf"))
    paths, gone = [Path(each.file.path) for each in (kept, binned, forgotten)], forgotten.pk
    fresh = media / "attachments" / "of-a-row-that-is-being-written"
    fresh.write_bytes(PDF)
    for each in (binned, forgotten):
        filing.detach(each, by=signatory)
    old = time.time() - 40 * 24 * 3600
    for path in paths:
        os.utime(path, (old, old))
    events = history.events_of(Attachment).objects.filter(pgh_label="delete")
    assert filing.forget_files() == 0
    events.filter(pgh_obj=gone).update(pgh_created_at="2020-01-01 00:00Z")
    assert filing.forget_files() == 1
    assert [path.exists() for path in (*paths, fresh)] == [True, True, False, True]


def test_the_bin_of_a_record_does_not_take_files_without_end(draft, signatory, guest, settings):  # noqa: F811
    settings.ATTACHMENT_MAX_COUNT = 2
    for number in range(2):
        filing.detach(attached(draft, guest, f"{number}.pdf"), by=guest)
    with pytest.raises(ValidationError, match="rétablissez-en une"):
        attached(draft, guest, "c.pdf")
    attached(draft, signatory)  # one person's bin stops nobody else
    event = filing.removed_attachments(guest).filter(project=draft).first()
    client_of(guest).post(f"/projets/{draft.slug}/pieces/{event.pgh_id}/retablir/")
    assert draft.attachments.count() == 2
