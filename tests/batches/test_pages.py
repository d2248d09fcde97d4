"""The imports' pages: who sees them, what they show, what they let one do."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from aect.accounts.models import Role
from aect.batches.kinds import KINDS
from aect.batches.models import Batch, BatchState
from partnerships.models import Partnership
from tests import factories
from tests.batches.files import as_csv, send, undone, work, written
from tests.tabular.files import in_sheet, tampered, workbook

pytestmark = pytest.mark.usefixtures("redis_alone")


@pytest.fixture
def client(officer) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def page(client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def address(batch: Batch, ending: str = "") -> str:
    return f"/imports/{batch.pk}/{ending}"


def upload(client, data: bytes, name: str = "a.csv", **more):
    file = SimpleUploadedFile(name, data)
    return client.post("/imports/nouveau/", {"kind": "partnerships", "mode": "add", "file": file, **more})


def test_a_file_goes_from_the_form_to_the_registry_and_back(client):
    answer = upload(client, as_csv({"name": "Un"}))
    batch = Batch.objects.get()
    assert answer.url == address(batch)
    assert "data-unfinished" in page(client, address(batch))
    work(batch)
    shown = page(client, address(batch))
    assert "data-unfinished" not in shown
    assert "Écrire 1 ligne" in shown
    client.post(address(batch, "ecrire/"))
    work(batch)
    assert Partnership.objects.get().name == "Un"
    assert "sera supprimée" in page(client, address(batch, "annuler/"))
    client.post(address(batch, "annuler/"))
    work(batch)
    assert not Partnership.objects.exists()
    assert "Annulé" in page(client, "/imports/")


def test_rows_of_an_import_taken_back_do_not_fill_the_bin(client):
    undone(written("partnerships", "add", {"name": "Un"}, {"name": "Deux"}))
    assert "La corbeille est vide" in page(client, "/corbeille/")


def test_the_form_says_what_is_accepted(client):
    assert "100\xa0000 lignes au plus" in page(client, "/imports/nouveau/")


def test_a_form_that_is_refused_says_where_and_asks_for_the_file_again(client):
    told = upload(client, b"nom\n", mode="").content.decode()
    assert '<a href="#id_mode_0">Que faire de ses lignes ?</a>' in told
    assert "Choisissez de nouveau le fichier" in told
    assert "Choisissez de nouveau" not in upload(client, b"", mode="").content.decode()


def test_errors_are_shown_by_line_and_mended_there(client):
    batch = send("partnerships", "add", {"name": "Un", "began_on": "jamais", "summary": "a\nb"}, {"name": "Deux"})
    shown = page(client, address(batch))
    assert "n’est pas une date" in shown
    assert "À corriger (1)" in shown
    assert "Écrire" not in shown
    form = page(client, address(batch, "lignes/2/"))
    assert 'value="jamais"' in form
    assert "#id_began_on" in form
    assert re.search(r'name="began_on" value="jamais"[^>]*aria-invalid="true"', form)
    client.post(address(batch, "lignes/2/"), {"name": "Un", "began_on": "2015", "summary": "a\r\nb"})
    assert work(batch).state == BatchState.READY
    assert "Écrire 2 lignes" in page(client, address(batch))


def test_changes_are_shown_before_and_after(client):
    factories.PartnershipFactory(slug="un", name="Avant")
    batch = send("partnerships", "update", {"slug": "un", "name": "Après", "summary": "<b>x</b>"})
    shown = page(client, address(batch))
    assert "<del>Avant</del>" in shown
    assert "<ins>Après</ins>" in shown
    assert "&lt;b&gt;x" in shown


def test_refused_lines_come_back_as_a_file_that_may_be_sent_again(client):
    data = "Nom;Depuis;Résumé\nUn;jamais;'=1+1\nDeux;2015;\n".encode()
    batch = send("partnerships", "add", data=data)
    file = b"".join(client.get(address(batch, "a-corriger.csv")).streaming_content)
    text = file.decode("utf-8-sig")
    assert text.splitlines()[0] == "Nom;Depuis;Résumé;Message"
    assert text.splitlines()[1].startswith("Un;jamais;'=1+1;")
    assert len(text.splitlines()) == 2
    again = send("partnerships", "add", data=file.replace(b"jamais", b"2016"))
    assert again.state == BatchState.READY
    assert again.rows.get().after["summary"] == "=1+1"


def test_a_second_click_says_that_it_is_done(client):
    batch = written("partnerships", "add", {"name": "Un"})
    response = client.post(address(batch, "ecrire/"), follow=True)
    assert "dans l’état « Écrit »" in response.content.decode()
    assert Partnership.objects.count() == 1


def test_the_same_file_again_is_told(client):
    written("partnerships", "add", {"name": "Un"})
    batch = send("partnerships", "add", {"name": "Un"})
    assert "a déjà été" in page(client, address(batch))


def test_a_failed_job_is_told_and_may_be_tried_again(client):
    batch = written("partnerships", "add", {"name": "Un"})
    job = batch.job
    job.state = "failed"
    job.save()
    Batch.objects.update(state="checking", written_at=None)
    assert "La tâche a échoué" in page(client, address(batch))
    client.post(address(batch, "relancer/"))
    batch.refresh_from_db()
    assert (batch.state, batch.job.state) == ("checking", "pending")


def test_an_abandoned_import_keeps_its_page(client, django_capture_on_commit_callbacks):
    batch = send("partnerships", "add", {"name": "Un"})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address(batch, "abandonner/"))
    assert "Abandonné" in page(client, address(batch))
    page(client, address(batch, "fichier"), 404)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_templates_and_exports_are_files(client, kind):
    for path in ("modeles/%s.csv", "modeles/%s.xlsx", "export/%s.csv?profil=excel-fr", "export/%s.xlsx"):
        response = client.get(f"/imports/{path % kind}")
        assert response.status_code == 200
        assert "attachment" in response["Content-Disposition"]
    assert client.get(f"/imports/export/{kind}.csv?profil=x").status_code == 400
    assert client.get("/imports/export/nothing.csv").status_code == 404


def test_every_column_is_documented(client):
    shown = page(client, "/imports/nouveau/")
    for kind in KINDS.values():
        for column in kind().columns.values():
            assert f'<code translate="no">{column.name}</code>' in shown


def test_the_original_is_an_attachment(client):
    batch = send("partnerships", "add", data=b"name\n<script>alert(1)</script>\n", name="<x>.csv")
    response = client.get(address(batch, "fichier"))
    assert response["Content-Type"] == "application/octet-stream"
    assert "attachment" in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "<x>" not in page(client, address(batch))


# Who may


PATHS = ["", "nouveau/", "modeles/actions.csv", "export/actions.csv"]
ENDINGS = ["", "etat/", "annuler/", "lignes/2/", "a-corriger.csv", "fichier"]
ACTIONS = ["ecrire/", "abandonner/", "verifier/", "relancer/", "annuler/", "lignes/2/"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST])
def test_for_others_the_pages_are_not_there(role):
    batch = send("partnerships", "add", {"name": "Un"})
    client = Client()
    client.force_login(factories.UserFactory(role=role))
    for path in [*(f"/imports/{path}" for path in PATHS), *(address(batch, ending) for ending in ENDINGS)]:
        assert client.get(path).status_code == 404, path
    for ending in ACTIONS:
        assert client.post(address(batch, ending)).status_code == 404, ending
    assert upload(client, b"name\nx\n").status_code == 404


def test_an_officer_sees_own_imports_an_administrator_all():
    batch = send("partnerships", "add", {"name": "Un"})
    client = Client()
    client.force_login(factories.UserFactory(role=Role.OFFICER))
    assert client.get(address(batch)).status_code == 404
    client.force_login(factories.UserFactory(role=Role.ADMINISTRATOR))
    assert client.get(address(batch)).status_code == 200


def test_visitors_are_led_to_sign_in():
    for path in PATHS:
        assert Client().get(f"/imports/{path}").url.startswith("/connexion/")


@pytest.mark.parametrize("query", ["?page=0", "?voir=x", "?page=" + "9" * 30])
def test_bad_parameters_are_no_error_of_ours(client, query):
    batch = send("partnerships", "add", {"name": "Un"})
    assert client.get(address(batch) + query).status_code == 400
    assert client.get("/imports/?x=%00").status_code == 200


def test_lists_take_a_fixed_number_of_queries(client, django_assert_num_queries):
    one = send("partnerships", "add", {"name": "Un"})
    three = send("partnerships", "add", *({"name": name} for name in ("A", "B", "C")))
    for batch in (one, three):
        with django_assert_num_queries(6):
            page(client, address(batch))
    for _round in range(2):
        with django_assert_num_queries(4):
            page(client, "/imports/")
        send("partnerships", "add", {"name": "Un"})


# Hostile files, from the form to the page


SMALL = workbook(["name"], ["Un"])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.csv"),
        (b"name\nUn\n", "a.txt"),
        (b"name\nUn\n", "a.xlsx"),
        (SMALL, "a.csv"),
        (b"<html>", "a.html"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xlsx"),
    ],
)
def test_what_is_no_table_is_refused_by_the_form(client, data, name):
    response = upload(client, data, name)
    assert response.status_code == 400
    assert "error" in response.content.decode()
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"PK\x03\x04" + b"x" * 200, "a.xlsx", "abîmé"),
        (tampered(SMALL, in_sheet(b'r="A2"', b'r="XFD1048576"')), "a.xlsx", "1048576"),
        (b";".join(b"c%d" % n for n in range(100_000)) + b"\n", "a.csv", "100000 colonnes"),
        (b'name\n"Un\n', "a.csv", "guillemet"),
        (b"name\nU\x00n\n", "a.csv", "nul"),
        ("name\nOrl\u00c3\u00a9ans\n".encode(), "a.csv", "accents"),
        (b"name,name\na,b\n", "a.csv", "Deux colonnes"),
        (b"name,mot\na,b\n", "a.csv", "Colonnes inconnues"),
        (b"name,began_on\nUn," + "١٩٩٠".encode() + b"\n", "a.csv", "pas une date"),
        (b"name,began_on\nUn,1e3000000\n", "a.csv", "pas une date"),
        (b"name\n" + b"x" * 201 + b"\n", "a.csv", "200"),
    ],
)
def test_a_hostile_file_gets_a_clear_message(client, data, name, words):
    upload(client, data, name)
    batch = work(Batch.objects.get())
    assert batch.state == BatchState.REFUSED
    assert words in page(client, address(batch))


def test_text_that_looks_like_a_formula_stays_text(client):
    written("partnerships", "add", {"name": "=cmd|' /C calc'!A0", "summary": "@SUM(1+1)"})
    assert Partnership.objects.get().name == "=cmd|' /C calc'!A0"
    response = client.get("/imports/export/partnerships.csv?profil=excel-fr")
    assert "'=cmd" in b"".join(response.streaming_content).decode("utf-8-sig")


def test_an_uploaded_workbook_is_read(client):
    upload(client, workbook(["Nom", "Depuis"], ["Un", 2015]), "Liste d’été.xlsx")
    batch = work(Batch.objects.get())
    assert batch.rows.get().after == {"name": "Un", "began_on": "2015"}
    assert io.BytesIO(batch.file.read()).getvalue().startswith(b"PK")
