"""The money on screen: one filter, the same figures in the key figures, the charts, their tables and the file."""

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from django.db import connection

from aect.jobs.models import Job
from funding import services
from funding.choices import Metric
from funding.models import ApdLine, ApdTotal, PublishedFigure
from tests.factories import (
    ApdLineFactory,
    CofinancingFactory,
    CountryFactory,
    DacListingFactory,
    DraftFactory,
    OrganisationFactory,
    ProjectFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> None:
    """Three lines that count, one of them for refugees, and one of which nothing is known; totals computed."""
    DacListingFactory()
    ApdLineFactory(year=2017, paid_amount=Decimal("100.10"))
    ApdLineFactory(year=2018, paid_amount=Decimal("1234567.89"))
    ApdLineFactory(year=2018, paid_amount=Decimal("0.01"), refugee_costs=True)
    ApdLineFactory(year=2018, paid_amount=None)
    services.rebuild()


def figures(page: str, chart: str) -> dict:
    return json.loads(re.search(rf'<script id="{chart}-figure" type="application/json">(.*?)</script>', page).group(1))


def test_key_figure_chart_table_file_and_sql_agree_to_the_cent(client, lines):
    page = client.get("/apd/").content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get("/apd/export.csv").getvalue().decode())))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(apd_amount) FROM funding_apdline")
        total = cursor.fetchone()[0]
    assert total == Decimal("1234668.00")
    assert sum(Decimal(row["apd_eur"]) for row in rows if row["apd_eur"]) == total
    drawn = [Decimal(str(y)) for trace in figures(page, "apd-by-year")["data"] for y in trace["y"]]
    assert sum(drawn) == total
    assert page.count("1\u00a0234\u00a0668,00\u00a0€") >= 4  # the key figure, and the foot of each table


def test_without_refugees_the_refugee_line_is_gone_everywhere(client, lines):
    page = client.get("/apd/?refugies=sans").content.decode()
    assert "1\u00a0234\u00a0667,99\u00a0€" in page
    assert "1\u00a0234\u00a0668,00\u00a0€" not in page


def test_what_is_unknown_is_said_and_never_zero(client):
    ApdLineFactory(paid_amount=None)
    services.rebuild()
    page = client.get("/apd/").content.decode()
    assert "non renseigné" in page
    assert "0,00" not in page


def test_without_any_line_the_page_says_what_it_lacks(client):
    page = client.get("/apd/").content.decode()
    assert "Les totaux n’ont pas encore été calculés." in page
    assert "Aucune donnée pour ces critères." in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("annee=abc", "n’est pas une année"),
        ("annee=abc", 'value="abc"'),
        ("pays=ZZ", "n’est pas un pays"),
        ("secteur=999", "n’est ni un code objet"),
        ("refugies=peut-etre", "choisissez parmi"),
        ("collectivite=123", "SIREN"),
        ("annee_min=2019&annee_max=2018", "ne peut précéder"),
        ("page=0", "Page"),
    ],
)
def test_a_bad_value_gives_400_and_the_field_s_message(client, query, said):
    response = client.get(f"/apd/?{query}")
    assert response.status_code == 400
    assert said in response.content.decode()


def test_an_unknown_parameter_is_ignored_and_said(client, lines):
    response = client.get("/apd/?couleur=bleu")
    assert response.status_code == 200
    assert "couleur" in response.content.decode()


def test_fictitious_lines_are_said_wherever_they_show(client, lines):
    marked = "Données fictives"
    assert marked not in client.get("/apd/").content.decode()
    ApdLine.objects.update(is_fictitious=True)
    services.rebuild()
    organisation = ApdLine.objects.first().collectivity
    for path in ("/apd/", "/financements/", organisation.get_absolute_url()):
        assert marked in client.get(path).content.decode(), path


def test_the_dashboard_says_when_it_was_computed_and_when_it_is_stale(client, lines):
    fresh = client.get("/apd/").content.decode()
    assert "Totaux calculés le" in fresh
    assert "ne sont plus à jour" not in fresh
    ApdLine.objects.filter(year=2017).update(description="corrigé")
    assert "ne sont plus à jour" in client.get("/apd/").content.decode()


def test_an_officer_asks_for_a_computation_an_agent_may_not(client, agent, officer_client):
    client.force_login(agent)
    assert client.post("/apd/recalculer/").status_code == 403
    assert officer_client.post("/apd/recalculer/").url == "/taches/"
    assert Job.objects.count() == 1


def publish(**fields) -> PublishedFigure:
    source = SourceFactory()
    return PublishedFigure.objects.create(
        **{"key": f"f{source.pk}", "label": "APD", "metric": Metric.APD, "source": source, **fields}
    )


def test_published_figures_stand_beside_the_computed_ones_and_are_never_summed(client, lines):
    before = ApdTotal.objects.all().grand_total()
    publish(year=2018, value=Decimal("116100000"))
    publish(year=2019, value=Decimal("121900000"), is_approximate=True)
    page = client.get("/apd/").content.decode()
    assert ApdTotal.objects.all().grand_total() == before
    assert "116\u00a0100\u00a0000,00\u00a0€" in page
    assert "Étude d’exemple" in page
    apd = figures(page, "published-figures")["data"][0]
    assert apd["marker"]["symbol"] == ["circle", "circle-open"]


def test_a_year_without_a_published_figure_is_a_gap(client):
    publish(year=2010, value=Decimal(60))
    publish(year=2013, value=Decimal(70))
    drawn = figures(client.get("/apd/").content.decode(), "published-figures")["data"][0]
    assert drawn["x"] == [2010, 2011, 2012, 2013]
    assert drawn["y"] == [60.0, None, None, 70.0]


def test_shares_count_what_is_granted_and_known(client):
    project = ProjectFactory(title="Eau")
    agency = OrganisationFactory(name="Agence", kind="agency")
    CofinancingFactory(project=project, funder=agency, amount=Decimal(300), state="paid")
    CofinancingFactory(project=project, amount=Decimal(100))  # a French commune
    CofinancingFactory(project=project, amount=None)
    CofinancingFactory(
        project=project, amount=Decimal(900), state="requested", funder=OrganisationFactory(name="Promesse")
    )
    page = client.get("/financements/").content.decode()
    shares = {trace["name"]: trace["x"] for trace in figures(page, "funding-shares")["data"]}
    assert shares == {"État et ses agences": [75.0], "Collectivités françaises": [25.0]}
    assert "75,0\u00a0%" in page


def test_amounts_of_drafts_are_not_followed_by_a_denial(officer_client):
    project, none = DraftFactory(partnership__name="Aix – Oaxaca"), "Aucun financement n’est connu"
    address = project.partnership.get_absolute_url()
    assert none in officer_client.get(address).content.decode()
    CofinancingFactory(project=project, amount=Decimal(24000), state="requested")
    page = officer_client.get(address).content.decode()
    assert "24\xa0000,00\xa0€" in page
    assert none not in page


def test_families_of_funders_follow_kind_and_country(client):
    project = ProjectFactory()
    mexico = CountryFactory(iso2="MX")
    kinds = [("state", None), ("mx_state", mexico), ("university", None), ("firm", mexico), ("metropole", None)]
    for kind, country in kinds:
        funder = OrganisationFactory(kind=kind, **({"country": country} if country else {}))
        CofinancingFactory(project=project, funder=funder, amount=Decimal(100))
    data = figures(client.get("/financements/").content.decode(), "funding-shares")["data"]
    assert {trace["name"]: trace["x"] for trace in data} == {
        "État et ses agences": [20.0],
        "Collectivités françaises": [20.0],
        "Partenaires étrangers": [40.0],
        "Autres": [20.0],
    }


@pytest.mark.parametrize(("path", "queries"), [("/apd/", 13), ("/financements/", 5)])
def test_a_page_takes_the_same_queries_for_one_row_and_three(client, django_assert_num_queries, path, queries):
    DacListingFactory()
    for number in range(2):
        for _ in range(1 + number):
            ApdLineFactory(recipient=CountryFactory(iso2="MX"))
            CofinancingFactory()
        services.rebuild()
        with django_assert_num_queries(queries):
            client.get(path)
