"""The registry in figures: what each counts, said again by plain loops over random facts, and listed row by row."""

import datetime
from collections import Counter, defaultdict
from random import Random

import pytest
from django.http import QueryDict

from aect.fields import first_day
from partnerships.choices import (
    FAMILIES,
    FRENCH_KINDS,
    MEXICAN_KINDS,
    Family,
    Initiative,
    OrganisationKind,
    PartnershipStatus,
    Sdg,
    StaffKind,
    StatusReason,
)
from partnerships.filters import PartnershipFilter
from partnerships.models import Action, Milestone, Partnership, Party, SdgContribution, StaffContribution
from tests import factories

pytestmark = pytest.mark.django_db
STOPS = {"slowed", "suspended", "ended"}
YEARS = (1994, 2012)


def country_of(kind: str, draw: Random) -> str:
    if kind in FRENCH_KINDS:
        return "FR"
    if kind in MEXICAN_KINDS:
        return "MX"
    return draw.choice(["MX", "SN"] if kind == OrganisationKind.FOREIGN_AUTHORITY else ["FR", "MX", "SN"])


def registry(seed: int, size: int = 60) -> None:
    """Random partnerships between 1985 and 2015, in which every fact is missing somewhere."""
    draw = Random(seed)  # noqa: S311  # nothing secret
    kinds = [draw.choice(OrganisationKind.values) for _ in range(30)]
    actors = [
        factories.OrganisationFactory(kind=kind, country=factories.CountryFactory(iso2=country_of(kind, draw)))
        for kind in kinds
    ]
    for _ in range(size):
        partnership = factories.PartnershipFactory(
            initiative=draw.choice(["", *Initiative.values]),
            began_on=draw.choice([None, datetime.date(draw.randint(1985, 2015), 1, 1)]),
            began_on_precision="year",
        )
        for organisation in draw.sample(actors, draw.choice([0, 1, 2, 2, 3, 5])):
            factories.PartyFactory(
                partnership=partnership,
                organisation=organisation,
                side=draw.choice(["french", "foreign"]),
                role=draw.choice(["party", "party", "associate", "actor"]),
            )
        for _ in range(draw.choice([0, 1, 2, 4])):
            precision = draw.choice(["day", "day", "year", "decade"])
            day = datetime.date(draw.randint(1985, 2015), draw.randint(1, 12), draw.randint(1, 28))
            status = draw.choice([None, *PartnershipStatus.values])
            factories.MilestoneFactory(
                partnership=partnership,
                happened_on=first_day(day, precision),
                happened_on_precision=precision,
                status_after=status,
                reason=draw.choice(["", *StatusReason.values[:3]]) if status else "",
            )
        for _ in range(draw.choice([0, 1, 2])):
            factories.ActionFactory(partnership=partnership, soil=draw.choice(["", "foreign", "foreign", "french"]))
        for goal in draw.sample(Sdg.values, draw.choice([0, 0, 1, 3])):
            factories.SdgContributionFactory(partnership=partnership, goal=goal)
        for _ in range(draw.choice([0, 0, 1, 2])):
            factories.StaffContributionFactory(
                partnership=partnership,
                organisation=actors[0],
                kind=draw.choice(StaffKind.values),
                year=draw.choice([None, 1990, 2000]),
                days=draw.choice([None, 3, 10]),
            )


def listed(query: str) -> int:
    """How many rows the list of partnerships shows for this query."""
    filterset = PartnershipFilter(QueryDict(query), Partnership.objects.for_list())
    assert filterset.status == 200, filterset.problems
    return filterset.rows.count()


def grouped(model) -> dict[int, list]:
    rows = defaultdict(list)
    for row in model.objects.order_by("pk"):
        rows[row.partnership_id].append(row)
    return rows


def reach(parties: list[Party]) -> str | None:
    together = [p for p in parties if p.role in {"party", "associate"}]
    french = {p.organisation_id for p in together if p.side == "french"}
    foreign = {p.organisation.country_id for p in together if p.side == "foreign"}
    if len(french) > 1 or len(foreign) > 1:
        return "multilateral"
    return "bilateral" if french and foreign else None


@pytest.mark.parametrize("seed", [1, 2])
def test_reach_reciprocity_and_initiative_are_what_loops_find(seed):
    registry(seed)
    rows, parties, actions = Partnership.objects.all(), grouped(Party), grouped(Action)
    reaches = Counter(reach(parties[row.pk]) for row in rows)
    assert rows.with_reach().counted("reach") == reaches
    assert {r: n for r, n in rows.by_parties().items() if r in reaches} == {r: n for r, n in reaches.items() if r}
    soils = [{action.soil for action in actions[row.pk]} for row in rows]
    answers = Counter(True if "french" in s else (None if not s or "" in s else False) for s in soils)
    assert rows.with_reciprocity().counted("is_reciprocal") == answers
    initiatives = Counter(row.initiative for row in rows)
    assert rows.counted("initiative") == initiatives
    assert {len(reaches), len(answers), len(initiatives)} == {3}  # each kind occurs, the unknown one too
    for asked, number in {
        "portee=multilateral": reaches["multilateral"],
        "portee=bilateral": reaches["bilateral"],
        "portee=inconnue": reaches[None],
        "reciproque=oui": answers[True],
        "reciproque=non": answers[False],
        "reciproque=inconnue": answers[None],
        "initiative=interne": initiatives["internal"],
        "initiative=externe": initiatives["external"],
        "initiative=inconnue": initiatives[""],
    }.items():
        assert listed(asked) == number, asked


@pytest.mark.parametrize("seed", [1, 2])
def test_kinds_of_actors_are_what_loops_find(seed):
    registry(seed)
    families = {
        row.pk: {FAMILIES[p.organisation.kind] for p in row.parties.select_related("organisation")}
        for row in Partnership.objects.all()
    }
    numbers = Counter(map(len, families.values()))
    assert Partnership.objects.with_actor_kinds().counted("actor_kinds") == numbers
    partnerships = Counter(family for found in families.values() for family in found)
    told = Partnership.objects.by_parties()
    assert {family: told[f"family_{family}"] for family in Family.values} == {f: partnerships[f] for f in Family.values}
    assert {n: told[f"families_{n}"] for n in range(9)} == {n: numbers[n] for n in range(9)}
    assert all(listed(f"familles={number}") == found for number, found in numbers.items())
    assert all(listed(f"acteurs={family}") == found for family, found in partnerships.items())


def status_in(milestones: list[Milestone], year: int) -> str | None:
    """The latest change that may have happened by then, when it surely has."""
    changes = sorted((m for m in milestones if m.status_after), key=lambda m: (m.happened_on, m.pk))
    possible = [m for m in changes if m.happened_on.year <= year]
    if not possible:
        return None
    late = 9 if possible[-1].happened_on_precision == "decade" else 0
    return possible[-1].status_after if possible[-1].happened_on.year + late <= year else None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_status_of_each_year_is_what_loops_find(seed):
    registry(seed)
    milestones = grouped(Milestone)
    expected = Counter()
    for row in Partnership.objects.all():
        for year in range(YEARS[0], YEARS[1] + 1):
            status = status_in(milestones[row.pk], year)
            if status or row.began_on is None or row.began_on.year <= year:
                expected[year, status] += 1
    found = {(year, status): n for year, status, n in Partnership.objects.statuses_by_year(*YEARS)}
    assert found == expected
    assert {status for _year, status in found} == {None, *PartnershipStatus.values}
    for (year, status), number in list(expected.items())[::7]:
        assert listed(f"etat_au={status or 'inconnue'},{year}") == number


def test_what_a_set_of_partnerships_counts_is_its_own():
    registry(1)
    half = Partnership.objects.filter(name__endswith="1")  # a percent sign travels through the statement
    assert 0 < half.count() < Partnership.objects.count()
    ids = set(half.values_list("pk", flat=True))
    milestones = grouped(Milestone)
    expected = Counter(filter(None, (status_in(milestones[pk], 2015) for pk in ids)))
    assert {status: n for _year, status, n in half.statuses_by_year(2015, 2015) if status} == expected


@pytest.mark.parametrize(("first", "last"), [(None, None), (1990, 1999), (1995, None), (None, 2004)])
def test_stops_are_what_loops_find(first, last):
    registry(4)
    expected = defaultdict(lambda: defaultdict(set))
    for m in Milestone.objects.filter(status_after__in=STOPS):
        year, late = m.happened_on.year, 9 if m.happened_on_precision == "decade" else 0
        if (not first or year >= first) and (not last or year + late <= last):
            expected[m.reason][m.status_after].add(m.partnership_id)
    found = {row.pop("reason"): row for row in Partnership.objects.stops_by_reason(first, last)}
    assert found == {
        reason: {
            **{status: len(by_status[status]) for status in STOPS},
            "partnerships": len(set().union(*by_status.values())),
        }
        for reason, by_status in expected.items()
    }
    years = f",{first or ''}-{last or ''}" if first or last else ""
    for reason, row in found.items():
        assert listed(f"arret={reason or 'inconnue'}{years}") == row["partnerships"]
    everyone = set().union(*(ids for by_status in expected.values() for ids in by_status.values()))
    assert listed(f"arret=tous{years}") == len(everyone)


def test_goals_are_what_loops_find():
    registry(5)
    goals = Counter(SdgContribution.objects.values_list("goal", flat=True))
    assert Partnership.objects.by_goal() == goals
    assert all(listed(f"odd={goal}") == number for goal, number in goals.items())
    named = set(SdgContribution.objects.values_list("partnership", flat=True))
    assert listed("odd=inconnue") == Partnership.objects.count() - len(named) > 0


@pytest.mark.parametrize(("first", "last"), [(None, None), (1995, None), (1990, 1990)])
def test_staff_days_are_what_loops_find(first, last):
    registry(6)
    kept = [
        work
        for work in StaffContribution.objects.all()
        if (first is None and last is None)
        or (work.year and (not first or work.year >= first) and (not last or work.year <= last))
    ]
    rows = {row.pop("kind"): row for row in Partnership.objects.staff_by_kind(first, last)}
    assert set(rows) == {work.kind for work in kept}
    for kind, row in rows.items():
        same = [work for work in kept if work.kind == kind]
        known = [work.days for work in same if work.days is not None]
        assert row == {
            "contributions": len(same),
            "total_days": sum(known) if known else None,
            "without_days": len(same) - len(known),
            "partnerships": len({work.partnership_id for work in same}),
        }
    years = f",{first or ''}-{last or ''}" if first or last else ""
    assert all(listed(f"agents={kind}{years}") == row["partnerships"] for kind, row in rows.items())
    assert listed(f"agents=tous{years}") == len({work.partnership_id for work in kept})


def test_the_dip_of_2016_shows_when_the_data_have_it():
    """Ten partnerships active since 2012; after the elections seven stop in 2016, four of which come back in 2018."""
    for number in range(10):
        partnership = factories.PartnershipFactory(began_on=datetime.date(2012, 5, 1))
        statuses = [(2012, "active"), *[(2016, "suspended")] * (number < 7), *[(2018, "active")] * (number < 4)]
        for year, status in statuses:
            factories.MilestoneFactory(
                partnership=partnership,
                happened_on=datetime.date(year, 1, 1),
                happened_on_precision="year",
                status_after=status,
                reason="majority" if status == "suspended" else "",
            )
    rows = Partnership.objects.statuses_by_year(2011, 2019)
    active = {year: n for year, status, n in rows if status == "active"}
    assert active == {2012: 10, 2013: 10, 2014: 10, 2015: 10, 2016: 3, 2017: 3, 2018: 7, 2019: 7}
    assert {row["reason"]: row["suspended"] for row in Partnership.objects.stops_by_reason(2016, 2016)} == {
        "majority": 7
    }


def test_an_event_of_a_decade_tells_nothing_before_the_decade_s_end():
    partnership = factories.PartnershipFactory(began_on=datetime.date(1980, 1, 1))
    for year, precision, status in [(1985, "day", "active"), (1990, "decade", "suspended")]:
        factories.MilestoneFactory(
            partnership=partnership,
            happened_on=datetime.date(year, 1, 1),
            happened_on_precision=precision,
            status_after=status,
        )
    found = {year: status for year, status, _n in Partnership.objects.statuses_by_year(1979, 2000)}
    assert 1979 not in found  # it had not begun
    assert [found[year] for year in (1980, 1989, 1990, 1998, 1999, 2000)] == [
        None,
        "active",
        None,
        None,
        "suspended",
        "suspended",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "portee=tout",
        "odd=18",
        "familles=99",
        "etat_au=active",
        "etat_au=active,0000",
        "arret=majority,2010-20166",
        "arret=nothing",
        "agents=tous,",
        "agents=tous,99999999999999999999",
        "appel=rien",
    ],
)
def test_a_bad_value_is_refused(query):
    filterset = PartnershipFilter(QueryDict(query), Partnership.objects.for_list())
    assert filterset.status == (200 if query == "agents=tous," else 400)


def test_a_filter_s_chip_says_code_and_years():
    query = QueryDict("etat_au=active,2016&arret=majority,2010-")
    chips = PartnershipFilter(query, Partnership.objects.for_list()).chips
    assert [(chip.label, chip.value) for chip in chips] == [
        ("État au 31 décembre", "Actif, 2016"),
        ("Ralentissement ou arrêt", "Changement de majorité, 2010–"),
    ]


def test_a_call_lists_its_laureates(client):
    call = factories.CallFactory(slug="appel-2018")
    factories.ProjectFactory(call=call)
    factories.ProjectFactory()
    assert listed("appel=appel-2018") == 1
    assert "Lauréats de l’appel" in client.get("/partenariats/?appel=appel-2018").content.decode()
