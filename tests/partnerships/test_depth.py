"""What is derived of a partnership, and what its further facts may not say."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from partnerships.choices import FAMILIES, Family, OrganisationKind, PartyRole, Side
from partnerships.models import Organisation, Partnership
from tests import factories
from tests.partnerships.test_models import refused

pytestmark = pytest.mark.django_db
FRENCH, FOREIGN = Side.FRENCH, Side.FOREIGN


def place(partnership, side, country, role=PartyRole.PARTY, kind=OrganisationKind.FOREIGN_AUTHORITY):
    organisation = factories.OrganisationFactory(country=factories.CountryFactory(iso2=country), kind=kind)
    return factories.PartyFactory(partnership=partnership, side=side, role=role, organisation=organisation)


def french(partnership, role=PartyRole.PARTY):
    return place(partnership, FRENCH, "FR", role, OrganisationKind.COMMUNE)


@pytest.mark.parametrize(
    ("others", "reach"),
    [
        ([(FOREIGN, "MX")], "bilateral"),
        ([(FOREIGN, "MX"), (FOREIGN, "MX")], "bilateral"),
        ([(FOREIGN, "MX"), (FOREIGN, "CO", PartyRole.ASSOCIATE)], "multilateral"),
        ([(FOREIGN, "MX"), (FOREIGN, "CO", PartyRole.ACTOR)], "bilateral"),
        ([(FOREIGN, "MX"), (FRENCH, "FR", PartyRole.PARTY, OrganisationKind.COMMUNE)], "multilateral"),
    ],
)
def test_a_partnership_is_multilateral_when_several_act_together(others, reach):
    partnership = factories.PartnershipFactory()
    french(partnership)
    for other in others:
        place(partnership, *other)
    assert Partnership.objects.with_reach().get().reach == reach


def test_an_action_on_french_soil_makes_a_partnership_reciprocal():
    partnership = factories.PartnershipFactory()
    factories.ActionFactory(partnership=partnership, soil=FOREIGN)
    assert not Partnership.objects.with_reciprocity().get().is_reciprocal
    factories.ActionFactory(partnership=partnership, soil=FRENCH)
    assert Partnership.objects.with_reciprocity().get().is_reciprocal


def test_kinds_of_actors_are_counted_once_each_on_both_sides():
    partnership = factories.PartnershipFactory()
    assert Partnership.objects.with_actor_kinds().get().actor_kinds == 0
    french(partnership)
    place(partnership, FOREIGN, "MX")
    place(partnership, FOREIGN, "MX", PartyRole.ACTOR, OrganisationKind.UNIVERSITY)
    place(partnership, FRENCH, "FR", PartyRole.ACTOR, OrganisationKind.UNIVERSITY)
    place(partnership, FRENCH, "FR", PartyRole.ACTOR, OrganisationKind.FIRM)
    assert Partnership.objects.with_actor_kinds().get().actor_kinds == 3


def test_every_kind_has_a_family():
    assert set(FAMILIES) == set(OrganisationKind.values)
    assert set(FAMILIES.values()) == set(Family)


def test_weights_of_goals_do_not_pass_a_hundred():
    first = factories.SdgContributionFactory(weight=Decimal(70))
    second = factories.SdgContributionFactory.build(partnership=first.partnership, goal=11, weight=Decimal("30.01"))
    with pytest.raises(ValidationError) as told:
        second.full_clean(exclude=["source"])
    assert told.value.message_dict["weight"] == ["Les autres objectifs laissent 30.00 % au plus."]
    second.weight = Decimal(30)
    second.full_clean(exclude=["source"])


@pytest.mark.parametrize(
    ("build", "constraint", "message"),
    [
        (
            lambda: factories.SdgContributionFactory.build(partnership=factories.PartnershipFactory(), goal=18),
            "sdgcontribution_goal_is_one_of_seventeen",
            "un numéro de 1 à 17",
        ),
        (
            lambda: factories.SdgContributionFactory.build(
                partnership=factories.PartnershipFactory(), weight=Decimal(0)
            ),
            "sdgcontribution_weight_is_a_share",
            "plus de 0, 100 au plus",
        ),
        (
            lambda: factories.MilestoneFactory.build(partnership=factories.PartnershipFactory(), reason="majority"),
            "milestone_reason_is_of_a_status",
            "celle d’un changement d’état",
        ),
        (
            lambda: factories.PartyFactory.build(
                partnership=factories.PartnershipFactory(),
                organisation=factories.OrganisationFactory(),
                role=PartyRole.ACTOR,
                is_lead=True,
            ),
            "party_lead_is_a_party",
            "une collectivité partenaire",
        ),
        (
            lambda: factories.PartyFactory.build(
                partnership=factories.PartnershipFactory(),
                organisation=factories.OrganisationFactory(),
                began_on=datetime.date(2016, 1, 1),
                ended_on=datetime.date(2015, 1, 1),
                ended_on_precision="year",
            ),
            "party_ends_after_it_began",
            "ne vient pas avant son début",
        ),
        (
            lambda: factories.ConventionFactory.build(
                partnership=factories.PartnershipFactory(), amends=factories.ConventionFactory()
            ),
            "convention_amendment_amends_another",
            "Seul un avenant",
        ),
    ],
)
def test_the_database_refuses(build, constraint, message):
    refused(build(), constraint, message)


def test_only_a_network_has_members():
    commune = factories.OrganisationFactory()
    membership = factories.NetworkMembershipFactory.build(network=commune, member=factories.OrganisationFactory())
    with pytest.raises(ValidationError, match="n’est pas un réseau"):
        membership.full_clean(exclude=["source"])
    factories.NetworkMembershipFactory().full_clean(exclude=["source"])


def test_a_body_does_not_depend_on_itself_by_a_detour():
    ministry = factories.OrganisationFactory()
    delegation = factories.OrganisationFactory(parent=ministry)
    ministry.parent = delegation
    with pytest.raises(ValidationError, match="ne dépend pas d’elle-même"):
        ministry.clean()
    Organisation.objects.get(pk=delegation.pk).clean()
