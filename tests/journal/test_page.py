"""The journal's page: acts and changes of data in one list, for administrators, with filters and files."""

import csv
import io
from urllib.parse import urlencode

import pghistory
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from aect import history
from aect.accounts.models import Role
from aect.journal import filters, views
from aect.journal.models import Action, Entry, Line
from aect.journal.services import record
from partnerships.models import Partnership
from tests import factories
from tests.test_hostile_queries import VALUES

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return factories.UserFactory(role=Role.ADMINISTRATOR, email="chief@demo.test")


@pytest.fixture
def reader(administrator) -> Client:
    client = Client()
    client.force_login(administrator)
    Entry.objects.all().delete()
    return client


def page(client: Client, **asked) -> str:
    response = client.get("/journal/", asked)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_others_find_nothing_there(client, agent, officer_client):
    for path in ("/journal/", "/journal/export.csv", "/journal/export.xlsx"):
        assert client.get(path).status_code == 302
        assert officer_client.get(path).status_code == 404
        other = Client()
        for role in (Role.AGENT, Role.ANALYST):
            other.force_login(factories.UserFactory(role=role))
            assert other.get(path).status_code == 404


def test_acts_and_changes_of_data_stand_in_one_list_with_before_and_after(reader, administrator, officer):
    with pghistory.context(user=officer.pk):
        partnership = factories.PartnershipFactory(name="Avant")
        partnership.name = "Après"
        partnership.save()
    record(Action.STATE_CHANGED, by=administrator, on=partnership, after="published")
    text = page(reader)
    assert "Nom : Avant → Après" in text
    assert text.count(officer.email) == 2
    assert "Changement d’état" in text
    assert "après : published" in text
    assert text.index("Changement d’état") < text.index("Avant → Après")


def test_it_tells_accounts_by_their_address_while_they_have_one(reader, officer):
    record(Action.GRANTED, by=officer, user=officer.pk, role="editor")
    record(Action.SIGNED_IN, by=None, account=999_999)
    text = page(reader)
    assert f"compte : {officer.email}" in text
    assert "compte n° 999999" in text


@pytest.fixture
def lines(officer, administrator, reader):
    with pghistory.context(user=officer.pk):
        partnership = factories.PartnershipFactory(name="L’Étang")
    record(Action.EXPORTED, by=officer, path="/apd/export.csv")
    record(Action.GRANTED, by=administrator, organisation=factories.OrganisationFactory(name="Évreux"))
    Entry.objects.filter(action=Action.GRANTED).update(at="2026-01-31T23:30:00Z")  # already February in Paris
    return partnership


@pytest.mark.parametrize(
    ("asked", "actions"),
    [
        ({"source": "actes"}, {"exported", "granted"}),
        ({"action": "exported"}, {"exported"}),
        ({"action": "insert", "fiche": "partnerships.partnership"}, {"insert"}),
        ({"compte": "chief@demo.test"}, {"granted"}),
        ({"au": "2026-01-31"}, set()),
        ({"du": "2026-02-01", "au": "2026-02-01"}, {"granted"}),
        ({"q": "etang"}, {"insert"}),
        ({"q": "EVREUX", "source": "actes"}, {"granted"}),
        ({"fiche": "partnerships.partnership", "numero": "0"}, set()),
    ],
)
def test_what_one_asks_is_what_one_reads(lines, reader, asked, actions):
    found = reader.get("/journal/", asked)
    assert found.status_code == 200
    assert {line.action for line in found.context["page"].object_list} == actions


def test_an_account_is_asked_by_number_too_and_finds_what_it_changed(lines, reader, officer):
    found = reader.get("/journal/", {"compte": officer.pk}).context["page"].object_list
    assert {line.action for line in found} == {"exported", "insert"}


@pytest.mark.parametrize(
    "query",
    ["compte=nobody@demo.test", "du=hier", "au=9999-12-31", "du=0001-01-01", "action=x", "fiche=x", "tri=x", "page=0"],
)
def test_a_wrong_question_is_refused_and_named(reader, query):
    assert reader.get(f"/journal/?{query}").status_code == 400


def test_hostile_questions_are_answered_or_refused(lines, reader):
    reader.raise_request_exception = False
    for value in VALUES:
        query = urlencode(dict.fromkeys(("q", "numero", "compte", "du", "colonnes"), value))
        for question in (query, urlencode({"q": value, "numero": value}), urlencode({"compte": value})):
            assert reader.get(f"/journal/?{question}", follow=True).status_code in {200, 400}, question[:200]


def test_the_file_holds_what_the_page_shows_and_is_noted_itself(lines, reader, administrator):
    response = reader.get("/journal/export.csv?source=actes&tri=date")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [row["action"] for row in rows] == ["Droit donné", "Export"]
    assert rows[1]["details"] == "adresse : /apd/export.csv"
    noted = Entry.objects.filter(action=Action.EXPORTED).latest("pk")
    assert (noted.actor_id, noted.details["path"], noted.details["rows"]) == (
        administrator.pk,
        "/journal/export.csv",
        2,
    )
    assert reader.get("/journal/export.xlsx").status_code == 200


def test_too_many_lines_are_counted_so_far_only_and_too_long_a_file_is_refused(lines, reader, monkeypatch):
    monkeypatch.setattr(filters, "MOST", 2)
    monkeypatch.setattr(views, "MOST_IN_FILE", 2)
    text = page(reader)
    assert "Plus de 10 000 lignes" in text
    assert "Télécharger toutes les lignes" in text
    assert reader.get("/journal/export.csv").status_code == 400


def test_as_many_queries_for_many_lines_as_for_few(reader, officer, django_assert_num_queries):
    def more() -> None:
        with pghistory.context(user=officer.pk):
            factories.PartnershipFactory.create_batch(4)
        for _line in range(4):
            record(Action.SIGNED_IN, by=officer)

    more()
    with django_assert_num_queries(7):
        reader.get("/journal/")
    more()
    with django_assert_num_queries(7):
        reader.get("/journal/")


def test_every_history_is_in_the_view():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_viewdef('journal_line')")
        definition = cursor.fetchone()[0]
    assert [e._meta.db_table for e in history.histories().values() if e._meta.db_table not in definition] == []


def test_a_migration_makes_the_view_anew():
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW journal_line")
    call_command("migrate", verbosity=0)
    factories.PartnershipFactory()
    assert Line.objects.filter(record_kind=Partnership._meta.label_lower).exists()


def test_the_menu_leads_there_for_administrators_only(reader, officer_client):
    assert 'href="/journal/"' in page(reader)
    assert 'href="/journal/"' not in officer_client.get("/").content.decode()
