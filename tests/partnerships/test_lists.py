"""What the three lists share: addresses, tables, neighbours, comparison, files."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.utils import timezone
from python_calamine import load_workbook

from aect.lists import place_of
from partnerships import charts
from partnerships.choices import Side
from partnerships.filters import PartnershipFilter
from partnerships.models import Identifier, Partnership, Theme
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> dict[str, Partnership]:
    """Three partnerships with Mexico: Arles (2001, active), Brest (1999, ended), Cannes (of unknown age and status)."""
    arles = linked("Arles", began_on=datetime.date(2001, 1, 1), began_on_precision="year")
    brest = linked("Brest", began_on=datetime.date(1999, 5, 2), summary="=1+1")
    factories.MilestoneFactory(partnership=arles, status_after="active")
    factories.MilestoneFactory(partnership=brest, status_after="ended")
    arles.themes.add(*[Theme.objects.create(slug=name.lower(), name=name) for name in ("Eau", "Ville")])
    return {"arles": arles, "brest": brest, "cannes": linked("Cannes")}


def linked(name: str, **fields) -> Partnership:
    row = factories.PartnershipFactory(name=name, slug=name.lower(), **fields)
    factories.PartyFactory(partnership=row, organisation__name=name, organisation__slug=f"ville-{name.lower()}")
    other = factories.MexicanMunicipalityFactory(name="León")
    factories.PartyFactory(partnership=row, organisation=other, side=Side.FOREIGN)
    return row


@pytest.mark.parametrize(
    ("asked", "tidy"),
    [
        ("q=&pays=MX&silence=", "?pays=MX"),
        ("q=+&pays=&pays=MX", "?pays=MX"),
        ("q=", ""),
        ("affichage=liste", ""),
        ("colonnes=nom&colonnes=statut&affichage=tableau", "?colonnes=nom%2Cstatut&affichage=tableau"),
        ("colonnes=nom,francais,etranger,pays,statut,depuis", ""),
        ("inconnu=&tri=nom", "?tri=nom"),
    ],
)
def test_an_address_that_says_nothing_leads_to_the_tidy_one(client, rows, asked, tidy):
    response = client.get(f"/partenariats/?{asked}")
    assert (response.status_code, response.headers["Location"]) == (302, f"/partenariats/{tidy}")
    assert client.get(response.headers["Location"]).status_code == 200


def test_a_table_shows_the_columns_asked_in_their_order(client, rows):
    page = client.get("/partenariats/?affichage=tableau&colonnes=statut,themes,nom&pays=MX")
    assert [column.name for column, _sorting, _order in page.context["filterset"].heads] == ["statut", "themes", "nom"]
    text = " ".join(page.content.decode().split())
    assert '<td data-label="État">Terminé</td>' in text
    assert "<li>Eau</li><li>Ville</li>" in text
    assert '<input type="hidden" name="pays" value="MX">' in text  # the form of columns keeps the filters
    assert 'name="colonnes" value="statut,themes,nom"' in text  # that of filters keeps the columns
    assert 'href="/partenariats/arles/?affichage=tableau&amp;colonnes=statut%2Cthemes%2Cnom&amp;pays=MX"' in text


def test_the_column_that_names_the_row_is_always_there(client, rows):
    page = client.get("/partenariats/?affichage=tableau&colonnes=statut")
    assert [column.name for column in page.context["filterset"].shown_columns] == ["nom", "statut"]


@pytest.mark.parametrize("path", ["/partenariats/", "/collectivites/", "/conventions/"])
def test_an_unknown_column_or_display_is_refused(client, path):
    for query in ("colonnes=lune", "affichage=globe", "tri=lune", "profil=pdf"):
        assert client.get(f"{path}?{query}").status_code == 400
    assert client.get("/conventions/?affichage=carte").status_code == 400


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "arles brest cannes"),
        ("tri=-nom", "cannes brest arles"),
        ("tri=depuis", "brest arles cannes"),
        ("tri=-depuis", "arles brest cannes"),
        ("tri=statut", "arles brest cannes"),
        ("tri=-statut", "brest arles cannes"),
    ],
)
def test_headings_sort_both_ways_and_what_is_unknown_comes_last(client, rows, query, order):
    page = client.get(f"/partenariats/?affichage=tableau&{query}")
    assert [row.slug for row in page.context["page"]] == order.split()


def test_the_heading_that_sorts_says_so_and_turns_round(client, rows):
    text = " ".join(client.get("/partenariats/?affichage=tableau&tri=depuis").content.decode().split())
    assert text.count("aria-sort") == 1
    assert 'aria-sort="ascending"' in text
    assert "tri=-depuis" in text
    assert 'aria-sort="ascending"' in client.get("/partenariats/?affichage=tableau").content.decode()  # by name


def test_a_search_that_ranks_its_rows_is_in_no_column_s_order(client, rows):
    page = client.get("/collectivites/?affichage=tableau&q=Arles")
    assert len(page.context["page"]) == 1
    assert "aria-sort" not in page.content.decode()


def test_partnerships_of_unknown_status_are_counted_and_listed(client, rows):
    page = client.get("/partenariats/")
    assert "Non renseigné (1)" in str(page.context["filterset"].form["statut"])
    for query, slugs in (("inconnue", "cannes"), ("inconnue&statut=ended", "brest cannes")):
        found = client.get(f"/partenariats/?statut={query}")
        assert [row.slug for row in found.context["page"]] == slugs.split()
        assert "Non renseigné (1)" in str(found.context["filterset"].form["statut"])


# Neighbours


@pytest.mark.parametrize(
    ("query", "slug", "place"),
    [
        ("pays=MX", "brest", (2, 3, "arles", "cannes")),
        ("tri=-nom", "cannes", (1, 3, None, "brest")),
        ("tri=depuis", "cannes", (3, 3, "arles", None)),
        ("statut=ended", "brest", (1, 1, None, None)),
        ("statut=ended&tri=-statut&silence=12&theme=", "brest", (1, 1, None, None)),
        ("q=LEON&page=7", "arles", (1, 3, None, "brest")),
        ("statut=ended", "arles", None),
        ("pays=ZZ", "arles", None),
        ("page=0", "arles", None),
        ("utm=1", "arles", None),
        ("", "arles", None),
    ],
)
def test_a_record_knows_its_place_among_the_results(client, rows, query, slug, place):
    response = client.get(f"/partenariats/{slug}/?{query}")
    assert response.status_code == 200
    found = response.context["place"]
    assert (found and tuple(found[:4])) == place
    assert ("Résultat" in response.content.decode()) == bool(place)


def test_the_way_back_leads_to_the_right_page_and_row(client):
    for number in range(60):
        factories.PartnershipFactory(name=f"P {number:02}", slug=f"p-{number:02}")
    text = client.get("/partenariats/p-30/?q=P&page=1").content.decode()
    assert "Résultat 31 sur 60" in " ".join(text.split())
    assert 'href="/partenariats/?q=P&amp;page=2#ligne-p-30"' in text
    assert 'id="ligne-p-30"' in client.get("/partenariats/?q=P&page=2").content.decode()
    assert 'href="http://127.0.0.1:8000/partenariats/p-30/">' in text  # the canonical address


def test_the_whole_list_has_neighbours_too(client, rows):
    assert 'href="/partenariats/arles/?tri=nom"' in client.get("/partenariats/").content.decode()
    assert 'href="/partenariats/cannes/?tri=nom"' in client.get("/partenariats/brest/?tri=nom").content.decode()


def test_every_row_stands_where_the_list_puts_it(rows):
    for query in ("tri=nom", "tri=-depuis", "tri=statut", "q=leon&tri=-nom"):
        filterset = PartnershipFilter(QueryDict(query), Partnership.objects.for_list().alphabetical())
        slugs = [row.slug for row in filterset.rows]
        places = [place_of(rows[slug], filterset) for slug in slugs]
        assert [place.number for place in places] == [1, 2, 3]
        assert [place.following for place in places] == [*slugs[1:], None]


def test_collectivities_and_conventions_have_neighbours(client, rows):
    town = rows["brest"].parties.filter(side=Side.FRENCH).get().organisation
    place = client.get(f"/collectivites/{town.slug}/?pays=FR").context["place"]
    assert tuple(place[:4]) == (2, 3, "ville-arles", "ville-cannes")
    for title in ("A", "B"):
        factories.ConventionFactory(title=title, slug=title.lower())
    assert tuple(client.get("/conventions/b/?tri=titre").context["place"][:4]) == (2, 2, "a", None)


# Comparison


def compared(client, *slugs: str):
    return client.get("/partenariats/comparer/", {"partenariat": slugs})


def test_partnerships_stand_side_by_side_and_what_differs_is_said(client, rows):
    response = compared(client, "brest", "arles")
    lines = {column.name: (cells, differs) for column, cells, differs in response.context["comparison"].lines}
    cells, differs = lines["statut"]
    assert [cell for _row, cell in cells] == ["Terminé", "Actif"]
    assert differs
    assert not lines["pays"][1]
    assert response.content.decode().count("différent</span>") == sum(differs for _cells, differs in lines.values())


@pytest.mark.parametrize(
    ("slugs", "words"),
    [
        ([], "de deux à quatre partenariats dans la liste ; il y en a ici 0"),
        (["arles"], "il y en a ici 1"),
        (["arles", "arles"], "il y en a ici 1"),
        (["arles", "brest", "cannes", "d", "e"], "il y en a ici 5"),
        (["arles", "atlantide"], "l’identifiant atlantide"),
        (["arles", "\0"], "l’identifiant \ufffd"),
    ],
)
def test_what_cannot_be_compared_says_what_to_do(client, rows, slugs, words):
    response = compared(client, *slugs)
    assert response.status_code == 400
    assert words in response.content.decode()


def test_rows_are_chosen_where_they_are_read(client, rows):
    for address in ("/partenariats/", "/partenariats/?affichage=tableau"):
        text = " ".join(client.get(address).content.decode().split())
        assert 'name="partenariat" value="arles" form="compare"' in text
        assert '<form id="compare" method="get" action="/partenariats/comparer/"' in text


# Files


def text_of(response) -> str:
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_the_file_holds_the_rows_and_columns_shown(client, rows):
    query = "pays=MX&tri=-nom&colonnes=nom,statut,depuis,themes&page=3"
    response = client.get(f"/partenariats/export.csv?{query}")
    today = timezone.localdate().isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="partenariats-mx-{today}.csv"'
    assert text_of(response) == (
        "name,status,began_on,themes\nCannes,,,\nBrest,ended,1999-05-02,\nArles,active,2001,Eau|Ville\n"
    )
    assert text_of(client.get(f"/es/partenariats/export.csv?{query}&profil=excel-fr")) == (
        "Nom;État;Depuis;Thèmes\r\nCannes;;;\r\nBrest;Terminé;02/05/1999;\r\nArles;Actif;2001;Eau|Ville\r\n"
    )
    shown = client.get(f"/partenariats/?affichage=tableau&{query}").context["page"]
    assert [row.name for row in shown] == ["Cannes", "Brest", "Arles"]


def test_text_that_looks_like_a_formula_is_none(client, rows):
    query = "q=brest&colonnes=nom,resume"
    assert "Brest;'=1+1" in text_of(client.get(f"/partenariats/export.csv?{query}&profil=excel-fr"))
    assert "Brest,=1+1" in text_of(client.get(f"/partenariats/export.csv?{query}"))
    book = load_workbook(io.BytesIO(b"".join(client.get(f"/partenariats/export.xlsx?{query}").streaming_content)))
    assert book.get_sheet_by_index(0).to_python()[1] == ["Brest", "=1+1"]


def test_a_workbook_types_its_cells_and_says_what_it_is(client, rows):
    source = factories.SourceFactory(title="Étude")
    factories.ConventionFactory(
        title="Accord",
        partnership=rows["arles"],
        signed_on=datetime.date(2015, 7, 15),
        provisional_amount=Decimal("1200.50"),
        source=source,
    )
    address = "/conventions/export.xlsx?pays=MX&colonnes=titre,signee,montant,tacite"
    book = load_workbook(io.BytesIO(b"".join(client.get(address).streaming_content)))
    assert book.sheet_names == ["Conventions", "À propos"]
    assert book.get_sheet_by_index(0).to_python()[1] == ["Accord", datetime.date(2015, 7, 15), 1200.5, "non"]
    about = dict(book.get_sheet_by_index(1).to_python())
    assert about["Filtres"] == "Pays : Mexique"
    assert about["Lignes"] == "1"
    assert about["Adresse"].startswith("http://127.0.0.1:8000/conventions/?pays=MX&colonnes=")
    assert about["Source citée"] == "Étude (2020)"
    assert "En euros" in about["Montant prévisionnel"]


def test_the_page_says_how_many_rows_the_file_will_hold(client, rows):
    assert "Télécharger les 3 lignes" in client.get("/partenariats/?pays=MX").content.decode()
    assert len(list(csv.reader(io.StringIO(text_of(client.get("/partenariats/export.csv?pays=MX")))))) == 4


@pytest.mark.parametrize("path", ["partenariats", "collectivites", "conventions"])
def test_files_refuse_what_their_page_refuses(client, path):
    for kind in ("csv", "xlsx"):
        response = client.get(f"/{path}/export.{kind}?pays=ZZ&tri=lune")
        assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
        assert {line.partition(":")[0] for line in response.content.decode().splitlines()} == {"pays", "tri"}
        assert client.get(f"/{path}/export.{kind}").status_code == 200  # nothing found is a file with a header


def test_collectivities_travel_with_their_code_and_count(client, rows):
    town = rows["arles"].parties.filter(side=Side.FRENCH).get().organisation
    Identifier.objects.create(organisation=town, scheme="siren", code="217500016")
    text = text_of(client.get("/collectivites/export.csv?q=arles&colonnes=nom,type,code,partenariats"))
    assert text == "name,type,code,partnerships\nArles,commune,SIREN 217500016,1\n"


def test_a_file_says_the_same_in_every_language(client, rows):
    query = "colonnes=nom,pays,portee&tri=nom"
    for profile in ("standard", "excel-fr"):
        spanish, french = (
            text_of(client.get(f"{start}/partenariats/export.csv?{query}&profil={profile}")) for start in ("/es", "")
        )
        assert "Mexique" in spanish
        assert spanish == french


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("conventions/export.xlsx?vue=fin-proche", "Liste : Fin dans les six mois"),
        ("collectivites/export.xlsx?toutes=1&pays=MX", "Pays : Mexique ; Toutes : Toutes les collectivités"),
        ("collectivites/export.xlsx", "Aucun"),
    ],
)
def test_a_workbook_tells_what_a_switch_of_the_page_chose(client, rows, query, told):
    book = load_workbook(io.BytesIO(b"".join(client.get(f"/{query}").streaming_content)))
    assert dict(book.get_sheet_by_index(1).to_python())["Filtres"] == told
    page = client.get(f"/{query.replace('export.xlsx', '')}").context["filterset"]
    assert {chip.value for chip in page.chips} <= {"Mexique"}


# What is not published


def columns_of(client, path: str) -> list[str]:
    return [column.name for column in client.get(path).context["filterset"].shown_columns]


def test_tables_and_files_of_who_reads_drafts_say_which_rows_are(client, officer_client, rows):
    usual = ["nom", "francais", "etranger", "pays", "statut", "depuis"]
    assert columns_of(officer_client, "/partenariats/?affichage=tableau") == usual
    Partnership.objects.filter(slug="brest").update(published_at=None)
    assert columns_of(officer_client, "/partenariats/?affichage=tableau") == [*usual, "brouillon"]
    assert columns_of(officer_client, "/partenariats/?statut=active") == usual
    assert text_of(officer_client.get("/partenariats/export.csv?colonnes=nom")) == (
        "name,is_draft\nArles,false\nBrest,true\nCannes,false\n"
    )
    assert text_of(client.get("/partenariats/export.csv?colonnes=nom")) == "name\nArles\nCannes\n"
    assert "Brouillon" not in client.get("/partenariats/?affichage=tableau").content.decode()


def test_other_lists_say_so_too(officer_client, rows):
    factories.ConventionFactory(title="Accord", partnership=rows["arles"], published_at=None)
    town = rows["arles"].parties.filter(side=Side.FRENCH).get().organisation
    factories.ProjectFactory(title="Atelier", partnership=rows["arles"], state="submitted", collectivity=town)
    factories.OfferFactory(title="Eau", published_on=None)
    for path, told in (("conventions", "true"), ("projets", "submitted"), ("savoir-faire", "draft")):
        text = text_of(officer_client.get(f"/{path}/export.csv?colonnes=titre"))
        assert text.splitlines()[1].endswith(f",{told}")


def test_what_is_compared_says_so_only_when_it_is(officer_client, rows):
    assert "Brouillon" not in compared(officer_client, "arles", "brest").content.decode()
    Partnership.objects.filter(slug="brest").update(published_at=None)
    lines = compared(officer_client, "arles", "brest").context["comparison"].lines
    assert [text for _row, text in lines[-1][1]] == ["non", "oui"]


def test_all_filters_go_and_the_table_stays(client, rows):
    page = client.get("/partenariats/?pays=MX&q=arles&affichage=tableau&colonnes=nom,pays&tri=-nom&page=1")
    assert page.context["filterset"].without_chips == "?affichage=tableau&colonnes=nom%2Cpays&tri=-nom"
    assert client.get("/collectivites/?toutes=1&pays=MX").context["filterset"].without_chips == "?toutes=1"
    assert 'href="/partenariats/">Tout effacer' in client.get("/partenariats/?pays=MX").content.decode()


# Map


def test_the_map_draws_the_rows_asked_for(client, rows):
    response = client.get("/partenariats/?affichage=carte&statut=ended")
    assert [row[3][0] for row in response.context["chart"].rows] == ["Brest"]
    assert "js/charts" in response.content.decode()
    assert client.get("/partenariats/").context["chart"] is None
    response = client.get("/collectivites/?affichage=carte&q=Arles")
    assert [row[3][0] for row in response.context["chart"].rows] == ["Arles"]


def test_many_links_are_grouped_by_region_and_country(client, rows, monkeypatch):
    region = factories.OrganisationFactory(name="Bretagne", slug="bretagne", kind="region", latitude=48, longitude=-3)
    linked("Rennes")
    for place in Partnership.objects.get(slug="rennes").parties.all():
        place.organisation.region = region if place.side == Side.FRENCH else None
        place.organisation.latitude, place.organisation.longitude = 48.0, -2.0
        place.organisation.save()
    monkeypatch.setattr(charts, "DRAWN", 3)
    chart = client.get("/partenariats/?affichage=carte").context["chart"]
    assert [row[:3] for row in chart.rows] == [["Région non renseignée", "Mexique", 3], ["Bretagne", "Mexique", 1]]
    assert chart.rows[1][3] == ("Voir", "/partenariats/?pays=MX&region=bretagne")
    assert len(chart.figure.data[0].lon) == 3  # one arc: two ends and the pen lifted
    assert "tableau seulement : 3" in chart.note


def test_the_way_from_a_group_keeps_the_filters_and_leads_to_as_many_rows(client, rows, monkeypatch):
    region = factories.OrganisationFactory(name="Bretagne", slug="bretagne", kind="region")
    for slug in ("arles", "brest", "cannes"):
        town = rows[slug].parties.filter(side=Side.FRENCH).get().organisation
        town.region = region
        town.save()
    monkeypatch.setattr(charts, "DRAWN", 0)
    chart = client.get("/partenariats/?affichage=carte&statut=active&tri=nom").context["chart"]
    ((_region, _country, number, (_label, address)),) = chart.rows
    assert address == "/partenariats/?statut=active&pays=MX&region=bretagne"
    assert client.get(address).context["page"].paginator.count == number == 1
    chart = client.get("/collectivites/?affichage=carte&q=Arles").context["chart"]
    assert chart.rows == [["Bretagne", "Mexique", 1]]  # no list of partnerships is narrowed to these


def test_an_associated_collectivity_is_on_the_map_too(client, rows, monkeypatch):
    bogota = factories.OrganisationFactory(
        name="Bogotá", kind="foreign_authority", country=factories.CountryFactory(iso2="CO")
    )
    factories.PartyFactory(partnership=rows["brest"], organisation=bogota, side=Side.FOREIGN, role="associate")
    chart = client.get("/collectivites/?affichage=carte&pays=CO").context["chart"]
    assert {row[3][0] for row in chart.rows} == {"Brest"}
    monkeypatch.setattr(charts, "DRAWN", 0)
    chart = client.get("/collectivites/?affichage=carte&pays=CO").context["chart"]
    assert len(chart.rows) == 2  # Brest with Mexico, and with Colombia
