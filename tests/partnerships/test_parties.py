"""Nobody enters a partnership without their consent, and nobody but the delegation takes another out of it."""

import pytest
from django.test import Client
from django.urls import reverse

from aect.accounts.models import Role
from aect.mail.models import Message
from partnerships import parties
from partnerships.choices import MemberRole
from partnerships.models import Convention, Partnership, Party, PartyProposal
from partnerships.permissions import editable_partnerships, visible_partnerships
from tests import factories
from tests.partnerships.test_editing import edit, filled

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def host():
    return factories.MembershipFactory(role=MemberRole.EDITOR, organisation__kind="commune")


@pytest.fixture
def other():
    return factories.MembershipFactory(role=MemberRole.EDITOR, organisation__kind="commune")


@pytest.fixture
def partnership(host) -> Partnership:
    found = factories.PartnershipFactory()
    factories.PartyFactory(partnership=found, organisation=host.organisation, side="french")
    return found


def add(member, partnership: Partnership, organisation, side: str = "french"):
    chosen = {"organisation": organisation.name, "organisation_sought": organisation.name}
    sent = {**chosen, "organisation_choice": organisation.pk, "side": side, "role": "party"}
    address = reverse("partnership-part-add", args=[partnership.slug, "parties"])
    return signed_in(member.user).post(address, sent, follow=True)


@pytest.mark.parametrize("published", [True, False])
def test_a_collectivity_is_proposed_and_gets_no_right_before_it_accepts(host, other, partnership, published):
    if not published:
        Partnership.objects.update(published_at=None)
    page = add(host, partnership, other.organisation).content.decode()
    assert "est proposée" in page
    assert not partnership.parties.filter(organisation=other.organisation).exists()
    assert not editable_partnerships(other.user).exists()
    assert visible_partnerships(other.user).exists() is published
    proposal = PartyProposal.objects.get()
    message = Message.objects.get()
    assert (message.template, message.to) == ("partnerships/party_proposed", other.user.email)
    assert str(partnership) in signed_in(other.user).get("/espace/").content.decode()
    answer = signed_in(other.user).post(reverse("proposal-accept", args=[proposal.pk]))
    assert answer.status_code == 302
    assert editable_partnerships(other.user).get() == partnership
    told = Message.objects.filter(template="partnerships/party_answered")
    assert [message.to for message in told] == [host.user.email]


def test_what_an_officer_adds_takes_part_at_once(partnership, other, officer):
    row = factories.MembershipFactory(user=officer, organisation=factories.OrganisationFactory())
    add(row, partnership, other.organisation)
    assert partnership.parties.filter(organisation=other.organisation).exists()
    assert not PartyProposal.objects.exists()


def test_a_foreign_authority_enters_a_draft_freely_and_what_is_public_by_the_delegation(host, partnership, officer):
    there = factories.OrganisationFactory(kind="municipality", country=factories.CountryFactory(iso2="MX"))
    add(host, partnership, there, "foreign")
    proposal = PartyProposal.objects.get()
    assert signed_in(host.user).post(reverse("proposal-accept", args=[proposal.pk])).status_code == 404
    signed_in(officer).post(reverse("proposal-accept", args=[proposal.pk]))
    assert partnership.parties.filter(organisation=there).exists()
    draft = factories.PartnershipFactory(published_at=None)
    factories.PartyFactory(partnership=draft, organisation=host.organisation, side="french")
    add(host, draft, there, "foreign")
    assert draft.parties.filter(organisation=there).exists()


@pytest.mark.parametrize("word", ["decline", "withdraw"])
def test_a_proposal_is_declined_or_taken_back(host, other, partnership, word):
    add(host, partnership, other.organisation)
    person = other if word == "decline" else host
    stranger = factories.MembershipFactory()
    address = reverse(f"proposal-{word}", args=[PartyProposal.objects.get().pk])
    assert signed_in(stranger.user).post(address).status_code == 404
    assert signed_in(person.user).post(address, follow=True).status_code == 200
    assert not PartyProposal.objects.exists()
    assert partnership.parties.count() == 1


def test_nobody_removes_another_or_makes_their_place_another_s(host, other, partnership):
    place = factories.PartyFactory(partnership=partnership, organisation=other.organisation, side="french")
    client = signed_in(host.user)
    page = client.get(edit(partnership)).content.decode()
    for action in ("edit", "delete"):
        address = reverse(f"partnership-part-{action}", args=[partnership.slug, "parties", place.pk])
        assert address not in page
        assert client.get(address).status_code == 404
        assert client.post(address, {"version": place.version}).status_code == 404
    own = partnership.parties.get(organisation=host.organisation)
    address = reverse("partnership-part-edit", args=[partnership.slug, "parties", own.pk])
    form = filled(client, address)
    forged = {"organisation": other.organisation.name, "organisation_choice": other.organisation.pk, "side": "foreign"}
    assert client.post(address, {**form, **forged, "part": "L’eau"}).status_code == 302
    own.refresh_from_db()
    assert (own.organisation, own.side, own.part) == (host.organisation, "french", "L’eau")


def test_the_delegation_removes_a_party_and_all_concerned_are_told(host, other, partnership, officer_client):
    place = factories.PartyFactory(partnership=partnership, organisation=other.organisation, side="french")
    address = reverse("partnership-part-delete", args=[partnership.slug, "parties", place.pk])
    assert officer_client.post(address, {"version": place.version}).status_code == 302
    told = Message.objects.filter(template="partnerships/party_removed").values_list("to", flat=True)
    assert set(told) == {host.user.email, other.user.email}
    assert place.organisation.name in officer_client.get("/corbeille/").content.decode()


def test_an_agent_does_not_move_a_published_convention(host, partnership):
    convention = factories.ConventionFactory(partnership=partnership)
    draft = factories.PartnershipFactory(published_at=None)
    factories.PartyFactory(partnership=draft, organisation=host.organisation, side="french")
    client = signed_in(host.user)
    form = filled(client, edit(convention))
    assert "partnership" not in form
    moved = {"partnership": draft.name, "partnership_sought": draft.name, "partnership_choice": draft.pk}
    assert client.post(edit(convention), {**form, **moved, "object": "L’eau"}).status_code == 302
    assert Convention.objects.get().partnership == partnership
    Convention.objects.update(published_at=None)
    assert client.post(edit(convention), {**filled(client, edit(convention)), **moved}).status_code == 302
    assert Convention.objects.get().partnership == draft  # a draft of one's own is one's to move


def test_an_agent_does_not_delete_a_published_offer(host):
    offer = factories.OfferFactory(organisation=host.organisation)
    client = signed_in(host.user)
    assert client.post(reverse("offer-delete", args=[offer.slug]), {"version": offer.version}).status_code == 404
    type(offer).objects.update(published_on=None)
    offer.refresh_from_db()
    assert client.post(reverse("offer-delete", args=[offer.slug]), {"version": offer.version}).status_code == 302


def test_an_answer_is_given_once(host, other, partnership, officer):
    proposal = parties.propose(
        Party(partnership=partnership, organisation=other.organisation, side="french"), by=host.user
    )
    parties.answer(proposal, is_accepted=True, by=officer)
    proposal.pk = proposal.pk or 1
    with pytest.raises(parties.Answered):
        parties.answer(proposal, is_accepted=False, by=other.user)
    assert partnership.parties.count() == 2


def test_a_reader_and_an_analyst_answer_nothing(host, other, partnership):
    add(host, partnership, other.organisation)
    reader = factories.MembershipFactory(organisation=other.organisation, role=MemberRole.READER).user
    for person in (reader, factories.UserFactory(role=Role.ANALYST), host.user):
        assert (
            signed_in(person).post(reverse("proposal-accept", args=[PartyProposal.objects.get().pk])).status_code == 404
        )
