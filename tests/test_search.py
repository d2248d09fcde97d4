"""The search over everything: its page, its suggestions, and what each kind tells of what it found."""

import pytest

from aect.search import kinds
from aect.spelling.services import gather
from partnerships.models import Convention, Organisation, Partnership
from tests import factories

HOSTILE = ["%", "_", "\\", "' OR 1=1 --", "*:&|!", "<script>", "é" * 100, "- " * 49, "(((", "\u202e", "a_b c%d"]


def words(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def mexico(db) -> Organisation:
    city = factories.OrganisationFactory(
        name="Ciudad de México", kind="mx_state", country=factories.CountryFactory(iso2="MX")
    )
    factories.OrganisationNameFactory(organisation=city, text="CDMX", language="es", kind="acronym")
    return city


@pytest.fixture
def one_of_each(mexico) -> None:
    partnership = factories.PartnershipFactory(name="Paris – CDMX")
    factories.ConventionFactory(title="Pacte CDMX", partnership=partnership)
    factories.ProjectFactory(title="Atelier CDMX", partnership=partnership)
    factories.OrganisationFactory(name="LabCDMX", kind="agency", country=mexico.country)
    partnership.themes.add(factories.ThemeFactory(name="Avec CDMX"))
    factories.OfferFactory(title="Savoir CDMX")
    factories.NeedFactory(title="Besoin CDMX")


@pytest.mark.parametrize("path", ["/recherche/", "/recherche/suggestions/"])
def test_every_kind_is_found(client, one_of_each, path):
    found = words(client.get(path, {"q": "cdmx"}))
    for title in (
        "Paris – CDMX",
        "Ciudad de México",
        "LabCDMX",
        "Pacte CDMX",
        "Avec CDMX",
        "Atelier CDMX",
        "Savoir CDMX",
    ):
        assert title in found
    for kind in kinds():
        assert str(kind.label) in found


def test_each_result_leads_to_its_record_and_each_kind_to_all_of_its_rows(client, one_of_each):
    groups = client.get("/recherche/", {"q": "cdmx"}).context["groups"]
    assert len(groups) == len(kinds())
    for group in groups:
        assert group.count == "1"
        assert len(group.results) == 1
        assert client.get(group.results[0].address.partition("#")[0]).status_code == 200
        listed = client.get(group.all_address)
        assert listed.status_code == 200
        assert group.results[0].title in words(listed)


@pytest.mark.parametrize("path", ["/recherche/", "/recherche/suggestions/"])
@pytest.mark.parametrize("make", [factories.OfferFactory, factories.NeedFactory])
def test_an_entry_that_is_not_published_is_found_by_officers_only(client, officer_client, path, make):
    make(title="Inédit", published_on=None)
    assert "Inédit" not in words(client.get(path, {"q": "inedit"}))
    assert "Inédit" in words(officer_client.get(path, {"q": "inedit"}))


def test_another_name_says_so_and_an_ended_one_what_it_became(client, mexico):
    assert "CDMX, sigle de Ciudad de México" in words(client.get("/recherche/", {"q": "cdmx"}))
    assert "sigle de" not in words(client.get("/recherche/", {"q": "ciudad"}))
    old = factories.OrganisationFactory(name="Poitou-Charentes", kind="region")
    new = factories.OrganisationFactory(name="Nouvelle-Aquitaine", kind="region")
    factories.SuccessionFactory(predecessor=old, successor=new)
    assert "Poitou-Charentes → Nouvelle-Aquitaine" in words(client.get("/recherche/suggestions/", {"q": "poitou"}))


@pytest.mark.parametrize("path", ["/recherche/", "/recherche/suggestions/"])
def test_communes_of_one_name_are_told_apart(client, db, path):
    for number, code in enumerate(("65392", "32389")):
        town = factories.OrganisationFactory(slug=f"saint-martin-{number}", name="Saint-Martin", kind="commune")
        town.identifiers.create(scheme="cog_commune", code=code)
    page = words(client.get(path, {"q": "saint martin"}))
    assert "Commune, COG 65392" in page
    assert "Commune, COG 32389" in page


def test_mistyped_words_are_forgiven_when_no_kind_contains_the_text(client, mexico):
    partnership = factories.PartnershipFactory(name="Bordeaux – Guanajuato")
    gather()
    page = client.get("/recherche/", {"q": "Bordaeux"})
    assert "Rien ne contient « Bordaeux ». Voici les résultats pour « bordeaux »." in words(page)
    assert partnership.name in words(page)
    factories.OrganisationFactory(name="Bordaeux-les-Bains")
    page = client.get("/recherche/", {"q": "Bordaeux"})
    assert "Rien ne contient" not in words(page)
    assert partnership.name not in words(page)


def test_many_are_not_counted_before_all_are_asked_for(client, db):
    for n in range(61):
        factories.OrganisationFactory(name=f"Agence {n:02}", kind="agency")
    assert "Autres organisations (60 ou plus)" in words(client.get("/recherche/", {"q": "agence"}))
    assert "Autres organisations (61)" in words(client.get("/recherche/", {"q": "agence", "genre": "organisations"}))


def test_one_kind_is_shown_page_by_page(client, db):
    for n in range(30):
        factories.OrganisationFactory(name=f"Agence {n:02}", kind="agency")
    page = client.get("/recherche/", {"q": "agence", "genre": "organisations", "page": "2"})
    assert [result.title for result in page.context["results"]] == [f"Agence {n}" for n in range(25, 30)]
    first = client.get("/recherche/", {"q": "agence"})
    (group,) = first.context["groups"]
    assert (group.count, len(group.results)) == ("30", 10)
    assert "Tout voir : Autres organisations (30)" in words(first)


@pytest.mark.parametrize("path", ["/recherche/", "/recherche/suggestions/"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_find_nothing(client, mexico, path, text):
    response = client.get(path, {"q": text})
    assert response.status_code == 200
    assert "Ciudad" not in words(response)
    assert "<script>" not in response.content.decode()


def test_a_kind_without_any_says_so_and_leads_to_the_others(client, mexico):
    page = words(client.get("/recherche/", {"q": "cdmx", "genre": "conventions"}))
    assert "Conventions (0)" in page
    assert "Rien ne répond à ces critères." in page
    assert 'href="?q=cdmx"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/recherche/", "/recherche/suggestions/"])
@pytest.mark.parametrize("asked", [{"q": "a\0b"}, {"q": "a" * 101}, {"q": "a", "genre": "inconnu"}])
def test_a_wrong_address_is_refused(client, path, asked):
    assert client.get(path, asked).status_code == 400


@pytest.mark.parametrize(("path", "queries"), [("/recherche/", 6), ("/recherche/suggestions/", 6)])
def test_as_many_queries_for_three_rows_as_for_one(client, db, django_assert_num_queries, path, queries):
    for many in (1, 3):
        while Partnership.objects.count() < many:
            region = factories.OrganisationFactory(kind="region")
            town = factories.OrganisationFactory(name="Ville", region=region)
            factories.SuccessionFactory(predecessor=town)
            place = factories.PartyFactory(organisation=town, partnership__name="Ville")
            factories.ConventionFactory(title="Ville", partnership=place.partnership)
        assert Convention.objects.count() == many
        with django_assert_num_queries(queries):
            client.get(path, {"q": "ville"})


def test_without_a_text_the_page_says_what_can_be_sought(client, db):
    assert "ancien nom, un sigle ou un code" in words(client.get("/recherche/"))
    assert client.get("/recherche/suggestions/").context["groups"] == []
