"""Each parameter of the dashboard, its export and `export_apd`: what it keeps, and how it refuses."""

import pytest
from django.http import QueryDict

from funding import services
from funding.filters.figures import ApdFilter
from funding.models import ApdLine, ApdTotal
from partnerships.models import Identifier
from tests import factories

pytestmark = pytest.mark.django_db
SIREN = "217500016"


@pytest.fixture
def rows():
    """Line MX: Paris, 2016. Line SN: a region, 2018. Line FR: a commune of that region, refugees, 2020."""
    paris = factories.OrganisationFactory(name="Paris")
    Identifier.objects.create(organisation=paris, scheme="siren", code=SIREN)
    region = factories.OrganisationFactory(name="Bretagne", slug="bretagne", kind="region")
    commune = factories.OrganisationFactory(name="Rennes", region=region)
    parent = factories.PurposeCodeFactory(code="15112")
    child = factories.PurposeCodeFactory(code="15128", parent=parent)
    mexico = factories.CountryFactory(iso2="MX")
    mexico.zone = "Amérique centrale"
    mexico.save()
    factories.ApdLineFactory(line_id="MX", year=2016, collectivity=paris, purpose=child)
    factories.ApdLineFactory(line_id="SN", year=2018, collectivity=region, recipient__iso2="SN")
    factories.ApdLineFactory(line_id="FR", year=2020, collectivity=commune, recipient=None, refugee_costs=True)
    services.rebuild()


def on_lines(query: str) -> set[str]:
    return set(ApdFilter(QueryDict(query), queryset=ApdLine.objects.all()).rows.values_list("line_id", flat=True))


def on_totals(query: str) -> set[str]:
    totals = ApdFilter(QueryDict(query), queryset=ApdTotal.objects.all()).rows
    return {recipient or "FR" for recipient in totals.values_list("recipient", flat=True)}


def errors(query: str) -> dict:
    filterset = ApdFilter(QueryDict(query), queryset=ApdTotal.objects.all())
    assert (filterset.status == 400) == bool(filterset.form.errors)
    assert not filterset.form.errors or not filterset.rows
    return filterset.form.errors


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", "MX SN FR"),
        ("annee=2018", "SN"),
        ("annee_min=2018", "SN FR"),
        ("annee_max=2018", "MX SN"),
        ("annee_min=2018&annee_max=2018", "SN"),
        ("pays=MX", "MX"),
        ("pays=MX&pays=SN", "MX SN"),
        ("zone=Am%C3%A9rique centrale", "MX"),
        (f"collectivite={SIREN}", "MX"),
        ("type=region", "SN"),
        ("region=bretagne", "SN FR"),
        ("secteur=15112", "MX"),
        ("secteur=140", "SN FR"),
        ("refugies=avec", "MX SN FR"),
        ("refugies=sans", "MX SN"),
        ("refugies=seuls", "FR"),
        ("annee=2018&pays=MX", ""),
        ("inconnu=1", "MX SN FR"),
    ],
)
def test_lines_and_totals_are_kept_alike(rows, query, kept):
    assert on_lines(query) == on_totals(query) == set(kept.split())


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("annee=abc", "annee", "quatre chiffres"),
        ("annee=1", "annee", "quatre chiffres"),
        ("annee=1789", "annee", "1990"),
        ("annee=1e999", "annee", "quatre chiffres"),
        ("annee=%D9%A1", "annee", "quatre chiffres"),
        ("annee_min=2020&annee_max=2016", "annee_max", "précéder"),
        ("pays=XX", "pays", "deux lettres"),
        ("pays=mx", "pays", "deux lettres"),
        ("pays=MX&pays=%00", "pays", "deux lettres"),
        ("zone=Atlantide", "zone", "Amérique centrale"),
        ("collectivite=123", "collectivite", "neuf chiffres"),
        ("collectivite=%00", "collectivite", "neuf chiffres"),
        ("type=ministere", "type", "commune, cc"),
        ("region=atlantide", "region", "région"),
        ("secteur=15128", "secteur", "15112"),
        ("secteur=99999", "secteur", "cinq chiffres"),
        ("secteur=14", "secteur", "cinq chiffres"),
        ("refugies=oui", "refugies", "avec, sans, seuls"),
        ("grouper=annee,lune", "grouper", "annee, collectivite"),
        ("tri=lune", "tri", "-apd"),
        ("grouper=annee&tri=pays", "tri", "regroupement"),
        ("profil=pdf", "profil", "excel-fr"),
        ("page=0", "page", "1"),
    ],
)
def test_a_bad_value_names_its_field_and_says_what_is_accepted(rows, query, field, words):
    found = errors(query)
    assert list(found) == [field]
    assert words in " ".join(found[field])


def test_unknown_parameters_are_told():
    filterset = ApdFilter(QueryDict("lune=1&annee=2018"), queryset=ApdTotal.objects.all())
    assert (filterset.unknown_parameters, filterset.status) == (["lune"], 200)


def test_chips_name_values_and_can_be_removed(rows):
    query = f"annee=2018+&pays=MX&pays=SN&collectivite={SIREN}&grouper=annee&page=2"
    chips = ApdFilter(QueryDict(query), queryset=ApdTotal.objects.all()).chips
    assert [chip.value for chip in chips] == ["2018", "Mexique", "Sénégal", "Paris"]
    assert chips[0].remove_url == f"?pays=MX&pays=SN&collectivite={SIREN}&grouper=annee"
    assert chips[1].remove_url == f"?annee=2018+&pays=SN&collectivite={SIREN}&grouper=annee"


def test_the_summary_is_grouped_and_sorted_as_asked(rows):
    def first(query: str) -> list:
        found = ApdFilter(QueryDict(query), queryset=ApdTotal.objects.all()).summed()
        return [next(iter(row.values())) for row in found]

    assert first("grouper=annee") == [2016, 2018, 2020]
    assert first("grouper=annee&tri=-annee") == [2020, 2018, 2016]
    assert first("grouper=pays,annee&tri=-pays")[:1] == [2018]
    assert first("grouper=collectivite") == [None, SIREN, None]  # Bretagne, Paris, Rennes
    assert len(first("tri=-apd")) == 3
    assert first("grouper=type") == ["commune", "region"]
