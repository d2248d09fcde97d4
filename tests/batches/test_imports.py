"""What an import checks, writes and takes back, with the registry's own kinds."""

import datetime
import os
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aect.batches import services
from aect.batches.forms import LineForm
from aect.batches.kinds import KINDS
from aect.batches.models import Batch, BatchState, RowAction
from aect.batches.plans import Line, make_plan
from partnerships.models import Commitment, Convention, Identifier, Milestone, Organisation, Partnership, Party
from tests import factories
from tests.batches.files import as_csv, messages, problems, send, undone, work, written

CONVENTION = {"title": "Accord", "kind": "cooperation"}

pytestmark = pytest.mark.usefixtures("redis_alone")


@pytest.fixture
def link() -> Partnership:
    """A partnership of Bordeaux, which has its SIREN, and a municipality of Mexico."""
    link = factories.PartnershipFactory(slug="bordeaux-leon", name="Bordeaux – León")
    bordeaux = factories.OrganisationFactory(name="Bordeaux", slug="bordeaux")
    Identifier.objects.create(organisation=bordeaux, scheme="siren", code="213300635")
    leon = factories.MexicanMunicipalityFactory(name="León", slug="leon")
    Identifier.objects.create(organisation=leon, scheme="inegi", code="01020")
    factories.PartyFactory(partnership=link, organisation=bordeaux)
    factories.PartyFactory(partnership=link, organisation=leon, side="foreign")
    return link


# What is checked


def test_nothing_is_written_before_it_is_confirmed(link):
    batch = send("conventions", "add", {**CONVENTION, "partnership": "bordeaux-leon"})
    assert (batch.state, batch.new_count) == (BatchState.READY, 1)
    assert not Convention.objects.exists()


def test_all_errors_of_the_whole_file_are_told_at_once(link):
    Convention.objects.create(partnership=link, slug="deja", title="Déjà", kind="intent")
    rows = [
        {**CONVENTION, "partnership": "bordeaux-leon", "slug": "a", "signed_on": "31/02/2015"},
        {**CONVENTION, "partnership": "nulle part", "slug": "b", "provisional_amount": "1e3000000"},
        {"title": "", "kind": "pacte", "partnership": "Bordeaux – Leon", "slug": "c"},
        {**CONVENTION, "partnership": "bordeaux-leon", "slug": "deja"},
        {**CONVENTION, "partnership": "bordeaux-leon", "slug": "d", "in_force_on": "2015-01-01"},
        {**CONVENTION, "partnership": "bordeaux-leon", "slug": "e", "receipt_number": "12"},
        {**CONVENTION, "partnership": "bordeaux-leon", "slug": "é è"},
        {**CONVENTION, "partnership": "bordeaux-leon", "slug": "f", "renewal_years": "١٢"},
    ]
    batch = send("conventions", "add", *rows)
    assert batch.state == BatchState.REFUSED
    assert sorted(set(problems(batch))) == [
        (2, "signed_on"),
        (3, "partnership"),
        (3, "provisional_amount"),
        (4, "kind"),
        (4, "title"),
        (5, "slug"),
        (6, "in_force_on"),
        (6, "object"),
        (6, "provisional_amount"),
        (7, "receipt_number"),
        (8, "slug"),
        (9, "renewal_years"),
    ]
    assert "CGCT, art. L. 1115-1" in messages(batch)


def test_two_lines_of_one_key_are_both_told():
    batch = send("partnerships", "add", {"name": "Un", "slug": "x"}, {"name": "Deux", "slug": "x"}, {"name": "Trois"})
    assert problems(batch) == [(2, "slug"), (3, "slug")]
    assert "2, 3" in messages(batch)


def test_the_rules_are_those_of_the_model(link):
    """What the import says of a row is what `full_clean` says of it."""
    cells = {"title": "Accord", "kind": "friendship", "signed_on": "2015-07-15", "transmitted_on": "2015-07-01"}
    cells |= {"receipt_number": "", "sre_opinion": "unfavourable", "sre_registration_number": "12"}
    batch = send("conventions", "add", {**cells, "partnership": "bordeaux-leon"})
    row = factories.ConventionFactory.build(
        partnership=link,
        slug="accord",
        title="Accord",
        kind="friendship",
        signed_on=datetime.date(2015, 7, 15),
        transmitted_on=datetime.date(2015, 7, 1),
        sre_opinion="unfavourable",
        sre_registration_number="12",
    )
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert set(refused.value.messages) == set(messages(batch).split("\n"))
    assert len(refused.value.messages) == 2


def test_queries_do_not_grow_with_the_lines(link):
    counts = []
    for n in (1, 30):
        lines = [
            Line(i, {"slug": f"n-{i}", "title": f"C {i}", "kind": "intent", "partnership": "Bordeaux – León"})
            for i in range(n)
        ]
        with CaptureQueriesContext(connection) as queries:
            make_plan(KINDS["conventions"](), "add", lines)
        assert {line.action for line in lines} == {RowAction.NEW}
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_party_is_found_by_code_or_unambiguous_name_or_its_namesakes_are_told(link):
    factories.OrganisationFactory(name="Saint-Denis", slug="saint-denis-a")
    factories.OrganisationFactory(name="SAINT-DENIS", slug="saint-denis-b")
    factories.OrganisationNameFactory(organisation=Organisation.objects.get(slug="leon"), text="León de los Aldama")
    rows = [
        {"name": "A", "french_parties": "213300635", "foreign_parties": "leon de los aldama | 1020"},
        {"name": "B", "french_parties": "bordeaux", "foreign_parties": "1020"},
        {"name": "C", "french_parties": "Saint-Denis|BORDEAUX"},
        {"name": "D", "french_parties": "Atlantis"},
        {"name": "E", "french_parties": "bordeaux", "french_actors": "213300635"},
    ]
    batch = send("partnerships", "add", *rows)
    assert problems(batch)[:3] == [(2, "foreign_parties"), (4, "french_parties"), (5, "french_parties")]
    assert {place[0] for place in problems(batch)[3:]} == {6}
    said = messages(batch)
    assert "deux fois" in said
    assert "saint-denis-a" in said
    assert "saint-denis-b" in said
    assert "prend déjà part" in said


def test_an_update_needs_a_row_and_an_addition_none(link):
    assert "Rien de tel n’existe" in messages(send("partnerships", "update", {"slug": "autre", "name": "Autre"}))
    assert "Existe déjà" in messages(send("partnerships", "add", {"slug": "bordeaux-leon", "name": "Autre"}))
    assert "de quelle fiche" in messages(send("milestones", "update", {"description": "Sans titre"}))


# What is written


def test_an_addition_writes_rows_and_what_hangs_on_them(link):
    theme = _theme()
    written(
        "partnerships",
        "add",
        {
            "name": "Bordeaux et León",
            "began_on": "années 1990",
            "french_parties": "213300635",
            "foreign_actors": "01020",
            "themes": "eau",
        },
    )
    found = Partnership.objects.get(slug="bordeaux-et-leon")
    assert (found.began, list(found.themes.all())) == ("années 1990", [theme])
    assert set(found.parties.values_list("organisation__slug", "side", "role")) == {
        ("bordeaux", "french", "party"),
        ("leon", "foreign", "actor"),
    }


def _theme():
    from partnerships.models import Theme

    return Theme.objects.create(slug="eau", name="Eau")


def test_an_update_leaves_empty_cells_alone_and_empties_what_is_so_marked(link):
    row = factories.ConventionFactory(
        partnership=link, slug="c", title="Avant", object="Eau", signed_on=datetime.date(2015, 7, 15)
    )
    batch = written("conventions", "update", {"slug": "c", "title": "", "object": "(vide)", "signed_on": "07/2016"})
    row.refresh_from_db()
    assert (row.title, row.object, row.signed_on, row.signed_on_precision) == (
        "Avant",
        "",
        datetime.date(2016, 7, 1),
        "month",
    )
    assert batch.rows.get().before == {"object": "Eau", "signed_on": "2015-07-15"}
    assert batch.rows.get().after == {"object": "", "signed_on": "2016-07"}


def test_lines_of_one_file_may_refer_to_each_other(link):
    rows = [{**CONVENTION, "partnership": "bordeaux-leon", "slug": slug} for slug in ("un", "deux")]
    written("conventions", "add", {**rows[0], "renews": "deux"}, rows[1])
    assert Convention.objects.get(slug="un").renews.slug == "deux"


def test_an_organisation_comes_with_its_codes():
    factories.CountryFactory()
    written("organisations", "add", {"name": "Le Havre", "kind": "Commune", "country": "france", "siren": "217603513"})
    found = Organisation.objects.get(identifiers__code="217603513")
    assert found.slug == "le-havre-217603513"
    too_long = {
        "name": "X",
        "kind": "ngo",
        "country": "FR",
        "siren": "9" * 99,
        "population": "-1",
        "cog_region": "9" * 99,
    }
    assert {place[1] for place in problems(send("organisations", "add", too_long))} == {
        "siren",
        "population",
        "cog_region",
    }
    assert "clé de contrôle" in messages(
        send("organisations", "add", {"name": "X", "kind": "ngo", "country": "FR", "siren": "217603514"})
    )


def test_commitments_are_known_by_convention_party_and_year(link):
    factories.ConventionFactory(partnership=link, slug="c")
    cells = {"convention": "c", "party": "213300635", "year": "2016"}
    written("commitments", "add", {**cells, "amount": "1 234,5"})
    written("commitments", "update", {**cells, "amount": "10"})
    assert Commitment.objects.get().amount == Decimal(10)


def test_a_milestone_is_known_by_its_number_or_by_what_it_says(link):
    cells = {"partnership": "bordeaux-leon", "happened_on": "2016", "title": "Comité", "kind": "meeting"}
    written("milestones", "add", cells, {**cells, "happened_on": "2017"})
    first, second = Milestone.objects.order_by("happened_on")
    written(
        "milestones",
        "update",
        {"id": first.pk, "title": "Comité mixte"},
        {**cells, "happened_on": "2017", "description": "x"},
    )
    assert Milestone.objects.get(pk=first.pk).title == "Comité mixte"
    assert Milestone.objects.get(pk=second.pk).description == "x"


def test_what_changed_since_the_check_is_not_overwritten(link):
    factories.ConventionFactory(partnership=link, slug="c", title="Avant")
    batch = send("conventions", "update", {"slug": "c", "title": "Après"})
    Convention.objects.update(title="Entre-temps")
    services.write_soon(batch, by=batch.uploaded_by)
    assert work(batch).state == BatchState.STALE
    assert Convention.objects.get().title == "Entre-temps"
    services.check_again(batch, by=batch.uploaded_by)
    assert work(batch).rows.get().before == {"title": "Entre-temps"}


def test_a_line_is_mended_in_place(link):
    batch = send("conventions", "add", {**CONVENTION, "partnership": "bordeaux", "slug": "c"})
    assert problems(batch) == [(2, "partnership")]
    services.mend_line(batch.rows.get(), {"partnership": "bordeaux-leon"}, by=batch.uploaded_by)
    assert work(batch).state == BatchState.READY


def test_an_import_that_waits_is_not_written_and_a_written_one_not_twice(link):
    batch = send("partnerships", "add", {"name": ""})
    with pytest.raises(services.NotNow):
        services.write_soon(batch, by=batch.uploaded_by)
    batch = written("partnerships", "add", {"name": "Un"})
    with pytest.raises(services.NotNow):
        services.write_soon(batch, by=batch.uploaded_by)


def test_an_abandoned_import_keeps_no_line_and_no_file(link, django_capture_on_commit_callbacks):
    batch = send("partnerships", "add", {"name": "Un"})
    with django_capture_on_commit_callbacks(execute=True):
        services.abandon(batch, by=batch.uploaded_by)
    assert not batch.rows.exists()
    assert not batch.file.storage.exists(batch.file.name)


@pytest.mark.parametrize(("age", "stands"), [(29, True), (31, False)])
def test_an_import_that_nobody_writes_is_forgotten_after_a_time(link, django_capture_on_commit_callbacks, age, stands):
    refused = send("partnerships", "add", {"name": ""})
    done = written("partnerships", "add", {"name": "Un"})
    long_ago = timezone.now() - datetime.timedelta(days=age)
    Batch.objects.update(uploaded_at=long_ago)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.forget() == (not stands)
    refused.refresh_from_db()
    assert refused.is_open is stands
    assert refused.file.storage.exists(refused.file.name) is stands
    assert done.file.storage.exists(done.file.name)
    assert Partnership.objects.filter(name="Un").exists()


def test_a_file_that_no_import_names_is_deleted_once_it_is_old(link):
    batch = written("partnerships", "add", {"name": "Un"})
    storage = batch.file.storage
    names = [storage.save(f"imports/{name}", ContentFile(b"x")) for name in ("old", "new")]
    for name in (names[0], batch.file.name):
        os.utime(storage.path(name), (0, 0))
    assert services.forget() == 1
    assert [storage.exists(name) for name in (*names, batch.file.name)] == [False, True, True]


def test_the_name_of_a_file_loses_what_nobody_sees(link):
    batch = services.send_file(
        ContentFile(b"name\nUn\n"),
        name="C:\\a\u202efdp.csv",
        kind="partnerships",
        mode="add",
        by=factories.UserFactory(role="officer"),
    )
    assert batch.name == "a fdp.csv"


# What is taken back


def state() -> list:
    models = (Organisation, Identifier, Partnership, Party, Convention, Partnership.themes.through)
    return [sorted(tuple(sorted(row.items(), key=str)) for row in model.objects.values()) for model in models]


def without_versions(told: list) -> list:
    return [[tuple(pair for pair in row if pair[0] != "version") for row in rows] for rows in told]


def test_undoing_puts_back_and_removes_everything(link):
    party = link.parties.get(organisation__slug="leon")
    party.part = "Forme les agents"
    party.save()
    link.themes.add(_theme())
    before = without_versions(state())
    rows = [
        {
            "slug": "bordeaux-leon",
            "name": "Autrement",
            "foreign_parties": "(vide)",
            "themes": "(vide)",
            "began_on": "2001",
        },
    ]
    batch = written("partnerships", "update", *rows)
    assert without_versions(state()) != before
    added = written("partnerships", "add", {"name": "Neuf", "french_parties": "bordeaux"})
    assert undone(added).state == BatchState.UNDONE
    assert undone(batch).state == BatchState.UNDONE
    assert without_versions(state()) == before


def test_a_party_that_changes_place_keeps_what_is_known_of_it(link):
    Party.objects.filter(organisation__slug="bordeaux").update(part="Forme")
    cells = {"slug": "bordeaux-leon", "french_parties": "(vide)", "french_associates": "bordeaux"}
    batch = written("partnerships", "update", cells)
    assert Party.objects.get(organisation__slug="bordeaux", role="associate").part == "Forme"
    undone(batch)
    assert Party.objects.get(organisation__slug="bordeaux", role="party").part == "Forme"


def test_what_others_changed_since_is_not_undone(link):
    batch = written("partnerships", "update", {"slug": "bordeaux-leon", "name": "Autrement", "summary": "Dit"})
    Partnership.objects.update(summary="Redit")
    assert undone(batch).state == BatchState.WRITTEN
    assert "a changé depuis" in messages(batch)
    assert Partnership.objects.get().name == "Autrement"


def test_what_others_built_on_is_not_removed(link):
    batch = written("partnerships", "add", {"name": "Un"}, {"name": "Deux"})
    factories.ConventionFactory(partnership=Partnership.objects.get(slug="un"), title="Dessus")
    assert undone(batch).state == BatchState.WRITTEN
    assert "Ligne 2" in messages(batch)
    assert "Dessus" in messages(batch)
    assert Partnership.objects.filter(slug="deux").exists()
    Convention.objects.all().delete()
    assert undone(batch).state == BatchState.UNDONE
    assert list(Partnership.objects.values_list("slug", flat=True)) == ["bordeaux-leon"]


def test_a_party_described_since_is_not_removed_with_its_partnership(link):
    batch = written("partnerships", "add", {"name": "Un", "french_parties": "bordeaux"})
    Party.objects.filter(partnership__slug="un").update(part="Décrite depuis")
    assert undone(batch).state == BatchState.WRITTEN


def test_a_deleted_row_is_told(link):
    batch = written("partnerships", "add", {"name": "Un"})
    Partnership.objects.filter(slug="un").delete()
    undone(batch)
    assert "supprimée depuis" in messages(batch)


# The file as a whole


def test_unknown_or_missing_columns_are_named():
    batch = send("partnerships", "add", {"nom": "Un", "villes": "x"})
    assert batch.state == BatchState.REFUSED
    assert "villes" in messages(batch)
    assert "Nom" in messages(send("partnerships", "add", {"slug": "un"}))
    assert "deux fois" in messages(send("partnerships", "add", data=b"name,Nom\na,b\n"))


def test_unusable_cells_are_told_with_all_other_errors_and_stay_refused_until_they_are_mended():
    """They were told before anything else was checked, could not be mended here, and a second check forgot them."""
    data = "name,summary,began_on\nUn\nDeux,Orl\u00c3\u00a9ans,jamais\nTrois,oui, et non,2015\n#REF!,,2015\n".encode()
    batch = send("partnerships", "add", data=data)
    told = [(3, "summary"), (3, "began_on"), (4, "began_on"), (4, "name"), (5, "name")]
    assert problems(batch) == told
    assert "« 2015 »" in messages(batch)
    services.check_again(batch, by=batch.uploaded_by)
    assert problems(work(batch)) == told
    mended = {3: {"summary": "Orléans", "began_on": ""}, 4: {"summary": "oui, et non", "began_on": "2015"}}
    for line, cells in (mended | {5: {"name": "Quatre"}}).items():
        services.mend_line(batch.rows.get(line=line), cells, by=batch.uploaded_by)
        batch = work(batch)
    assert (batch.state, batch.new_count) == (BatchState.READY, 4)
    assert [row.after.get("summary", "") for row in batch.rows.all()] == ["", "Orléans", "oui, et non", ""]


def test_a_namesake_gets_the_address_that_the_file_had_no_column_for(link):
    """The page that refused it had no field in which to say so."""
    factories.ConventionFactory(partnership=link, slug="accord", title="Accord")
    batch = send("conventions", "add", {**CONVENTION, "partnership": "bordeaux-leon"})
    assert "autre fiche" in messages(batch)
    form = LineForm(kind=KINDS["conventions"](), row=batch.rows.get())
    assert next(iter(form.fields)) == "slug"
    services.mend_line(batch.rows.get(), {"slug": "accord-2", "title": "Accord"}, by=batch.uploaded_by)
    batch = work(batch)
    assert (batch.state, "slug" in batch.header) == (BatchState.READY, True)


def test_codes_are_read_as_people_and_spreadsheets_write_them(link):
    factories.CountryFactory()
    cells = {"name": "Belley", "kind": "commune", "country": "FR", "siren": "210 100 343", "cog_commune": "1034"}
    written("organisations", "add", cells)
    found = Organisation.objects.get(name="Belley")
    assert {code.scheme: code.code for code in found.identifiers.all()} == {
        "siren": "210100343",
        "cog_commune": "01034",
    }
    assert send("organisations", "update", cells).unchanged_count == 1
    batch = send("parties", "add", {"partnership": "bordeaux-leon", "organisation": "210 100 343", "side": "french"})
    assert problems(batch) == []


@pytest.mark.parametrize("cell", ["oui", "VRAI", "Sí", "VERDADERO", "true", "yes"])
def test_yes_is_read_in_each_language_of_the_site(cell):
    column = KINDS["parties"]().columns["is_lead"]
    assert column.read(cell) is True
    assert [column.read(no) for no in ("non", "No", "FALSO", "faux")] == [False] * 4


def test_messages_speak_of_what_the_reader_sees(link):
    cells = {**CONVENTION, "partnership": "bordeaux-leon", "signed_on": "15/07/2015", "transmitted_on": "14/07/2015"}
    batch = send("conventions", "add", cells, {**cells, "kind": "pacte", "slug": "b"})
    assert (2, "transmitted_on") in problems(batch)  # the later of the two steps
    assert "Pacte d’amitié, Jumelage" in messages(batch)
    assert "1, 2, 3" in messages(send("goals", "add", {"partnership": "bordeaux-leon", "goal": "eau"}))


def test_examples_remarks_and_messages_are_not_read():
    rows = [{"Remarque": "Exemple : cette ligne…", "name": "Non"}, {"Remarque": "", "name": "Oui", "Message": "x"}]
    batch = send("partnerships", "add", *rows)
    assert [row.cells for row in batch.rows.all()] == [{"name": "Oui"}]


def test_an_apostrophe_before_a_formula_is_taken_off_in_french_files_only():
    batch = send("partnerships", "add", data="Nom;Résumé\nUn;'=1+1\n".encode())
    assert batch.rows.get().cells["summary"] == "=1+1"
    batch = send("partnerships", "add", {"name": "Deux", "summary": "'=1+1"})
    assert batch.rows.get().cells["summary"] == "'=1+1"


def test_the_stored_name_says_nothing_of_the_file(tmp_path):
    batch = send("partnerships", "add", data=as_csv({"name": "Un"}), name="../../etc/passwd.csv")
    assert "passwd" not in batch.file.name
    assert batch.file.path.startswith(str(tmp_path))
    assert batch.name.endswith("passwd.csv")
