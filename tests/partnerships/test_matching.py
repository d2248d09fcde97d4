"""What makes an offer of know-how answer a need, and what ranks one answer before another."""

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from partnerships.choices import KnowHowLabel, PartnerSize, Sdg, WorkingLanguage
from partnerships.matching import COMPARABLE, SIZES, Criterion, Needed, Offered, are_comparable, match, size_fits

goals = st.frozensets(st.sampled_from(Sdg.values))
languages = st.frozensets(st.sampled_from(WorkingLanguage.values))
populations = st.none() | st.integers(0, 40_000_000)
offers = st.builds(
    Offered,
    theme=st.sampled_from(["Eau", "Culture"]),
    goals=goals,
    languages=languages,
    countries=st.frozensets(st.sampled_from(["MX", "SN"])),
    population=populations,
    label=st.sampled_from(["", *KnowHowLabel.values]),
    label_year=st.none(),
)
needs = st.builds(
    Needed,
    theme=st.sampled_from(["Eau", "Culture"]),
    country=st.sampled_from(["MX", "SN"]),
    goals=goals,
    languages=languages,
    population=populations,
    size=st.sampled_from(["", *PartnerSize.values]),
)


def criteria(found) -> list[Criterion]:
    return [reason.criterion for reason in found.reasons]


class TestProperties:
    @given(offers, needs)
    def test_the_same_offer_and_need_give_the_same_match(self, offer, need):
        assert match(offer, need) == match(offer, need)

    @given(offers, needs)
    def test_another_field_or_an_unwished_country_is_no_match(self, offer, need):
        answers = offer.theme == need.theme and (not offer.countries or need.country in offer.countries)
        assert (match(offer, need) is not None) == answers

    @given(offers, needs, st.sampled_from(Sdg.values))
    def test_one_more_shared_goal_ranks_higher_and_never_lower(self, offer, need, goal):
        def with_goal(terms, kind):
            return kind(**{name: getattr(terms, name) for name in terms.__slots__} | {"goals": terms.goals | {goal}})

        before, after = match(offer, need), match(with_goal(offer, Offered), with_goal(need, Needed))
        if before is not None:
            assert after.score >= before.score
            assert (after.score > before.score) == (goal not in offer.goals & need.goals)

    @given(goals, goals, languages, languages)
    def test_what_both_share_is_the_same_from_either_side(self, mine, yours, spoken, known):
        def score(goals, languages, others, known):
            offer = Offered(theme="Eau", goals=goals, languages=languages)
            return match(offer, Needed(theme="Eau", country="MX", goals=others, languages=known)).score

        assert score(mine, spoken, yours, known) == score(yours, known, mine, spoken)

    @given(populations, populations)
    def test_comparable_sizes_are_so_from_either_side(self, one, other):
        assert are_comparable(one, other) == are_comparable(other, one)

    @given(offers, needs)
    def test_each_point_of_the_score_has_its_reason_in_words(self, offer, need):
        found = match(offer, need)
        if found is not None:
            ranked = [criterion for criterion, point in zip(list(Criterion)[1:], found.score, strict=True) if point]
            assert criteria(found) == [Criterion.THEME, *ranked]
            assert all(reason.words for reason in (*found.reasons, *found.cautions))
            assert not set(criteria(found)) & {caution.criterion for caution in found.cautions}

    @given(st.integers(0, 40_000_000))
    def test_every_population_is_of_one_size(self, population):
        fitting = [size for size in SIZES if size_fits(population, Needed(theme="", country="MX", size=size))]
        assert len(fitting) == 1


@pytest.mark.parametrize(
    ("one", "other", "comparable"),
    [
        (100, 100 * COMPARABLE, True),
        (100, 100 * COMPARABLE + 1, False),
        (None, 100, None),
        (0, 100, None),
    ],
)
def test_populations_are_comparable_up_to_five_times(one, other, comparable):
    assert are_comparable(one, other) is comparable


@pytest.mark.parametrize(("population", "size"), [(19_999, "small"), (20_000, "medium"), (500_000, "very_large")])
def test_sizes_meet_at_their_bounds(population, size):
    assert size_fits(population, Needed(theme="", country="MX", size=size))
    assert size_fits(None, Needed(theme="", country="MX", size=size)) is None


def test_reasons_are_words():
    offer = Offered(
        theme="Eau",
        goals=frozenset({6, 11, 3}),
        languages=frozenset({"es", "fr"}),
        countries=frozenset({"MX"}),
        population=77_000,
        label="pact3",
        label_year=2018,
    )
    need = Needed(
        theme="Eau",
        country="MX",
        country_name="Mexique",
        goals=frozenset({11, 6}),
        languages=frozenset({"es"}),
        population=220_000,
    )
    with override("fr"):
        found = match(offer, need)
    assert [reason.words.replace("\xa0", " ").replace("\u202f", " ") for reason in found.reasons] == [
        "Même domaine : Eau",
        "ODD communs : 6 (Eau propre et assainissement), 11 (Villes et communautés durables)",
        "Langue commune : espagnol",
        "Mexique : pays que l’offre souhaite",
        "Tailles comparables : 77 000 et 220 000 habitants",
        "Label PACT3 (2018)",
    ]
    assert found.cautions == ()


def test_what_stands_in_the_way_is_told_and_what_is_unknown_is_not():
    offer = Offered(theme="Eau", languages=frozenset({"fr"}), population=900)
    need = Needed(theme="Eau", country="MX", languages=frozenset({"es"}), size="large")
    with override("fr"):
        cautions = [caution.words for caution in match(offer, need).cautions]
    assert cautions == [
        "Aucune langue commune parmi celles qui sont dites",
        "900 habitants, quand le besoin souhaite : De 100 000 à 499 999 habitants".replace("100 000", "100 000"),
    ]
    assert match(Offered(theme="Eau"), Needed(theme="Eau", country="MX")).cautions == ()
