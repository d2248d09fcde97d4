"""The registry's pages: what they tell, in how many queries, and what they answer to wrong addresses."""

import datetime
from itertools import count

import pytest

from partnerships.choices import PartyRole, Side
from partnerships.models import Action, Identifier, Indicator
from tests import factories

pytestmark = pytest.mark.django_db
NUMBERS = count()


def partnership(**fields):
    """A partnership with two sides, an actor, a milestone, a renewed convention, and an action with its indicator."""
    source = factories.SourceFactory(title=f"Étude {next(NUMBERS)}")
    row = factories.PartnershipFactory(source=source, source_place="p. 1", **fields)
    french = factories.OrganisationFactory(latitude=46.2, longitude=-1.2)
    foreign = factories.MexicanMunicipalityFactory(latitude=19.8, longitude=-90.5)
    factories.PartyFactory(partnership=row, organisation=french)
    factories.PartyFactory(partnership=row, organisation=foreign, side=Side.FOREIGN, source=source)
    actor = factories.OrganisationFactory(kind="university")
    factories.PartyFactory(partnership=row, organisation=actor, role=PartyRole.ACTOR, part="Observatoire")
    factories.MilestoneFactory(partnership=row, status_after="active", source=source)
    first = factories.ConventionFactory(partnership=row, signed_on=datetime.date(2015, 7, 15))
    factories.ConventionFactory(partnership=row, renews=first, object="")
    action = Action.objects.create(partnership=row, title="Tarif de l’eau", outcome="carried_out", source=source)
    Indicator.objects.create(action=action, name="Déficit", unit="%", baseline=80, value=20)
    return row


def test_a_record_asks_as_much_for_many_facts_as_for_few(client, django_assert_num_queries):
    row = partnership()
    with django_assert_num_queries(14):
        client.get(row.get_absolute_url())
    for _ in range(3):
        factories.MilestoneFactory(partnership=row)
        convention = factories.ConventionFactory(partnership=row)
        factories.ConventionFactory(partnership=row, renews=convention)
        action = Action.objects.create(partnership=row, title="Autre")
        Indicator.objects.create(action=action, name="Part", baseline=1)
        factories.PartyFactory(partnership=row, organisation=factories.OrganisationFactory())
    with django_assert_num_queries(14):
        client.get(row.get_absolute_url())


def test_home_counts_and_maps_the_links(client):
    partnership()
    response = client.get("/")
    text = response.content.decode()
    assert response.context["figures"] == {"partnerships": 1, "french": 1, "foreign": 1, "countries": 1}
    chart = response.context["chart"]
    assert len(chart.rows) == 1
    assert list(chart.figure.data[0].lon) == [-1.2, -90.5, None]
    assert 'id="links-figure"' in text


def test_home_stands_without_any_row(client):
    assert client.get("/").status_code == 200


def test_a_link_without_a_place_is_in_the_table_only(client):
    row = factories.PartnershipFactory()
    factories.PartyFactory(partnership=row)
    factories.PartyFactory(partnership=row, organisation=factories.MexicanMunicipalityFactory(), side=Side.FOREIGN)
    chart = client.get("/").context["chart"]
    assert len(chart.rows) == 1
    assert not chart.figure.data[0].lon
    assert "tableau seulement" in chart.note


def test_names_on_the_map_are_text_not_markup(client):
    row = factories.PartnershipFactory()
    for side, kind in [(Side.FRENCH, "commune"), (Side.FOREIGN, "foreign_authority")]:
        place = factories.OrganisationFactory(name='<img src="x">', kind=kind, latitude=1, longitude=1)
        factories.PartyFactory(partnership=row, organisation=place, side=side)
    points = client.get("/").context["chart"].json["data"][1]
    assert (points["customdata"], points["text"]) == (['&lt;img src="x"&gt;'], ['↔ &lt;img src="x"&gt;'])


def test_list_says_how_many_and_what_to_do_with_none(client):
    partnership()
    partnership()
    assert "2 partenariats" in client.get("/partenariats/").content.decode()
    empty = client.get("/partenariats/?q=nulle-part").content.decode()
    assert "0 partenariat" in empty
    assert "Aucun partenariat ne répond à ces critères." in empty


def test_pages_keep_the_filters(client):
    for _ in range(26):
        factories.PartnershipFactory(name="Jumelage")
    first = client.get("/partenariats/?q=jumelage&tri=nom").content.decode()
    assert 'href="?q=jumelage&amp;tri=nom&amp;page=2"' in first
    last = client.get("/partenariats/?q=jumelage&page=999")
    assert last.context["page"].number == 2


def test_record_tells_its_facts_and_cites_them(client):
    row = partnership(summary="Ville durable")
    text = " ".join(client.get(row.get_absolute_url()).content.decode().split())
    for told in ["Ville durable", "Actif", "Observatoire", "Mise en œuvre", "80 %", "20 %", "non renseigné"]:
        assert told in text
    assert 'href="#source-1"' in text
    assert 'id="source-1"' in text
    assert "[1, p. 1]" in text


def test_timeline_is_one_line_oldest_first_and_says_a_day_once(client):
    row = factories.PartnershipFactory()
    day = datetime.date(2015, 7, 15)
    factories.MilestoneFactory(partnership=row, happened_on=datetime.date(2016, 9, 1), happened_on_precision="month")
    factories.ConventionFactory(
        partnership=row, title="Accord", signed_on=day, ends_on=datetime.date(2020, 1, 1), ends_on_precision="year"
    )
    when = [event.when for event in client.get(row.get_absolute_url()).context["events"]]
    assert when == ["15 juillet 2015", "septembre 2016", "2020"]
    factories.MilestoneFactory(partnership=row, happened_on=day, kind="agreement", title="Signature devant les élus")
    titles = [event.title for event in client.get(row.get_absolute_url()).context["events"]]
    assert titles[0] == "Signature devant les élus"
    assert titles.count("Accord") == 1  # its end


def test_bare_record_says_what_is_unknown(client):
    text = client.get(factories.PartnershipFactory().get_absolute_url()).content.decode()
    for told in ["État non renseigné", "Début non renseigné", "Aucune convention", "Aucune source"]:
        assert told in text


def test_each_kind_of_body_has_its_address(client):
    town, university = factories.OrganisationFactory(), factories.OrganisationFactory(kind="university")
    assert client.get(f"/collectivites/{town.slug}/").status_code == 200
    assert client.get(f"/organisations/{university.slug}/").status_code == 200
    assert client.get(f"/organisations/{town.slug}/").headers["Location"] == f"/collectivites/{town.slug}/"
    assert client.get(f"/collectivites/{university.slug}/").headers["Location"] == f"/organisations/{university.slug}/"


@pytest.mark.parametrize(
    "path", ["/partenariats/nul/", "/collectivites/nul/", "/organisations/nul/", "/partenariats/É/"]
)
def test_unknown_slug_is_a_404(client, path):
    assert client.get(path).status_code == 404


def test_collectivity_shows_its_codes_and_partnerships(client):
    row = partnership(name="La Rochelle – Campeche")
    place = row.parties.first().organisation
    Identifier.objects.create(organisation=place, scheme="siren", code="241700434")
    text = client.get(place.get_absolute_url()).content.decode()
    assert "241700434" in text
    assert "La Rochelle – Campeche" in text


def test_pages_only_answer_to_reading(client):
    assert client.post("/partenariats/").status_code == 405


def test_state_brand_only_where_it_is_due(client, settings):
    settings.AECT_STATE_BRANDING = False
    text = client.get("/").content.decode()
    assert "Service de démonstration" in text
    assert "fr-logo" not in text
    assert "République" not in text
    settings.AECT_STATE_BRANDING = True
    text = client.get("/").content.decode()
    assert "Service de démonstration" not in text
    assert "République" in text


def test_language_links_lead_to_this_very_page(client):
    text = client.get("/partenariats/?pays=MX&q=eau").content.decode()
    assert 'href="/es/partenariats/?pays=MX&amp;q=eau"' in text
    assert 'href="/en/partenariats/?pays=MX&amp;q=eau"' in text


def test_menu_says_where_one_is(client):
    row = factories.PartnershipFactory()
    text = client.get("/partenariats/").content.decode()
    assert 'href="/partenariats/" aria-current="page"' in " ".join(text.split())
    text = client.get(row.get_absolute_url()).content.decode()
    assert 'href="/partenariats/" aria-current="true"' in " ".join(text.split())


def test_sign_out_is_a_post_for_those_signed_in(officer_client, officer):
    text = officer_client.get("/").content.decode()
    assert officer.email in text
    assert 'action="/deconnexion/"' in text
    assert 'href="/taches/"' in text


@pytest.mark.parametrize(
    "model",
    ["organisation", "partnership", "convention", "action", "milestone", "source", "theme", "country", "offer", "need"],
)
def test_administrators_can_mend_every_record(client, model):
    partnership()
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    assert (
        client.get(f"/admin/partnerships/{model}/?q=" if model != "theme" else "/admin/partnerships/theme/").status_code
        == 200
    )
    assert client.get(f"/admin/partnerships/{model}/add/").status_code == 200
