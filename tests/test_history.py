"""The history is written by the database: whatever writes a record, and whoever asked for it, is told."""

import datetime
import io

import pghistory
import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aect import history
from aect.changes import Changes
from aect.versions import Versioned
from partnerships.models import (
    Convention,
    Organisation,
    Partnership,
    Party,
    Source,
    Theme,
)
from tests import factories

pytestmark = pytest.mark.django_db


def told(record) -> list[tuple[str, str, str]]:
    return [(change.label, change.kind, change.name) for change in Changes(record)[0:50]]


def labels(row) -> list[str]:
    return list(
        history.events_of(type(row)).objects.filter(pgh_obj=row).order_by("pgh_id").values_list("pgh_label", flat=True)
    )


def test_insert_update_and_delete_are_recorded():
    theme = Theme.objects.create(slug="eau", name="Eau")
    theme.name = "Eau potable"
    theme.save()
    pk = theme.pk
    theme.delete()
    events = history.events_of(Theme).objects.filter(pgh_obj=pk).order_by("pgh_id")
    assert list(events.values_list("pgh_label", "name")) == [
        ("insert", "Eau"),
        ("update", "Eau potable"),
        ("delete", "Eau potable"),
    ]


def test_bulk_updates_and_copy_are_recorded():
    Theme.objects.bulk_create(Theme(slug=f"t{n}", name="Avant") for n in range(3))
    Theme.objects.update(name="Après")
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY partnerships_theme (slug, name) FROM STDIN", io.StringIO("t9\tCopié\n"))
    events = history.events_of(Theme).objects
    assert events.filter(pgh_label="update", name="Après").count() == 3
    assert events.filter(pgh_label="insert", slug="t9").count() == 1


def test_an_update_that_changes_nothing_is_not_told():
    partnership = factories.PartnershipFactory()
    partnership.save()
    assert labels(partnership) == ["insert"]


def test_generated_columns_stay_out_of_the_history():
    names = {field.name for field in history.events_of(Organisation)._meta.fields}
    assert "folded" not in names
    assert {"name", "version"} <= names


def test_whatever_an_officer_may_delete_can_be_told_and_restored():
    """What a deletion takes along is recorded, but for the totals, which are computed anew."""
    derived = {"ApdTotal", "StaleTotal"}
    kept = {each._meta.concrete_model for each in history.histories()}
    waiting, seen = [Partnership, Organisation, Convention], set()
    while waiting:
        model = waiting.pop()
        seen.add(model)
        for relation in model._meta.get_fields(include_hidden=True):
            if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.CASCADE:
                assert relation.related_model in kept or relation.related_model.__name__ in derived, relation
                waiting += {relation.related_model} - seen


def test_version_grows_at_each_update_whatever_asks_for_it():
    partnership = factories.PartnershipFactory()
    Partnership.objects.update(summary="Autre")
    partnership.refresh_from_db()
    assert partnership.version == 2
    partnership.save()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE partnerships_partnership SET version = 1")
    partnership.refresh_from_db()
    assert partnership.version == 4


def test_every_versioned_model_has_its_trigger():
    for model in Versioned.__subclasses__():
        if not model._meta.abstract:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
                    [model._meta.db_table, "pgtrigger_version_grows%"],
                )
                assert cursor.fetchone() == (1,), model


def test_the_context_says_who_and_where(officer):
    with pghistory.context(user=officer.pk, url="/partenariats/x/modifier/"):
        partnership = factories.PartnershipFactory(name="Avant")
        partnership.name = "Après"
        partnership.save()
    latest = Changes(partnership)[0:1][0]
    assert (latest.who, latest.where) == (officer.email, "/partenariats/x/modifier/")
    assert [(cell.label, cell.before, cell.after) for cell in latest.cells] == [("Nom", "Avant", "Après")]


def test_commands_and_imports_are_named(officer):
    partnership = factories.PartnershipFactory()
    with pghistory.context(command="load_founding"):
        Partnership.objects.update(summary="Chargé")
    with pghistory.context(user=officer.pk, batch="1f"):
        Partnership.objects.update(summary="Importé")
    assert [change.who for change in Changes(partnership)[0:9]] == [
        f"Import 1f ({officer.email})",
        "Commande load_founding",
        "Hors du service",
    ]


def test_a_record_s_history_tells_what_hangs_on_it_even_once_deleted():
    partnership = factories.PartnershipFactory()
    party = factories.PartyFactory(partnership=partnership, organisation__name="Aix")
    theme = Theme.objects.create(slug="eau", name="Eau")
    partnership.themes.add(theme)
    action = partnership.actions.create(title="Forage")
    action.indicators.create(name="Débit")
    action.delete()
    party.delete()
    assert sorted(told(partnership)) == sorted(
        [
            ("insert", "Partenariat", partnership.name),
            ("insert", "Thème", "Eau"),
            ("insert", "Partie", "Aix"),
            ("delete", "Partie", "Aix"),
            ("insert", "Action", "Forage"),
            ("delete", "Action", "Forage"),
            ("insert", "Indicateur", "Débit"),
            ("delete", "Indicateur", "Débit"),
        ]
    )
    assert Party.objects.count() == 0


def test_values_are_shown_as_readers_know_them():
    source = factories.SourceFactory(title="Étude", year=2020)
    convention = factories.ConventionFactory(source=source, provisional_amount="1234.50")
    convention.signed_on, convention.signed_on_precision = "2015-07-01", "month"
    convention.provisional_amount = None
    convention.save()
    cells = {cell.label: (cell.before, cell.after) for cell in Changes(convention)[0:1][0].cells}
    assert cells["Montant prévisionnel"] == ("1234,50", "")
    assert cells["Signée le"][1] == "juillet 2015"


def test_instants_are_told_at_the_hour_of_the_reader():
    at = datetime.datetime(2026, 7, 1, 22, 30, tzinfo=datetime.UTC)
    convention = factories.ConventionFactory(published_at=at)
    cells = {cell.label: cell.after for change in Changes(convention)[0:1] for cell in change.cells}
    assert "2 juillet 2026" in cells["Publication"]
    assert "00:30" in cells["Publication"]


def test_numbers_are_told_without_idle_zeros():
    indicator = factories.IndicatorFactory(unit="%", baseline="80.000", target="12.500", value="0.000")
    cells = {cell.label: cell.after for change in Changes(indicator.action)[0:9] for cell in change.cells}
    assert (cells["Valeur initiale"], cells["Cible"], cells["Valeur mesurée"]) == ("80", "12,5", "0")


def test_a_name_deleted_since_is_said_so():
    source = Source.objects.create(slug="s", title="Étude")
    partnership = factories.PartnershipFactory(source=source)
    Partnership.objects.update(source=None)
    source.delete()
    cell = Changes(partnership)[0:1][0].cells[0]
    assert (cell.label, cell.after) == ("Source", "")
    assert "supprimé depuis" in cell.before


@pytest.fixture
def records():
    partnership = factories.PartnershipFactory()
    return [partnership, factories.ConventionFactory(partnership=partnership), factories.OrganisationFactory()]


def address(record) -> str:
    return reverse(f"{record._meta.model_name}-history", args=[record.slug])


def test_officers_read_it_others_do_not(client, officer_client, agent, records):
    for record in records:
        assert officer_client.get(address(record)).status_code == 200
        assert client.get(address(record)).url == f"/connexion/?next={address(record)}"
    client.force_login(agent)
    assert {client.get(address(record)).status_code for record in records} == {404}


def test_pages_follow_each_other_and_a_wrong_one_is_refused(officer_client):
    partnership = factories.PartnershipFactory()
    for number in range(60):
        Partnership.objects.update(summary=f"Version {number}")
    first, second = (officer_client.get(address(partnership), {"page": n}) for n in (1, 2))
    assert "Version 59" in first.content.decode()
    assert "Version 5<" not in first.content.decode()
    assert "Version 5<" in second.content.decode()
    assert officer_client.get(address(partnership), {"page": "x"}).status_code == 400


def test_a_page_takes_as_many_queries_for_one_change_as_for_many(officer_client, django_assert_num_queries):
    partnership = factories.PartnershipFactory(source=factories.SourceFactory())
    factories.PartyFactory(partnership=partnership)
    with django_assert_num_queries(8):
        officer_client.get(address(partnership))
    factories.PartyFactory.create_batch(5, partnership=partnership)
    with django_assert_num_queries(8):
        officer_client.get(address(partnership))


def test_rows_older_than_their_history_get_one_first_event(officer_client):
    old, known = factories.PartnershipFactory(name="Ancien", slug="ancien"), factories.PartnershipFactory()
    old.themes.add(factories.ThemeFactory())
    known.name = "Changé"
    known.save()
    linked = old.themes.through.objects.get()
    for events, pk in ((history.events_of(Partnership), old.pk), (history.events_of(type(linked)), linked.pk)):
        events.objects.filter(pgh_obj=pk).delete()
    assert told(old) == []
    with CaptureQueriesContext(connection) as asked:
        for _twice in range(2):
            history.open_histories(apps, app="partnerships")
    assert len(asked) == 2 * len([model for model in history.histories() if model._meta.app_label == "partnerships"])
    assert labels(old) == [history.OPENING]
    assert labels(known) == ["insert", "update"]
    assert {(label, kind) for label, kind, _name in told(old)} == {("opening", "Partenariat"), ("opening", "Thème")}
    opened = history.events_of(Partnership).objects.get(pgh_obj=old)
    kept = [f.attname for f in Partnership._meta.concrete_fields if not isinstance(f, models.GeneratedField)]
    assert [getattr(opened, name) for name in kept] == [getattr(old, name) for name in kept]
    page = officer_client.get("/partenariats/ancien/historique/").content.decode()
    assert "État à l’ouverture de l’historique" in page
    old.name = "Renommé"
    old.save()
    assert labels(old) == [history.OPENING, "update"]
