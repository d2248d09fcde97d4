"""What people changed or deleted is never touched by loading; what the files say otherwise waits for an officer."""

import gzip
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from aect import history, trash
from aect.accounts.models import Role
from aect.changes import Changes
from aect.loading import values as facts
from aect.loading.models import Difference, LoadedRow
from funding.models import Call, PublishedFigure
from partnerships.models import (
    Convention,
    Country,
    Identifier,
    Milestone,
    Organisation,
    OrganisationName,
    Partnership,
    Party,
    Theme,
)
from tests import factories
from tests.funding.test_wrong_fixtures import SMALL

pytestmark = pytest.mark.django_db

FILES = {
    "sources.toml": '[[source]]\nslug = "etude"\ntitle = "Étude"\n',
    "organisations.toml": '[la-rochelle]\nsiren = "241700434"\ndescription = "Présentation."\nsource = "etude"\n'
    '[campeche]\ninegi = "04"\n[afd]\nname = "AFD"\nkind = "agency"\ncountry = "FR"\n',
    "names.toml": '[[la-rochelle.other]]\ntext = "La Rochelle Agglo"\nkind = "usual"\n',
    "lineage.toml": "",
    "networks.toml": "",
    "themes.toml": '[[theme]]\nslug = "eau"\nname = "Eau"\n[[theme]]\nslug = "climat"\nname = "Climat"\n',
    "timeline.toml": '[[milestone]]\nhappened_on = "2007"\nkind = "law"\ntitle = "Une loi"\n',
    "calls.toml": '[[call]]\nslug = "appel"\ntitle = "Appel"\nfirst_year = 2012\nlast_year = 2012\n'
    'organisers = ["afd"]\n',
    "projects.toml": "",
    "figures.toml": '[[figure]]\nkey = "apd-2018"\nlabel = "APD 2018"\nmetric = "apd"\nyear = 2018\nvalue = 100\n',
    "partnerships/un.toml": """
slug = "la-rochelle-campeche"
name = "La Rochelle – Campeche"
summary = "Résumé du fichier."
themes = ["eau"]
began_on = "2015"
source = "etude"
[[party]]
organisation = "la-rochelle"
side = "french"
[[party]]
organisation = "campeche"
side = "foreign"
[[convention]]
slug = "accord-2015"
title = "Accord"
kind = "cooperation"
signed_on = "2015-07-15"
signatories = ["la-rochelle"]
[[milestone]]
happened_on = "2015"
kind = "agreement"
title = "Premier accord"
[[milestone]]
happened_on = "2016"
kind = "meeting"
title = "Rencontre"
""",
}


class Files:
    """A small `fixtures/` of our own, which a test edits and loads again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, lines in SMALL.items():
            self.write(f"reference/{name}", "\n".join(lines) + "\n")
        for name, text in FILES.items():
            self.write(f"founding/{name}", text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())

    def read(self, name: str) -> str:
        data = (self.folder / name).read_bytes()
        return (gzip.decompress(data) if name.endswith(".gz") else data).decode()

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def load(self, *names: str, **options) -> str:
        out = StringIO()
        for name in names or ("reference", "founding"):
            call_command(f"load_{name}", folder=self.folder, stdout=out, **options)
        return out.getvalue()


@pytest.fixture
def files(tmp_path) -> Files:
    files = Files(tmp_path)
    files.load()
    assert not Difference.objects.exists()
    return files


ONE = "founding/partnerships/un.toml"
FRENCH = "reference/french_collectivities.csv.gz"


def partnership() -> Partnership:
    return Partnership.objects.get(slug="la-rochelle-campeche")


def rochelle() -> Organisation:
    return Organisation.objects.get(identifiers__code="241700434")


def listed() -> list[tuple[str, str, str]]:
    rows = Difference.objects.to_decide().select_related("row")
    return sorted((each.row.model.partition(".")[2], each.field, each.kind) for each in rows)


def difference(field: str = "") -> Difference:
    return Difference.objects.select_related("row").get(field=field)


def writes() -> int:
    return sum(events.objects.count() for events in history.histories().values())


def loaded_rows() -> list:
    return list(LoadedRow.objects.order_by("pk").values())


# What people changed


def change_summary() -> None:
    Partnership.objects.update(summary="Résumé corrigé.")


def clear_summary() -> None:
    Partnership.objects.update(summary="")


def rename_theme() -> None:
    Theme.objects.filter(slug="eau").update(name="Eaux")


def move_slug() -> None:
    Partnership.objects.update(slug="autre-adresse")


def retitle_milestone() -> None:
    Milestone.objects.filter(title="Rencontre").update(title="Première rencontre")


def change_population() -> None:
    Organisation.objects.filter(identifiers__code="04").update(population=1)


def rename_authority() -> None:
    Organisation.objects.filter(identifiers__code="241700434").update(name="Agglomération", region=None)


def recode_authority() -> None:
    Identifier.objects.filter(code="241700434").update(code="200071827")


def rename_country() -> None:
    Country.objects.filter(pk="MX").update(name_fr="Le Mexique")


def take_theme_away() -> None:
    partnership().themes.set([Theme.objects.get(slug="climat")])


def take_signatory_away() -> None:
    Convention.objects.get().signatories.clear()


def change_date() -> None:
    Partnership.objects.update(began_on="2014-03-01", began_on_precision="month")


def change_call() -> None:
    Call.objects.update(title="Appel corrigé")
    Call.objects.get().organisers.clear()


def change_figure() -> None:
    PublishedFigure.objects.update(value=7)


def delete_milestone() -> None:
    Milestone.objects.get(title="Rencontre").delete()


def delete_party() -> None:
    Party.objects.get(side="foreign").delete()


def delete_partnership() -> None:
    Convention.objects.all().delete()
    Partnership.objects.all().delete()


def delete_name() -> None:
    rochelle().names.all().delete()


def delete_call() -> None:
    Call.objects.all().delete()


def delete_theme() -> None:
    Theme.objects.get(slug="eau").delete()


def delete_agency() -> None:
    Call.objects.get().organisers.clear()
    Organisation.objects.get(slug="afd").delete()


CHANGES = [
    change_summary, clear_summary, rename_theme, move_slug, retitle_milestone, change_population, rename_authority,
    recode_authority, rename_country, take_theme_away, take_signatory_away, change_date, change_call, change_figure,
]  # fmt: skip
DELETIONS = [
    delete_milestone, delete_party, delete_partnership, delete_name, delete_call, delete_theme, delete_agency,
]  # fmt: skip
COUNTED = (
    OrganisationName,
    Partnership,
    Party,
    Milestone,
    Convention,
    Organisation,
    Identifier,
    Theme,
    Country,
    Call,
    PublishedFigure,
)
LINKS = (Partnership.themes.through, Convention.signatories.through, Call.organisers.through)


def everything() -> list:
    return [list(model._base_manager.order_by("pk").values()) for model in (*COUNTED, *LINKS)]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_person_changed_stays_and_is_not_listed_while_the_file_says_the_same(files, change):
    change()
    before = everything()
    told = files.load()
    assert everything() == before
    assert listed() == []
    assert "1 left to people" in told


@pytest.mark.parametrize("delete", DELETIONS, ids=lambda delete: delete.__name__)
def test_what_a_person_deleted_does_not_come_back_and_is_listed_once(files, delete):
    delete()
    before = everything()
    files.load()
    files.load()
    assert everything() == before
    assert [(field, kind) for _model, field, kind in listed()] == [("", "absent")]


@pytest.mark.parametrize("change", [*CHANGES, *DELETIONS], ids=lambda change: change.__name__)
def test_what_was_loaded_last_is_what_keeps_it(files, change):
    """The negative control: without it, the same load writes over what was changed, and brings back the deleted."""
    change()
    before = everything()
    for row in LoadedRow.objects.all():
        found = row.model_class._default_manager.filter(pk=row.object_id).first()
        row.values = {name: facts.value_of(found, name) for name in row.values} if found else {}
        row.save() if found else row.delete()
    with connection.cursor() as cursor:
        for events in history.histories().values():
            cursor.execute(f"DELETE FROM {events._meta.db_table} WHERE pgh_label = 'delete'")  # noqa: S608
    files.load()
    assert everything() != before


def test_loading_again_what_nobody_changed_writes_nothing(files):
    before = (writes(), loaded_rows(), everything())
    told = files.load()
    assert (writes(), loaded_rows(), everything()) == before
    assert all(line.endswith("nothing to change") for line in told.splitlines())


def test_a_new_value_of_the_file_is_written_where_nobody_changed_anything(files):
    files.edit(ONE, "Résumé du fichier.", "Nouveau résumé.")
    files.edit(ONE, 'themes = ["eau"]', 'themes = ["eau", "climat"]')
    files.edit(FRENCH, "CA de La Rochelle,,,,17,75,", "CA La Rochelle,,,,17,75,170000")
    told = files.load()
    assert partnership().summary == "Nouveau résumé."
    assert partnership().themes.count() == 2
    assert (rochelle().name, rochelle().population) == ("CA La Rochelle", 170000)
    assert listed() == []
    assert "French authorities: 2 read, 0 created, 1 changed" in told
    change = Changes(partnership())[0:1][0]
    assert change.who == "Commande load_founding"


def test_the_fields_that_nobody_changed_are_written_beside_those_that_somebody_did(files):
    change_summary()
    files.edit(ONE, "Résumé du fichier.", "Nouveau résumé.")
    files.edit(ONE, 'name = "La Rochelle – Campeche"', 'name = "La Rochelle et Campeche"')
    files.load()
    row = partnership()
    assert (row.summary, row.name) == ("Résumé corrigé.", "La Rochelle et Campeche")
    assert listed() == [("partnership", "summary", "value")]
    assert difference("summary").theirs == "Nouveau résumé."


def test_a_population_that_both_changed_is_listed(files):
    change_population()
    files.edit("reference/mexican_authorities.csv.gz", "928363", "930000")
    told = files.load()
    assert Organisation.objects.get(identifiers__code="04").population == 1
    assert listed() == [("organisation", "population", "value")]
    assert "Mexican authorities: 1 read, 0 created, 0 changed, 1 left to people, 1 to decide" in told
    assert f"1 to decide: http://127.0.0.1:8000{reverse('differences')}" in told


def test_a_row_that_stood_there_before_its_first_load_is_not_overwritten(tmp_path):
    mine = factories.PartnershipFactory(slug="la-rochelle-campeche", name="Le mien", summary="")
    Files(tmp_path).load()
    mine.refresh_from_db()
    assert (mine.name, mine.summary) == ("Le mien", "")
    assert ("partnership", "name", "value") in listed()
    assert ("partnership", "summary", "value") in listed()


def test_a_code_that_another_organisation_holds_is_listed_with_the_reason(files):
    Identifier.objects.create(organisation=rochelle(), scheme="cog_commune", code="75056")
    files.write(FRENCH, files.read(FRENCH) + "217500016,special_status,Paris,75056,75,,75,75,\n")
    files.load()
    assert not Organisation.objects.filter(name="Paris").exists()
    assert listed() == [("organisation", "", "absent")]
    assert "appartient déjà" in difference().note


def test_a_new_value_that_cannot_stand_beside_a_person_s_is_listed_with_the_reason(files):
    factories.PartyFactory(partnership=partnership(), side="french", is_lead=True)
    files.edit(
        ONE,
        'organisation = "la-rochelle"\nside = "french"',
        'organisation = "la-rochelle"\nside = "french"\nis_lead = true',
    )
    files.load()
    assert listed() == [("party", "is_lead", "value")]
    assert "chef de file" in difference("is_lead").note


def test_a_row_that_the_files_drop_stays_and_is_listed(files):
    files.write(ONE, files.read(ONE).rpartition("[[milestone]]")[0])
    files.write(FRENCH, files.read(FRENCH).replace("241700434,ca,CA de La Rochelle,,,,17,75,\n", ""))
    before = everything()
    files.load()
    assert everything() == before
    assert listed() == [("milestone", "", "dropped"), ("organisation", "", "dropped")]
    files.load()
    assert len(listed()) == 2


def test_what_hangs_on_a_deleted_record_is_neither_made_nor_listed(files):
    delete_partnership()
    files.write(ONE, files.read(ONE) + '[[action]]\ntitle = "Nouvelle"\noutcome = "planned"\n')
    files.load()
    assert not Partnership.objects.exists()
    assert listed() == [("partnership", "", "absent")]


def test_a_row_put_back_from_the_bin_is_no_difference_any_more(files):
    pk = Milestone.objects.get(title="Rencontre").pk
    delete_milestone()
    files.load()
    trash.restore(Milestone, trash.latest_deletion(Milestone, pk))
    files.load()
    assert listed() == []


def test_a_dry_run_says_what_would_change_and_writes_nothing(files):
    files.edit(ONE, "Résumé du fichier.", "Nouveau résumé.")
    before = (writes(), loaded_rows(), everything())
    told = files.load("founding", dry_run=True)
    assert (writes(), loaded_rows(), everything()) == before
    assert "partnership: 1 read, 0 created, 1 changed" in told
    assert "Dry run: nothing was written." in told


def test_an_edit_in_the_administration_is_a_person_s(files):
    administrator = Client()
    administrator.force_login(factories.UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True))
    figure = PublishedFigure.objects.get()
    form = {"key": figure.key, "label": figure.label, "metric": "apd", "unit": "eur", "year": 2018, "value": "42"}
    answer = administrator.post(f"/admin/funding/publishedfigure/{figure.pk}/change/", form)
    assert answer.status_code == 302
    files.edit("founding/figures.toml", "value = 100", "value = 110")
    files.load()
    figure.refresh_from_db()
    assert figure.value == 42
    assert listed() == [("publishedfigure", "value", "value")]
    assert history.events_of(PublishedFigure).objects.filter(pgh_label="update").count() == 1


# What an officer makes of it


def post(client: Client, url: str, *found: Difference, follow: bool = False, **changed):
    """Sends the form that the page shows for these differences."""
    page = client.get(reverse("differences"), {"voir": changed.get("voir", "a-decider")})
    cells = {cell.difference.pk: cell for record in page.context["page"].object_list for cell in record.cells}
    told = [f"{each.pk}:{cells[each.pk].stamp}" for each in found]
    return client.post(reverse(url, args=[found[0].row_id]), {"difference": told}, follow=True)


@pytest.fixture
def both_changed(files) -> Files:
    """The summary was changed here and in the file; so was the name."""
    Partnership.objects.update(summary="Résumé corrigé.", name="Nom corrigé")
    files.edit(ONE, "Résumé du fichier.", "Nouveau résumé.")
    files.edit(ONE, 'name = "La Rochelle – Campeche"', 'name = "Nouveau nom"')
    files.load()
    return files


def test_the_page_shows_both_values_and_who_left_finds_no_trace_of_it_again(both_changed, officer_client):
    page = officer_client.get(reverse("differences")).content.decode()
    for text in ("Résumé corrigé.", "Nouveau résumé.", "Nom corrigé", "Nouveau nom", "un.toml", "Tout prendre"):
        assert text in page
    answer = post(officer_client, "difference-leave", difference("summary"))
    assert "Laissé." in answer.content.decode()
    assert listed() == [("partnership", "name", "value")]
    both_changed.load()
    assert listed() == [("partnership", "name", "value")]
    assert partnership().summary == "Résumé corrigé."
    both_changed.edit(ONE, "Nouveau résumé.", "Encore un autre.")
    both_changed.load()
    assert listed() == [("partnership", "name", "value"), ("partnership", "summary", "value")]


def test_a_taken_value_is_written_under_the_officer_s_name_and_taken_back(both_changed, officer_client, officer):
    post(officer_client, "difference-take", difference("summary"))
    assert partnership().summary == "Nouveau résumé."
    assert partnership().name == "Nom corrigé"
    change = Changes(partnership())[0:1][0]
    assert (change.who, change.cells[0].before, change.cells[0].after) == (
        str(officer),
        "Résumé corrigé.",
        "Nouveau résumé.",
    )
    told = history.events_of(Difference).objects.filter(state="taken").select_related("pgh_context").get()
    assert told.pgh_context.metadata["user"] == officer.pk
    post(officer_client, "difference-reopen", difference("summary"), voir="prises")
    assert partnership().summary == "Résumé corrigé."
    assert len(listed()) == 2


def test_a_whole_record_is_taken_or_left_at_once(both_changed, officer_client):
    post(officer_client, "difference-take", difference("summary"), difference("name"))
    assert (partnership().summary, partnership().name) == ("Nouveau résumé.", "Nouveau nom")
    assert listed() == []
    both_changed.load()
    assert Difference.objects.filter(state="taken").count() == 2


def test_links_a_date_and_a_code_are_taken(files, officer_client):
    take_theme_away()
    change_date()
    files.edit(ONE, 'themes = ["eau"]', 'themes = ["eau", "climat"]')
    files.edit(ONE, 'began_on = "2015"', 'began_on = "2013"')
    files.load()
    page = officer_client.get(reverse("differences")).content.decode()
    assert "Climat, Eau" in page
    assert "mars 2014" in page
    post(officer_client, "difference-take", difference("themes"), difference("began_on"))
    assert partnership().themes.count() == 2
    assert partnership().began == "2013"


def test_a_code_is_taken(files, officer_client):
    recode_authority()
    files.edit(FRENCH, "241700434,ca,CA de La Rochelle,", "241700434,ca,CA de La Rochelle,17300")
    files.load()
    assert listed() == []
    assert Identifier.objects.filter(scheme="cog_commune", code="17300").exists()
    assert Identifier.objects.filter(code="200071827").exists()


@pytest.mark.parametrize("delete", DELETIONS, ids=lambda delete: delete.__name__)
def test_a_deleted_record_is_taken_back_with_what_hung_on_it(files, officer_client, delete):
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in COUNTED}
    delete()
    files.load()
    officer_client.get(reverse("differences"))
    post(officer_client, "difference-take", difference())
    after = {model: set(model.objects.values_list("pk", flat=True)) for model in COUNTED}
    protected = {Convention} if delete is delete_partnership else set()  # it was deleted on its own, before
    assert {model for model in COUNTED if before[model] != after[model]} == protected
    files.load()
    assert listed() == ([("convention", "", "absent")] if protected else [])


def test_taking_a_deleted_record_back_is_undone(files, officer_client):
    delete_milestone()
    files.load()
    post(officer_client, "difference-take", difference())
    assert Milestone.objects.filter(title="Rencontre").exists()
    post(officer_client, "difference-reopen", difference(), voir="prises")
    assert not Milestone.objects.filter(title="Rencontre").exists()
    assert len(listed()) == 1


def test_a_deletion_that_is_left_stays_so_until_the_file_says_something_new(files, officer_client):
    delete_milestone()
    files.load()
    post(officer_client, "difference-leave", difference())
    files.load()
    assert listed() == []
    files.edit(ONE, 'happened_on = "2016"', 'happened_on = "2017"')
    files.load()
    assert listed() == [("milestone", "", "absent")]


def test_a_row_that_the_files_dropped_goes_and_comes_back(files, officer_client):
    files.write(ONE, files.read(ONE).rpartition("[[milestone]]")[0])
    files.load()
    post(officer_client, "difference-take", difference())
    assert not Milestone.objects.filter(title="Rencontre").exists()
    post(officer_client, "difference-reopen", difference(), voir="prises")
    assert Milestone.objects.filter(title="Rencontre").exists()


def test_what_others_depend_on_is_not_taken_away_and_the_page_says_why(files, officer_client):
    files.write(FRENCH, files.read(FRENCH).replace("241700434,ca,CA de La Rochelle,,,,17,75,\n", ""))
    files.load("reference")
    answer = post(officer_client, "difference-take", difference())
    assert "en dépendent" in answer.content.decode()
    assert rochelle()
    assert len(listed()) == 1


def test_nobody_decides_on_what_they_have_not_seen(both_changed, officer_client):
    found = difference("summary")
    page = officer_client.get(reverse("differences"))
    marks = {c.difference.pk: c.stamp for r in page.context["page"].object_list for c in r.cells}
    form = {"difference": f"{found.pk}:{marks[found.pk]}"}
    Partnership.objects.update(summary="Corrigé encore.")
    take = reverse("difference-take", args=[found.row_id])
    assert "Relisez" in officer_client.post(take, form, follow=True).content.decode()
    assert partnership().summary == "Corrigé encore."


def test_two_officers_who_take_the_same_take_it_once(both_changed, officer_client):
    found = difference("summary")
    page = officer_client.get(reverse("differences"))
    marks = {c.difference.pk: c.stamp for r in page.context["page"].object_list for c in r.cells}
    form = {"difference": f"{found.pk}:{marks[found.pk]}"}
    other = Client()
    other.force_login(factories.UserFactory(role=Role.OFFICER))
    first = officer_client.post(reverse("difference-leave", args=[found.row_id]), form, follow=True)
    second = other.post(reverse("difference-take", args=[found.row_id]), form, follow=True)
    assert "Laissé." in first.content.decode()
    assert "Relisez" in second.content.decode()
    assert partnership().summary == "Résumé corrigé."


def test_the_page_is_for_officers_and_says_when_there_is_nothing(officer_client, agent, client):
    assert "Aucune différence" in officer_client.get(reverse("differences")).content.decode()
    client.force_login(agent)
    assert client.get(reverse("differences")).status_code == 404


def test_an_agent_decides_nothing(both_changed, agent, client):
    client.force_login(agent)
    found = difference("summary")
    assert (
        client.post(reverse("difference-take", args=[found.row_id]), {"difference": f"{found.pk}:x"}).status_code == 404
    )
    assert partnership().summary == "Résumé corrigé."


def test_the_list_is_narrowed_by_kind_and_by_origin(both_changed, officer_client):
    delete_milestone()
    both_changed.load()
    page = officer_client.get(reverse("differences"), {"fiche": "partnerships.milestone", "origine": "founding"})
    assert [record.name for record in page.context["page"].object_list] == ["Rencontre"]


def test_officers_read_on_their_page_how_many_wait(both_changed, officer_client):
    assert "2 différences avec les données chargées" in officer_client.get("/instruction/").content.decode()
