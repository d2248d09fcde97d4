"""What the lists' parameters select, and how they refuse."""

import datetime

import django_filters
import pytest
from django.http import QueryDict

from aect.filters import Facet, UrlFilterSet
from partnerships.choices import Side
from partnerships.filters import CollectivityFilter, PartnershipFilter
from partnerships.models import Identifier, Organisation, Partnership, Theme
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def links():
    """Three partnerships: one with two Mexican parties, one with Senegal, one twinning about which little is known."""
    region = factories.OrganisationFactory(name="Nouvelle-Aquitaine", slug="nouvelle-aquitaine", kind="region")
    water = Theme.objects.create(slug="eau", name="Eau et assainissement")
    rochelle = link("La Rochelle – Campeche", "ca", ["MX", "MX"], began=2015, status="active", region=region)
    rochelle.themes.add(water)
    link("Île-de-France – Dakar", "region", ["SN"], began=1999, status="suspended")
    link("Cannes – Acapulco", "commune", ["MX"])


def link(name, kind, countries, *, began=None, status=None, region=None):
    partnership = factories.PartnershipFactory(
        name=name, began_on=datetime.date(began, 1, 1) if began else None, began_on_precision="year" if began else "day"
    )
    french, foreign = name.split(" – ")
    organisation = factories.OrganisationFactory(name=french, kind=kind, region=region)
    factories.PartyFactory(partnership=partnership, organisation=organisation)
    for iso2 in countries:
        other = factories.OrganisationFactory(
            name=foreign, kind="foreign_authority", country=factories.CountryFactory(iso2=iso2)
        )
        factories.PartyFactory(partnership=partnership, organisation=other, side=Side.FOREIGN)
    if status:
        factories.MilestoneFactory(partnership=partnership, status_after=status)
    return partnership


def asked(query: str) -> PartnershipFilter:
    return PartnershipFilter(QueryDict(query), Partnership.objects.for_list().alphabetical())


def names(query: str) -> list[str]:
    return [row.name.partition(" ")[0] for row in asked(query).rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Cannes", "Île-de-France", "La"]),
        ("pays=MX", ["Cannes", "La"]),
        ("pays=MX&pays=SN", ["Cannes", "Île-de-France", "La"]),
        ("pays=FR", []),
        ("q=CAMPECHE", ["La"]),
        ("q=ile-de", ["Île-de-France"]),
        ("q=assainissement", ["La"]),
        ("q=%25", []),
        ("statut=suspended", ["Île-de-France"]),
        ("type=commune", ["Cannes"]),
        ("region=nouvelle-aquitaine", ["La"]),
        ("theme=eau", ["La"]),
        ("pays=MX&type=region", []),
        ("tri=depuis", ["Île-de-France", "La", "Cannes"]),
        ("tri=-depuis", ["La", "Île-de-France", "Cannes"]),
        ("tri=statut", ["La", "Île-de-France", "Cannes"]),
        ("tri=nom", ["Cannes", "Île-de-France", "La"]),
    ],
)
def test_parameters_select(links, query, expected):
    assert names(query) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pays=Mexique", "pays"),
        ("pays=ZZ", "pays"),
        ("statut=parti", "statut"),
        ("type=x", "type"),
        ("region=nulle-part", "region"),
        ("theme=x", "theme"),
        ("tri=x", "tri"),
        ("page=0", "page"),
        ("page=deux", "page"),
        ("q=" + "a" * 101, "q"),
    ],
)
def test_bad_value_gives_400_and_no_row(client, links, query, field):
    filterset = asked(query)
    assert list(filterset.form.errors) == [field]
    assert not filterset.rows.exists()
    response = client.get(f"/partenariats/?{query}")
    assert response.status_code == 400
    assert "Un critère est incorrect" in response.content.decode()


def test_unknown_parameter_is_ignored_and_said(client, links):
    response = client.get("/partenariats/?couleur=bleu&pays=MX")
    assert response.status_code == 200
    assert "Paramètre inconnu de cette page, ignoré : couleur" in response.content.decode()


def test_chips_name_the_filter_and_take_it_away(links):
    chips = {chip.label: chip for chip in asked("pays=MX&pays=SN&theme=eau&tri=nom&page=2").chips}
    assert chips["Thème"].value == "Eau et assainissement"
    assert chips["Thème"].remove_url == "?pays=MX&pays=SN&tri=nom"
    assert chips["Pays"].value == "Sénégal"
    assert chips["Pays"].remove_url == "?pays=MX&theme=eau&tri=nom"
    assert "Tri" not in chips


def offered(query: str, name: str) -> list[str]:
    """The choices of a facet as the page shows them."""
    filterset = asked(query)
    filterset.count_facets()
    return [label for code, label in filterset.form.fields[name].widget.choices if code]


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("", "pays", ["Mexique (2)", "Sénégal (1)"]),
        ("pays=SN", "pays", ["Sénégal (1)", "Mexique (2)"]),  # its own parameter does not count; what is chosen leads
        ("type=region", "pays", ["Sénégal (1)"]),
        ("type=region&pays=MX", "pays", ["Mexique (0)", "Sénégal (1)"]),
        ("pays=MX", "type", ["Commune (1)", "Communauté d’agglomération (1)"]),
        ("", "statut", ["Actif (1)", "Suspendu (1)"]),
        ("statut=ended&pays=MX", "statut", ["Actif (1)", "Terminé (0)"]),
        ("", "region", ["Île-de-France (1)", "Nouvelle-Aquitaine (1)"]),
        ("q=campeche", "theme", ["Eau et assainissement (1)"]),
        ("q=dakar", "theme", []),
        ("", "silence", ["Aucun fait daté depuis 12 mois (3)", "Aucun fait daté depuis 24 mois (3)"]),
    ],
)
def test_each_choice_says_how_many_rows_it_gives_beside_the_other_filters(links, query, name, expected):
    assert offered(query, name)[: len(expected) or 1] == expected


FACETS = {"pays": "MX SN", "statut": "active suspended", "type": "ca region", "region": "nouvelle-aquitaine"}


@pytest.mark.parametrize("others", ["", "pays=MX", "q=campeche", "statut=active", "silence=12&type=ca"])
def test_a_count_is_the_number_of_rows_that_the_choice_then_gives(links, others):
    for name, codes in FACETS.items():
        filterset = asked(others)
        assert filterset.status == 200
        counts = filterset.filters[name].counts(filterset.filter_queryset(filterset.queryset.all(), but=name))
        for code in codes.split():
            query = QueryDict(others, mutable=True)
            query[name] = code
            assert counts.get(code, 0) == PartnershipFilter(query, filterset.queryset).rows.count(), (
                others,
                name,
                code,
            )


def test_several_values_of_a_facet_add_their_rows(links):
    assert names("statut=active&statut=suspended") == ["Île-de-France", "La"]
    assert names("type=commune&type=ca&type=ca") == ["Cannes", "La"]
    assert [chip.value for chip in asked("type=ca&type=ca").chips] == ["Communauté d’agglomération"]


def collectivities(query: str) -> list[str]:
    among = Partnership.objects.all()
    rows = Organisation.objects.collectivities().for_list(among).alphabetical()
    return [row.name for row in CollectivityFilter(QueryDict(query), rows, among=among).rows]


def test_collectivities_with_a_partnership_by_default(links):
    lonely = factories.OrganisationFactory(name="Aix")
    Identifier.objects.create(organisation=lonely, scheme="cog_commune", code="13001")
    factories.OrganisationFactory(name="Université", kind="university")
    assert "Aix" not in collectivities("")
    assert "Aix" in collectivities("toutes=1")
    assert "Université" not in collectivities("toutes=1")
    assert collectivities("toutes=1&q=13001") == ["Aix"]
    assert collectivities("type=ca") == ["La Rochelle"]
    assert collectivities("region=nouvelle-aquitaine") == ["La Rochelle"]
    assert collectivities("pays=SN") == ["Dakar"]


def test_collectivities_refuse_bad_values(client, links):
    assert client.get("/collectivites/?toutes=oui").status_code == 400
    assert client.get("/collectivites/?type=university").status_code == 400


class Plain(UrlFilterSet):
    """A list without facets."""

    kind = django_filters.CharFilter()


class Counted(UrlFilterSet):
    kind = Facet("kind", label="Type", choices=[("commune", "Commune")])


@pytest.mark.parametrize(("filterset", "reads_all"), [(Plain, False), (Counted, True)])
def test_the_keys_of_all_rows_are_read_for_facets_only(django_assert_num_queries, filterset, reads_all):
    factories.OrganisationFactory.create_batch(3)
    listed = filterset(QueryDict("kind=commune"), Organisation.objects.order_by("pk"))
    with django_assert_num_queries(2) as asked:
        page = listed.paginator(2).page(1)
        assert (page.paginator.count, len(page.object_list)) == (3, 2)
    assert ("COUNT" not in str(asked.captured_queries)) == reads_all
