"""Drafts: who reads them, who edits them."""

import pytest
from django.contrib.auth.models import AnonymousUser

from aect.accounts.models import Role
from partnerships.choices import MemberRole, PartyRole, Side
from partnerships.permissions import (
    counted_partnerships,
    editable_conventions,
    editable_partnerships,
    visible_conventions,
    visible_partnerships,
)
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    """A draft partnership with a draft convention, of one French collectivity."""
    partnership = factories.PartnershipFactory(published_at=None)
    factories.PartyFactory(partnership=partnership)
    factories.PartyFactory(
        partnership=partnership, organisation=factories.MexicanMunicipalityFactory(), side=Side.FOREIGN
    )
    factories.ConventionFactory(partnership=partnership, published_at=None)
    return partnership


def member(partnership, role=MemberRole.EDITOR):
    place = partnership.parties.get(side=Side.FRENCH).organisation
    return factories.MembershipFactory(organisation=place, role=role).user


def sees(user, partnership) -> tuple[bool, bool]:
    conventions = visible_conventions(user).filter(partnership=partnership)
    return visible_partnerships(user).filter(pk=partnership.pk).exists(), conventions.exists()


def test_a_draft_is_read_by_its_collectivity_and_by_officers(draft):
    other = factories.MembershipFactory(role=MemberRole.SIGNATORY).user
    analyst = factories.UserFactory(role=Role.ANALYST)
    for stranger in (AnonymousUser(), other, analyst):
        assert sees(stranger, draft) == (False, False)
    for reader in (member(draft, MemberRole.READER), factories.UserFactory(role=Role.OFFICER)):
        assert sees(reader, draft) == (True, True)
    assert counted_partnerships(analyst).filter(pk=draft.pk).exists()
    assert not counted_partnerships(other).filter(pk=draft.pk).exists()


def test_only_a_french_party_makes_a_draft_one_s_own(draft):
    associate = factories.PartyFactory(partnership=draft, role=PartyRole.ASSOCIATE).organisation
    assert sees(factories.MembershipFactory(organisation=associate).user, draft) == (False, False)


def test_a_convention_is_read_when_its_partnership_is(draft):
    draft.conventions.update(published_at=draft.conventions.model._meta.get_field("published_at").get_default())
    assert sees(AnonymousUser(), draft) == (False, False)


def test_editors_edit_what_is_their_collectivity_s(draft):
    for reader in (AnonymousUser(), factories.MembershipFactory().user, member(draft, MemberRole.READER)):
        assert not editable_partnerships(reader).exists()
        assert not editable_conventions(reader).exists()
    for editor in (member(draft), member(draft, MemberRole.SIGNATORY), factories.UserFactory(role=Role.OFFICER)):
        assert editable_partnerships(editor).get() == draft
        assert editable_conventions(editor).get().partnership == draft
    analyst = factories.UserFactory(role=Role.ANALYST)
    assert not editable_partnerships(analyst).exists()
