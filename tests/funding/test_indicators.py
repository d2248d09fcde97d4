"""The indicators' page: figures that plain loops find too, that list their rows, and that never take unknown for no."""

import csv
import datetime
import io
import re
from html import unescape
from random import Random
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.utils import timezone

from funding.filters.figures import IndicatorFilter
from funding.indicators import INDICATORS, out_of
from funding.models import Call, Project
from partnerships.choices import OrganisationKind, PartyRole, Side
from partnerships.filters import PartnershipFilter
from partnerships.models import Partnership
from tests import factories
from tests.funding.test_views import figures
from tests.partnerships.test_figures import registry

pytestmark = pytest.mark.django_db
NBSP = "\u00a0"


def asked(query: str = "") -> IndicatorFilter:
    return IndicatorFilter(QueryDict(query), Partnership.objects.with_status(), readable=Partnership.objects.all())


def table(client, key: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/indicateurs/{key}.csv?{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def awards(seed: int, calls: int = 6, projects: int = 40) -> None:
    """Random projects of partnerships with random French parties; some calls have none, some projects no call."""
    draw = Random(seed)  # noqa: S311  # nothing secret
    towns = [factories.OrganisationFactory() for _ in range(15)]
    partnerships = [factories.PartnershipFactory() for _ in range(25)]
    for partnership in partnerships:
        for town in draw.sample(towns, draw.choice([0, 1, 1, 2])):
            role = draw.choice([PartyRole.PARTY, PartyRole.PARTY, PartyRole.ASSOCIATE])
            factories.PartyFactory(partnership=partnership, organisation=town, role=role)
        side, kind = Side.FOREIGN, OrganisationKind.STATE
        factories.PartyFactory(
            partnership=partnership, side=side, organisation=factories.OrganisationFactory(kind=kind)
        )
    years = [2010 + n // 2 * 2 for n in range(calls)]  # two calls in the same year
    made = [factories.CallFactory(first_year=year, last_year=year + 1) for year in years]
    for _ in range(projects):
        factories.ProjectFactory(partnership=draw.choice(partnerships), call=draw.choice([None, *made[:1], *made[2:]]))


def laureates(call: Call) -> set[int]:
    return {
        party.organisation_id
        for project in Project.objects.filter(call=call)
        for party in project.partnership.parties.all()
        if party.role == PartyRole.PARTY and party.side == Side.FRENCH
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_laureates_of_each_call_are_what_loops_find(client, seed):
    awards(seed)
    rows = {row["call"]: row for row in table(client, "appels")}
    assert len(rows) == Call.objects.count()
    renewals = 0
    for call in Call.objects.all():
        earlier = [laureates(other) for other in Call.objects.filter(first_year__lt=call.first_year)]
        won, row = laureates(call), rows[call.slug]
        assert int(row["projects"]) == call.projects.count()
        assert int(row["partnerships"]) == call.projects.values("partnership").distinct().count()
        assert row["laureates"] == (str(len(won)) if won else "")
        known = won and any(earlier)
        assert row["renewed_laureates"] == (str(len(won & set().union(*earlier))) if known else "")
        assert int(row["earlier_calls_without_laureate"]) == sum(not towns for towns in earlier)
        renewals += len(won & set().union(*earlier)) if earlier else 0
    assert renewals


def test_a_laureate_of_another_partnership_is_a_laureate_already():
    """A filter chooses whose partnerships are counted, not what is known of a town's past."""
    town = factories.OrganisationFactory()
    for year in (2012, 2014):
        partnership = factories.PartnershipFactory(slug=f"of-{year}")
        factories.PartyFactory(partnership=partnership, organisation=town)
        factories.ProjectFactory(partnership=partnership, call=factories.CallFactory(first_year=year, last_year=year))
    rows = Call.objects.laureates(Partnership.objects.filter(slug="of-2014"), Partnership.objects.all())
    assert [(row["laureates"], row["renewed"]) for row in rows] == [(0, 0), (1, 1)]
    every = Partnership.objects.all()
    assert [row["first_year"] for row in Call.objects.filter(first_year=2014).laureates(every, every)] == [2014]


def test_every_figure_s_link_lists_as_many_rows_as_it_counts(client):
    registry(7)
    awards(7)
    page = unescape(client.get("/indicateurs/?annee_min=1994&annee_max=2012").content.decode())
    links = re.findall(r'<a href="(/partenariats/\?[^"]+)">([\d\u00a0]+)</a>', page)
    assert len(links) > 60
    for address, said in links:
        filterset = PartnershipFilter(QueryDict(address.partition("?")[2]), Partnership.objects.for_list())
        assert filterset.status == 200, address
        assert filterset.unknown_parameters == []
        assert filterset.rows.count() == int(said.replace(NBSP, "")), address


def test_a_figure_s_list_leaves_out_what_is_made_up(client):
    factories.PartnershipFactory.create_batch(2, initiative="internal")
    factories.PartnershipFactory(initiative="internal", is_fictitious=True)
    page = client.get("/indicateurs/")
    filterset = page.context["filterset"]
    [shown] = [row[1] for row in INDICATORS["initiative"](filterset).chart.rows if row[0].code == "internal"]
    for address, counted in ((filterset.listing(), filterset.total), (shown.address, shown.value)):
        listed = client.get(address)
        assert (listed.context["page"].paginator.count, counted) == (2, 2)
        assert "Partenariats fictifs" in listed.content.decode()
    assert client.get("/partenariats/").context["page"].paginator.count == 3
    assert client.get("/partenariats/?fictifs=seuls").context["page"].paginator.count == 1
    assert client.get("/partenariats/?fictifs=non").status_code == 400


def test_a_link_keeps_the_filters_and_the_list_shows_the_same(client):
    registry(8)
    query = "pays=MX&annee_min=1990&odd=inconnue"
    filterset = asked(query)
    assert filterset.listing(portee="bilateral") == "/partenariats/?pays=MX&odd=inconnue&portee=bilateral"
    counted = INDICATORS["portee"](filterset).chart.rows[1][1]
    shown = PartnershipFilter(QueryDict(counted.address.partition("?")[2]), Partnership.objects.for_list())
    assert shown.rows.count() == counted.value
    assert asked("").total > filterset.total > 0


@pytest.mark.parametrize("key", INDICATORS)
def test_chart_table_and_file_say_the_same(client, key):
    registry(9)
    awards(9)
    indicator = INDICATORS[key](asked())
    rows = table(client, key)
    assert [row[0] if isinstance(row[0], int) else row[0].code for row in indicator.chart.rows] == [
        int(first) if first.isdigit() and key == "etats" else first
        for first in (row[indicator.names[0]] for row in rows)
    ]
    drawn = sum(sum(trace.x if trace.orientation == "h" else trace.y) for trace in indicator.chart.figure.data)
    counted = {
        "etats": ("partnerships",),
        "arrets": ("slowed", "suspended", "ended"),
        "appels": ("laureates",),
    }.get(key, ("partnerships",))
    assert drawn == sum(int(row[name] or 0) for row in rows for name in counted)
    page = client.get("/indicateurs/").content.decode()
    assert page.count(f'id="section-{key}"') == 1
    assert figures(page, key)["data"]
    assert indicator.definition


def test_files_for_readers_say_labels_and_files_for_programs_codes(client):
    registry(1)
    standard = client.get("/indicateurs/portee.csv")
    assert standard.getvalue().decode().startswith("reach,partnerships\nmultilateral,")
    french = client.get("/en/indicateurs/portee.csv?profil=excel-fr&pays=MX&annee_min=2010")
    assert french.getvalue().decode("utf-8-sig").startswith("Portée;Partenariats\r\nMultilatéral;")
    assert 'filename="indicateurs-portee-mx-2010.csv"' in french.headers["Content-Disposition"]
    assert client.get("/indicateurs/rien.csv").status_code == 404


def test_what_is_unknown_is_never_a_no(client):
    for _ in range(3):
        factories.PartnershipFactory()
    page = client.get("/indicateurs/").content.decode()
    assert "0 sur 3 partenariats dont" not in page
    assert page.count("aucune fiche ne permet de le dire") == 5
    assert "3 partenariats non renseignés" in page
    staff = INDICATORS["agents"](asked())
    assert (staff.value, staff.chart.rows) == ("Non renseigné", [])


def test_staff_days_add_up_where_they_are_known(client):
    factories.StaffContributionFactory(days="2.5")
    factories.StaffContributionFactory(days=None)
    staff = INDICATORS["agents"](asked())
    assert (staff.value, staff.detail) == ("2,5", "1 participation sans durée connue")
    assert table(client, "agents") == [
        {
            "kind": "mission",
            "partnerships": "2",
            "contributions": "2",
            "days": "2.5",
            "contributions_without_days": "1",
        }
    ]


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (1, 8, "1 sur 8"),
        (1, 29, "1 sur 29"),
        (3, 30, f"3 sur 30 (10,0{NBSP}%)"),
        (5000, 15000, f"5{NBSP}000 sur 15{NBSP}000 (33,3{NBSP}%)"),
    ],
)
def test_a_share_is_given_in_counts_first(part, whole, said):
    assert out_of(part, whole) == said


def test_the_page_without_any_partnership_says_so(client):
    page = client.get("/indicateurs/").content.decode()
    assert "Aucun partenariat à compter." in page
    assert "data-chart=" not in page


def test_one_partnership_is_counted_in_the_singular(client):
    partnership = factories.PartnershipFactory(initiative="internal", began_on=datetime.date(2012, 1, 1))
    factories.MilestoneFactory(partnership=partnership, status_after="active")
    page = client.get("/indicateurs/").content.decode()
    assert "1 partenariat compté." in page
    assert "1 sur 1" in page


@pytest.mark.parametrize(
    "query",
    [
        "annee_min=abc",
        "annee_min=2019&annee_max=2018",
        "pays=ZZ",
        "region=rien",
        "profil=pdf",
        "etat_au=active",
        "page=0",
    ],
)
@pytest.mark.parametrize("path", ["/indicateurs/", "/indicateurs/etats.csv"])
def test_a_bad_value_gives_400(client, path, query):
    assert client.get(f"{path}?{query}").status_code == 400


def test_years_to_come_are_not_shown():
    factories.MilestoneFactory(status_after="active")
    rows = INDICATORS["etats"](asked("annee_min=2090")).chart.rows
    assert [row[0] for row in rows] == [timezone.localdate().year]


def test_two_calls_of_one_name_are_two_bars():
    for year in (2012, 2014):
        partnership = factories.PartnershipFactory()
        factories.PartyFactory(partnership=partnership)
        call = factories.CallFactory(first_year=year, last_year=year, title="Appel <b>")
        factories.ProjectFactory(partnership=partnership, call=call)
    figure = INDICATORS["appels"](asked()).chart.json
    assert len(set(figure["data"][0]["y"])) == 2
    assert figure["layout"]["yaxis"]["ticktext"] == ["Appel &lt;b&gt;"] * 2


def test_the_filters_of_a_list_stay_when_the_panel_is_used(client):
    factories.PartnershipFactory(initiative="internal")
    page = client.get("/indicateurs/?" + urlencode({"initiative": "interne", "annee_min": 2010})).content.decode()
    assert '<input type="hidden" name="initiative" value="interne">' in page
    assert 'name="annee_min" value="2010"' in page


@pytest.mark.parametrize(("path", "queries"), [("/indicateurs/", 19), ("/indicateurs/arrets.csv", 10)])
def test_a_page_takes_the_same_queries_for_one_row_and_three(client, django_assert_num_queries, path, queries):
    for number in (1, 2):
        for _ in range(number):
            place = factories.PartyFactory()
            partnership = place.partnership
            factories.MilestoneFactory(partnership=partnership, status_after="ended", reason="majority")
            factories.ActionFactory(partnership=partnership, soil="french")
            factories.SdgContributionFactory(partnership=partnership)
            factories.StaffContributionFactory(partnership=partnership, organisation=place.organisation)
            factories.ProjectFactory(partnership=partnership, call=factories.CallFactory())
        with django_assert_num_queries(queries):
            response = client.get(path)
            b"".join(response)  # to its end, where the place of a file is free again
