"""The founding cases, against the tables of the sheet they come from."""

import shutil
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from aect.fixtures import parse_date
from aect.loading.merging import BadFixture
from funding.models import Call, Cofinancing, Project, PublishedFigure
from partnerships.models import (
    Action,
    Convention,
    Indicator,
    Milestone,
    NetworkMembership,
    Organisation,
    OrganisationName,
    Partnership,
    Party,
    SdgContribution,
    Source,
    StaffContribution,
    Succession,
    Theme,
)

COUNTED = [
    *(
        Source,
        Organisation,
        OrganisationName,
        Succession,
        Theme,
        Partnership,
        Party,
        Convention,
        Action,
        Indicator,
        Milestone,
        NetworkMembership,
        StaffContribution,
    ),
    *(Call, Project, Cofinancing, PublishedFigure),
]
# key, French side, foreign side, since, status
PARTNERSHIPS = [
    ("paris-mexico", {"217500016"}, {"09"}, 1990, "slowed"),
    ("la-rochelle-campeche", {"241700434"}, {"04", "04002"}, 2015, "active"),
    ("angouleme-zapopan", {"200071827"}, {"14120"}, 2012, "active"),
    ("bordeaux-guanajuato", {"243300316"}, {"11", "11015"}, 2011, "ended"),
    ("cannes-acapulco", {"210600292"}, {"12001"}, 1994, None),
    ("carcassonne-campeche", {"211100698"}, {"04002"}, 1990, None),
    ("ile-de-france-santiago", {"237500079"}, {None}, None, "suspended"),
    ("marseille-alger", {"211300553"}, {None}, None, None),
]
# slug, kind, signed, precision, end, renews
CONVENTIONS = [
    ("pacte-amitie-paris-mexico-1990", "friendship", date(1990, 1, 1), "year", None, None),
    ("lettre-intention-campeche-2015", "intent", None, "day", None, None),
    ("accord-la-rochelle-campeche-2015", "cooperation", date(2015, 7, 15), "day", None, None),
    ("accord-bordeaux-guanajuato-2011", "cooperation", date(2011, 1, 1), "year", date(2014, 1, 1), None),
    (
        *("accord-bordeaux-guanajuato-2015", "cooperation", date(2015, 1, 1), "year", date(2019, 1, 1)),
        "accord-bordeaux-guanajuato-2011",
    ),
    ("jumelage-cannes-acapulco-1994", "twinning", date(1994, 1, 1), "year", None, None),
    ("jumelage-carcassonne-campeche", "twinning", date(1990, 1, 1), "decade", None, None),
]
PARENTS = [
    ("daect", "Ministère de l’Europe et des Affaires étrangères"),
    ("ambassade-de-france-au-mexique", "Ministère de l’Europe et des Affaires étrangères"),
    ("amexcid", "Secretaría de Relaciones Exteriores (SRE)"),
    ("labcdmx", "Ciudad de México"),
    ("capae", "Estado de Campeche"),
    ("infocam", "Estado de Campeche"),
    ("groupe-pays-mexique", "Cités Unies France (CUF)"),
]
REASONS = [
    ("paris-mexico", "slowed", "partner_body"),
    ("ile-de-france-santiago", "suspended", "majority"),
    ("bordeaux-guanajuato", "ended", "term"),
    ("la-rochelle-campeche", "active", "term"),
    ("angouleme-zapopan", "active", "funding"),
]
TIMELINE = [
    (date(1980, 1, 1), "year", "Marseille – Alger"),
    (date(1990, 1, 1), "decade", "RRMA"),
    (date(1998, 1, 1), "year", "PFMCM"),
    (date(2007, 1, 1), "year", "León"),
    (date(2011, 1, 1), "year", "fonds conjoint"),
    (date(2012, 1, 1), "year", "Bordeaux"),
    (date(2014, 4, 10), "day", "France-Mexique"),
    (date(2015, 6, 29), "day", "Paris"),
    (date(2015, 7, 15), "day", "Déclaration conjointe"),
    (date(2017, 1, 1), "month", "CONAGO"),
    (date(2017, 10, 1), "month", "Guanajuato"),
    (date(2020, 1, 1), "year", "2020-2021"),
]
ORGANISATIONS = [
    "daect",
    "amexcid",
    "sre",
    "ambassade-de-france-au-mexique",
    "prefets",
    "cncd",
    "cites-unies-france",
    "groupe-pays-mexique",
    "cglu",
    "conago",
    "afd",
    "rrma",
    "arricod",
    "cnfpt",
    "al-las",
    "c40",
    "eurocities",
    "ademe",
    "anct",
]
YEARLY = {  # millions of euros: total, refugees, without refugees
    2003: ("45.4", None, None),
    2004: ("46.6", None, None),
    2005: ("45.5", None, None),
    2006: ("57.6", None, None),
    2007: ("62.2", None, None),
    2008: ("72.5", None, None),
    2009: ("69.7", None, None),
    2010: ("60.5", None, None),
    2014: ("57.1", None, None),
    2015: ("59.6", None, None),
    2016: ("82.9", "34.9", "48.0"),
    2017: ("100.6", "50.0", "50.6"),
    2018: ("116.1", "66.4", "49.7"),
    2019: ("121.9", None, None),
    2020: ("122.4", "68.2", "54.2"),
    2021: ("126.7", "72.3", "54.4"),
    2023: ("183.3", "120.5", "62.8"),
    2024: ("199.6", "149.4", "50.2"),
}
FIGURES = {
    "apd-mexique-2018": "384622",
    "evolution-2018": "15.4",
    "evolution-hors-refugies-2018": "-1.8",
    "apd-hors-refugies-par-an": "50000000",
    "part-mexique-zone-2018": "10",
    "part-dix-territoires-2018": "53",
    "part-dix-pays-2017": "53",
    "refugies-2016-autre-source": "34400000",
    "appel-2016-etat": "63710",
    "appel-2016-budget": "132360",
    "appel-2016-projets": "5",
    "pact3-2018-laureats": "10",
    "pact3-2018-candidats": "13",
    "evolution-2015": "4.3",
    "evolution-hors-refugies-2016": "-19.5",
    "evolution-hors-refugies-2017": "5.4",
    "evolution-2021": "3.5",
    "evolution-2024": "8.9",
    "evolution-hors-refugies-2024": "-20.1",
    "montant-regions-2024": "18400000",
}


def rows() -> dict:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in COUNTED}


@pytest.mark.usefixtures("founding", "db")
class TestFounding:
    def test_a_second_run_changes_nothing_and_says_so(self):
        before, out = rows(), StringIO()
        call_command("load_founding", stdout=out)
        assert rows() == before
        assert all(line.endswith("nothing to change") for line in out.getvalue().splitlines())

    def test_a_second_load_of_the_reference_leaves_the_cases_alone(self):
        before = rows()
        call_command("load_reference", stdout=StringIO())
        assert rows() == before

    def test_no_other_partnership_is_loaded(self):
        assert set(Partnership.objects.values_list("slug", flat=True)) == {row[0] for row in PARTNERSHIPS}

    @pytest.mark.parametrize(("slug", "french", "foreign", "since", "status"), PARTNERSHIPS)
    def test_each_partnership_of_the_sheet(self, slug, french, foreign, since, status):
        partnership = Partnership.objects.with_status().get(slug=slug)
        places = Party.objects.filter(partnership=partnership, role="party")
        french_codes = places.filter(side="french", organisation__identifiers__scheme="siren")
        foreign_codes = places.filter(side="foreign").values_list("organisation__identifiers__code", flat=True)
        assert set(french_codes.values_list("organisation__identifiers__code", flat=True)) == french
        assert set(foreign_codes) == foreign
        assert (partnership.began_on and partnership.began_on.year) == since
        assert partnership.status == status

    def test_mexico_has_exactly_six_partnerships(self):
        mexican = Partnership.objects.filter(parties__organisation__country="MX").distinct()
        assert {p.slug for p in mexican} == {row[0] for row in PARTNERSHIPS[:6]}

    def test_the_list_filtered_to_mexico_shows_those_six(self, client):
        page = client.get("/partenariats/", {"pays": "MX"}).content.decode()
        shown = {row[0] for row in PARTNERSHIPS if f'href="/partenariats/{row[0]}/?pays=MX"' in page}
        assert shown == {row[0] for row in PARTNERSHIPS[:6]}

    def test_bogota_is_associated_and_makes_the_partnership_multilateral(self):
        rows = {row.slug: row for row in Partnership.objects.for_list()}
        paris = rows["paris-mexico"]
        assert [party.name for party in paris.foreign_parties] == ["Ciudad de México"]
        bogota = paris.parties.get(organisation__country="CO")
        assert (bogota.role, bogota.side, bogota.period) == ("associate", "foreign", "2017")
        assert [slug for slug, row in rows.items() if row.reach == "multilateral"] == ["paris-mexico"]
        assert [slug for slug, row in rows.items() if row.is_reciprocal] == ["paris-mexico"]

    def test_both_capitals_belong_to_two_networks_since_a_year_that_is_not_told(self):
        members = NetworkMembership.objects.values_list("network__slug", "member__name", "began_on")
        assert sorted(members) == [
            *[("al-las", "Ciudad de México", None), ("al-las", "Paris", None)],
            *[("c40", "Ciudad de México", None), ("c40", "Paris", None)],
        ]

    @pytest.mark.parametrize(("slug", "parent"), PARENTS)
    def test_what_belongs_to_another(self, slug, parent):
        assert Organisation.objects.get(slug=slug).parent.name == parent

    @pytest.mark.parametrize(("slug", "status", "reason"), REASONS)
    def test_why_a_status_changed(self, slug, status, reason):
        assert self.of(slug).milestones.filter(status_after=status).values_list("reason", flat=True).last() == reason

    def test_the_study_tells_one_initiative_and_no_goal(self):
        told = Partnership.objects.exclude(initiative="").values_list("slug", "initiative")
        assert list(told) == [("la-rochelle-campeche", "external")]
        assert not SdgContribution.objects.exists()

    def test_the_staff_of_la_rochelle_without_a_number(self):
        staff = StaffContribution.objects.get()
        assert (staff.organisation.name, staff.year, staff.days) == ("CA de La Rochelle", None, None)

    @pytest.mark.parametrize(("slug", "kind", "signed", "precision", "ends", "renews"), CONVENTIONS)
    def test_each_convention(self, slug, kind, signed, precision, ends, renews):
        convention = Convention.objects.get(slug=slug)
        assert (convention.kind, convention.signed_on, convention.signed_on_precision) == (kind, signed, precision)
        assert convention.ends_on == ends
        assert (convention.renews and convention.renews.slug) == renews
        assert convention.provisional_amount is None

    @pytest.mark.parametrize(("day", "precision", "words"), TIMELINE)
    def test_the_timeline(self, day, precision, words):
        milestones = Milestone.objects.filter(partnership=None, happened_on=day, happened_on_precision=precision)
        assert any(words in milestone.title for milestone in milestones)

    @pytest.mark.parametrize("slug", ORGANISATIONS)
    def test_who_acts(self, slug):
        assert not Organisation.objects.get(slug=slug).is_local

    def test_the_actors_around_la_rochelle_and_campeche(self):
        actors = {party.organisation.slug: party.part for party in self.of("la-rochelle-campeche").actors}
        assert set(actors) >= {
            *("ministere-du-logement", "engie", "veolia", "universite-de-la-rochelle", "bleu-versant"),
            *("universidad-autonoma-de-campeche", "infocam", "capae"),
        }
        assert all(actors.values())

    def test_the_actions_of_la_rochelle_and_campeche_and_their_outcome(self):
        outcomes = [action.outcome for action in self.of("la-rochelle-campeche").actions.all()]
        assert outcomes[:5] == ["delivered", "not_followed", "carried_out", "planned", "planned"]

    def test_the_figures_of_the_capae(self):
        deficit = Indicator.objects.get(name="Déficit annuel de la CAPAE")
        price = Indicator.objects.get(name="Prix de l’eau")
        assert (deficit.baseline, deficit.value, deficit.unit) == (80, 20, "%")
        assert price.value / price.baseline == 20
        assert deficit.action.outcome == "carried_out"

    def test_the_money_of_angouleme_and_zapopan(self):
        cofinancing = Cofinancing.objects.get(project__partnership__slug="angouleme-zapopan")
        assert cofinancing.amount == Decimal("715000.00")
        assert (cofinancing.funder.slug, cofinancing.scheme, cofinancing.state) == ("afd", "FICOL", "committed")
        assert (cofinancing.dated_on, cofinancing.dated_on_precision) == (date(2020, 1, 1), "year")
        assert cofinancing.project.budget_amount is None

    def test_calls_from_2012_to_2018_and_the_one_of_2020(self):
        years = Call.objects.order_by("first_year").values_list("first_year", "last_year")
        assert list(years) == [*((year, year) for year in range(2012, 2019)), (2020, 2021)]
        for call in Call.objects.all():
            assert call.state_cap_percent == 50
            assert {organiser.slug for organiser in call.organisers.all()} == {"daect", "amexcid"}
        assert Project.objects.get(slug="paris-mexico-innovation-urbaine").call.slug == "franco-mexicain-2016"

    @pytest.mark.parametrize("year", YEARLY)
    def test_the_published_totals_of_each_year(self, year):
        keys = (f"apd-{year}", f"refugies-{year}", f"apd-hors-refugies-{year}")
        for key, millions in zip(keys, YEARLY[year], strict=True):
            figure = PublishedFigure.objects.filter(key=key).first()
            assert (figure and figure.value) == (millions and Decimal(millions) * 1_000_000)
            assert figure is None or (figure.year, figure.country_id) == (year, None)

    @pytest.mark.parametrize("key", FIGURES)
    def test_other_published_figures(self, key):
        assert PublishedFigure.objects.get(key=key).value == Decimal(FIGURES[key])

    def test_forecasts_are_left_out(self):
        assert not PublishedFigure.objects.filter(year__in=[2011, 2013]).exists()

    def test_a_figure_worked_out_says_so(self):
        for key in ("apd-2014", "apd-2020", "apd-2023", "part-mexique-2018", "appel-2016-part-etat"):
            assert "alculé" in PublishedFigure.objects.get(key=key).note
        assert PublishedFigure.objects.get(key="apd-2014").is_approximate
        assert not PublishedFigure.objects.get(key="apd-2018").is_approximate

    def test_every_fact_has_its_source(self):
        told = Organisation.objects.exclude(description="")
        assert not told.filter(source=None).exists()
        assert not told.filter(source_place="").exists()
        registry = (Partnership, Party, Convention, Action, Indicator, Milestone, StaffContribution, NetworkMembership)
        for model in (*registry, Call, Project, Cofinancing):
            assert not model.objects.filter(source=None).exists(), model
            assert not model.objects.filter(source_place="").exists(), model
        assert not PublishedFigure.objects.filter(source=None).exists()

    def test_every_party_has_a_place_on_the_map(self):
        assert not Organisation.objects.partnered(Partnership.objects.all()).filter(latitude=None).exists()

    @staticmethod
    def of(slug: str) -> Partnership:
        return Partnership.objects.get(slug=slug)


@pytest.mark.usefixtures("reference", "db")
class TestWrongCases:
    @pytest.fixture
    def folder(self, settings, tmp_path):
        shutil.copytree(settings.BASE_DIR / "fixtures/founding", tmp_path / "founding")
        return tmp_path

    @pytest.mark.parametrize(
        ("file", "old", "new", "message"),
        [
            ("partnerships/cannes-acapulco.toml", 'side = "french"', 'side = "French"', "party 1, side: "),
            ("partnerships/cannes-acapulco.toml", '"cannes"', '"canes"', "party 1: no organisation is named “canes”"),
            ("partnerships/cannes-acapulco.toml", "signed_on", "signed", "“signed” is not a field of convention"),
            ("partnerships/cannes-acapulco.toml", '"1994"', '"94-13"', "began_on: “94-13” must be a date"),
            ("partnerships/cannes-acapulco.toml", 'name = "', "name = ", "(at line 2, column "),
            ("projects.toml", "715_000", '"715k"', "project 5, cofinancing 1, amount: "),
            ("organisations.toml", 'siren = "210600292"', 'siren = "210600293"', "[cannes]: no organisation has this"),
            ("calls.toml", "state_cap_percent = 50", "state_cap_percent = 150", "call 1: Un plafond est"),
        ],
    )
    def test_a_wrong_entry_is_named_and_nothing_is_written(self, folder, file, old, new, message):
        path = folder / "founding" / file
        path.write_text(path.read_text().replace(old, new, 1))
        before = Source.objects.count()
        with pytest.raises(CommandError) as refusal:
            call_command("load_founding", folder=folder)
        assert path.name in str(refusal.value)
        assert message in str(refusal.value)
        assert Source.objects.count() == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015", (date(2015, 1, 1), "year")),
        ("2014-04", (date(2014, 4, 1), "month")),
        ("2015-07-15", (date(2015, 7, 15), "day")),
    ],
)
def test_a_date_is_as_exact_as_it_is_written(text, expected):
    assert parse_date(text, "somewhere") == expected


@pytest.mark.parametrize("text", ["", "soon", "2015-13", "2015-02-30", "2015-07-15-1"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(BadFixture, match="somewhere"):
        parse_date(text, "somewhere")
