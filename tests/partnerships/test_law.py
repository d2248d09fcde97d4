"""What the law says of a convention, from its dates alone."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerships import law
from partnerships.choices import ConventionState, SreState, StateException
from partnerships.law import Charge, Level, Terms

TODAY = date(2026, 6, 15)
DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("transmitted", "last"),
    [
        (date(2025, 12, 31), date(2026, 2, 28)),
        (date(2023, 12, 31), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 4, 29)),
        (date(2026, 11, 30), date(2027, 1, 30)),
        (date(2026, 6, 15), date(2026, 8, 15)),
    ],
)
def test_the_referral_period_lasts_two_months(transmitted, last):
    assert law.referral_ends_on(transmitted) == last


@settings(deadline=None)
@given(DAYS, st.integers(-600, 600))
def test_months_later_is_in_the_month_asked_for(day, months):
    later = law.months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    assert later.day == day.day or later.day >= 28


@settings(deadline=None)
@given(DAYS, st.integers(1, 99), DAYS)
def test_the_term_under_way_is_the_first_not_past(ends, years, today):
    term = law.next_term(ends, years, today)
    assert term >= today or term == ends
    assert term >= ends
    assert term == ends or law.months_later(term, -12 * years) < today
    assert (term.year - ends.year) % years == 0


def test_29_february_comes_back_in_leap_years():
    assert law.next_term(date(2024, 2, 29), 1, date(2025, 1, 1)) == date(2025, 2, 28)
    assert law.next_term(date(2024, 2, 29), 4, date(2025, 1, 1)) == date(2028, 2, 29)
    assert law.next_term(date(2030, 1, 1), 3, TODAY) == date(2030, 1, 1)


STEPS = {
    ConventionState.DRAFT: {},
    ConventionState.DELIBERATED: {"deliberated_on": date(2020, 1, 1)},
    ConventionState.SIGNED: {"signed_on": date(2020, 2, 1)},
    ConventionState.TRANSMITTED: {"transmitted_on": date(2020, 3, 1)},
    ConventionState.IN_FORCE: {"in_force_on": date(2020, 3, 1)},
    ConventionState.REFERRED: {"referred_on": date(2020, 4, 1)},
    ConventionState.ENDED: {"ends_on": date(2025, 12, 31)},
    ConventionState.ANNULLED: {"annulled_on": date(2021, 1, 1)},
}


def test_each_step_changes_the_french_state():
    terms = Terms()
    for state, change in STEPS.items():
        terms = dataclasses.replace(terms, **change)
        assert law.french_state(terms, TODAY) == state
    assert law.french_state(terms, date(2019, 12, 31)) == ConventionState.DRAFT
    assert law.french_state(terms, date(2020, 3, 1)) == ConventionState.IN_FORCE


@pytest.mark.parametrize(
    ("precision", "stored", "last"),
    [
        ("day", date(2024, 2, 29), date(2024, 2, 29)),
        ("month", date(2024, 2, 1), date(2024, 2, 29)),
        ("year", date(2024, 1, 1), date(2024, 12, 31)),
    ],
)
def test_a_convention_lasts_through_the_whole_of_its_last_day_month_or_year(precision, stored, last):
    terms = Terms(ends_on=stored, ends_on_precision=precision)
    assert not law.is_over(terms, last)
    assert law.is_over(terms, date.fromordinal(last.toordinal() + 1))


def test_tacit_renewal_has_no_end():
    assert not law.is_over(Terms(ends_on=date(2000, 1, 1), is_tacitly_renewed=True), TODAY)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"has_mexican_party": False, "sre_registration_number": "SRE-1"}, SreState.NOT_CONCERNED),
        ({}, SreState.TO_NOTIFY),
        ({"sre_notified_on": date(2026, 6, 16)}, SreState.TO_NOTIFY),
        ({"sre_notified_on": TODAY}, SreState.NOTIFIED),
        ({"sre_notified_on": TODAY, "sre_opinion_on": TODAY}, SreState.OPINION_GIVEN),
        ({"sre_opinion": "unfavourable"}, SreState.OPINION_GIVEN),
        ({"sre_registration_number": "SRE-1"}, SreState.REGISTERED),
    ],
)
def test_the_mexican_side(fields, state):
    assert law.sre_state(Terms(**{"has_mexican_party": True, **fields}), TODAY) == state


def found(**fields) -> dict[str, Level]:
    return {check.field: check.level for check in law.checks(Terms(**fields))}


SOUND = {
    "object": "Eau",
    "provisional_amount": Decimal(0),
    "deliberated_on": date(2026, 1, 1),
    "signed_on": date(2026, 1, 2),
    "transmitted_on": date(2026, 1, 3),
    "receipt_number": "017-1",
    "in_force_on": date(2026, 1, 3),
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"object": "  "}, {"object": Level.ERROR}),
        ({"provisional_amount": None}, {"provisional_amount": Level.ERROR}),
        ({"in_force_on": date(2026, 1, 2)}, {"in_force_on": Level.ERROR}),
        ({"deliberated_on": date(2026, 1, 3)}, {"signed_on": Level.WARNING}),
        ({"deliberated_on": date(2026, 1, 3), "signed_on_precision": "month"}, {}),
        ({"receipt_number": ""}, {"receipt_number": Level.WARNING}),
        ({"transmitted_on": None, "in_force_on": None}, {"transmitted_on": Level.WARNING}),
        ({"referred_on": date(2026, 3, 3)}, {}),
        ({"referred_on": date(2026, 3, 4)}, {"referred_on": Level.WARNING}),
        ({"has_mexican_party": True}, {"sre_notified_on": Level.WARNING}),
        ({"has_mexican_party": True, "sre_registration_number": "1"}, {}),
        ({"sre_opinion": "unfavourable"}, {"sre_opinion": Level.WARNING}),
        ({"has_state_party": True}, {"state_exception": Level.ERROR}),
        ({"kind": "state"}, {"state_exception": Level.ERROR}),
        ({"kind": "state", "state_exception": "statute"}, {}),
        ({"kind": "state", "state_exception": "agreement"}, {"authorised_on": Level.ERROR}),
        ({"kind": "state", "state_exception": "agreement", "authorised_on": date(2026, 1, 2)}, {}),
        (
            {"kind": "state", "state_exception": "agreement", "authorised_on": date(2026, 1, 3)},
            {"authorised_on": Level.ERROR},
        ),
    ],
)
def test_checks_name_the_field_and_the_level(change, expected):
    assert found(**(SOUND | change)) == expected


def test_a_draft_with_a_state_awaits_its_authorisation():
    assert found(kind="state", state_exception="grouping") == {"authorised_on": Level.WARNING}


def test_errors_come_first_each_with_its_article():
    checks = law.checks(Terms(**(SOUND | {"receipt_number": "", "kind": "state"})))
    assert [(check.level, check.article) for check in checks] == [
        (Level.ERROR, "CGCT, art. L. 1115-5"),
        (Level.WARNING, "CGCT, art. L. 1115-1"),
    ]


def charge(**fields) -> Charge:
    return Charge(**{"year": 2026, "party": "Paris", "amount": Decimal(100), "service": "water"} | fields)


@pytest.mark.parametrize(
    ("fields", "articles"),
    [
        ({"resources": Decimal(10000)}, []),
        ({"resources": Decimal("9999.99")}, ["CGCT, art. L. 1115-1-1"]),
        ({"resources": Decimal(10000), "spent": Decimal("100.01")}, ["CGCT, art. L. 1115-1-1"]),
        ({"resources": Decimal(10), "service": "energy"}, ["CGCT, art. L. 1115-1-1"]),
        ({"resources": Decimal(10), "service": "waste"}, ["CGCT, art. L. 1115-2"]),
        ({"resources": Decimal(0)}, ["CGCT, art. L. 1115-1-1"]),
        ({"resources": Decimal(10), "service": ""}, []),
        ({"resources": None}, []),
    ],
)
def test_a_service_gives_one_percent_at_most(fields, articles):
    checks = law.checks(Terms(), [charge(**fields)])
    assert [check.article for check in checks] == articles
    assert all(check.level == Level.WARNING for check in checks)


def test_commitments_stay_within_the_provisional_amount():
    terms = Terms(provisional_amount=Decimal(150))
    assert not law.checks(terms, [charge(), charge(amount=Decimal(50))])
    assert [check.field for check in law.checks(terms, [charge(), charge()])] == ["provisional_amount"]


dates = st.one_of(st.none(), DAYS)
TERMS = st.builds(
    Terms,
    object=st.sampled_from(["", "Eau"]),
    provisional_amount=st.one_of(st.none(), st.decimals(0, 1000, places=2)),
    **dict.fromkeys(
        ["deliberated_on", "signed_on", "transmitted_on", "in_force_on", "authorised_on", "ends_on"], dates
    ),
    state_exception=st.sampled_from(["", *StateException.values]),
    has_state_party=st.booleans(),
    has_mexican_party=st.booleans(),
)


@settings(deadline=None)
@given(TERMS)
def test_nothing_is_in_force_without_object_amount_and_transmission(terms):
    errors = {check.field for check in law.checks(terms) if check.level == Level.ERROR}
    if terms.in_force_on and not errors:
        assert terms.object
        assert terms.provisional_amount is not None
        assert terms.transmitted_on
        assert terms.transmitted_on <= terms.in_force_on
    if terms.has_state_party and not errors:
        assert terms.state_exception
    fields = {field.name for field in dataclasses.fields(Terms)}
    assert errors <= fields


@settings(deadline=None)
@given(TERMS, DAYS, DAYS)
def test_a_convention_never_goes_back(terms, one, other):
    order = [state for state, _field in reversed(law.FRENCH_STEPS)]
    places = [ConventionState.DRAFT, *order]
    before, after = sorted([one, other])
    assert places.index(law.french_state(terms, before)) <= places.index(law.french_state(terms, after))


@pytest.mark.parametrize(
    ("fields", "is_warned"),
    [
        ({"signed_on": date(2021, 8, 5)}, False),
        ({"signed_on": date(2021, 8, 6)}, True),
        ({"signed_on": date(2021, 1, 1), "signed_on_precision": "year"}, False),
        ({"signed_on": date(2021, 8, 1), "signed_on_precision": "month"}, False),
        ({"signed_on": date(2022, 1, 1), "signed_on_precision": "year"}, True),
        ({"transmitted_on": date(2021, 8, 6)}, True),
        ({"signed_on": date(2021, 8, 5), "transmitted_on": date(2021, 9, 1)}, False),
        ({}, False),
        ({"signed_on": date(2024, 1, 1), "states_goals": True}, False),
    ],
)
def test_the_2030_agenda_is_considered_since_6_august_2021(fields, is_warned):
    checks = law.checks(Terms(**{"states_goals": False, **fields}))
    found = [(check.article, check.level) for check in checks if "objectif" in str(check.message)]
    assert found == [("CGCT, art. L. 1115-1", Level.WARNING)] * is_warned
