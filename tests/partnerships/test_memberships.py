"""People's places in collectivities."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import override_settings

from aect.accounts.models import Role, User
from partnerships.choices import MemberRole
from partnerships.models import Identifier, Membership
from partnerships.permissions import collectivities_of, edited_by, signed_by
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "reads", "edits", "signs"),
    [
        (MemberRole.READER, True, False, False),
        (MemberRole.EDITOR, True, True, False),
        (MemberRole.SIGNATORY, True, True, True),
    ],
)
def test_each_role_may_do_what_those_before_it_may(agent, role, reads, edits, signs):
    place = factories.MembershipFactory(user=agent, role=role).organisation
    factories.MembershipFactory(organisation=place)  # somebody else's
    factories.MembershipFactory(role=MemberRole.SIGNATORY)
    assert list(collectivities_of(agent)) == [place] * reads
    assert list(edited_by(agent)) == [place] * edits
    assert list(signed_by(agent)) == [place] * signs


@pytest.mark.parametrize("role", [Role.ANALYST, Role.OFFICER, Role.ADMINISTRATOR])
def test_only_agents_act_for_a_collectivity(role):
    person = factories.UserFactory(role=role)
    factories.MembershipFactory(user=person, role=MemberRole.SIGNATORY)
    assert not collectivities_of(person)
    assert not edited_by(person)
    assert not signed_by(AnonymousUser())


def test_a_person_has_one_place_in_a_collectivity(agent):
    place = factories.MembershipFactory(user=agent).organisation
    with pytest.raises(ValidationError, match="déjà membre"):
        Membership(user=agent, organisation=place).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.MembershipFactory(user=agent, organisation=place)


def test_nobody_is_a_member_of_a_foreign_authority(agent):
    with pytest.raises(ValidationError, match="française"):
        Membership(user=agent, organisation=factories.MexicanMunicipalityFactory()).full_clean()


def test_a_role_is_one_of_the_three(agent):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.MembershipFactory(user=agent, role="owner")


@override_settings(AECT_DEMO=True)
def test_the_demonstration_s_agents_sign_for_their_collectivities():
    with pytest.raises(CommandError, match="demo_accounts"):
        call_command("demo_memberships")
    call_command("demo_accounts")
    for siren in ("241700434", "243300316"):
        Identifier.objects.create(organisation=factories.OrganisationFactory(), scheme="siren", code=siren)
    call_command("demo_memberships")
    call_command("demo_memberships")
    for email, siren in (("agent.larochelle@demo.test", "241700434"), ("agent.bordeaux@demo.test", "243300316")):
        assert signed_by(User.objects.get(email=email)).get().identifiers.get().code == siren
    with override_settings(AECT_DEMO=False), pytest.raises(CommandError, match="AECT_DEMO"):
        call_command("demo_memberships")
