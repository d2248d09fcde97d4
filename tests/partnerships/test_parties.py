"""Nobody enters a partnership without their consent, and nobody but the delegation takes another out of it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from aect import trash
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


def test_who_accepts_after_the_delegation_put_them_in_takes_part_once(host, other, partnership):
    add(host, partnership, other.organisation)
    factories.PartyFactory(partnership=partnership, organisation=other.organisation, side="french", part="L’eau")
    accepted = signed_in(other.user).post(reverse("proposal-accept", args=[PartyProposal.objects.get().pk]))
    assert accepted.status_code == 302
    assert partnership.parties.get(organisation=other.organisation).part == "L’eau"
    assert not PartyProposal.objects.exists()


def removed(person, place: Party) -> str:
    """Takes the party out; where to take that back."""
    address = reverse("partnership-part-delete", args=[place.partnership.slug, "parties", place.pk])
    assert signed_in(person).post(address, {"version": place.version}).status_code == 302
    return reverse("restore", args=["partnerships.party", trash.latest_deletion(Party, place.pk)])


def test_a_party_comes_back_from_the_bin_only_where_it_could_be_put_in(host, partnership, officer):
    Partnership.objects.update(published_at=None)
    place = factories.PartyFactory(partnership=partnership, organisation__kind="ngo", side="foreign")
    back = removed(host.user, place)
    Partnership.objects.update(published_at=timezone.now())
    answer = signed_in(host.user).post(back, follow=True)
    assert "proposez-la de nouveau" in answer.content.decode()
    assert not Party.objects.filter(pk=place.pk).exists()
    assert signed_in(officer).post(back).status_code == 302
    assert Party.objects.filter(pk=place.pk).exists()


def test_nobody_puts_back_a_collectivity_for_which_they_write_no_more(host, other, partnership):
    second = factories.MembershipFactory(user=host.user, role=MemberRole.EDITOR, organisation=other.organisation)
    place = factories.PartyFactory(partnership=partnership, organisation=other.organisation, side="french")
    back = removed(host.user, place)
    second.delete()
    signed_in(host.user).post(back)
    assert not Party.objects.filter(pk=place.pk).exists()
    factories.MembershipFactory(user=host.user, role=MemberRole.EDITOR, organisation=other.organisation)
    signed_in(host.user).post(back)
    assert Party.objects.filter(pk=place.pk).exists()


def test_a_draft_in_which_another_takes_part_is_the_delegation_s_to_delete(host, other, partnership, officer):
    Partnership.objects.update(published_at=None)
    factories.PartyFactory(partnership=partnership, organisation=other.organisation, side="french")
    partnership.refresh_from_db()
    address, client = reverse("partnership-delete", args=[partnership.slug]), signed_in(host.user)
    assert address not in client.get(partnership.get_absolute_url()).content.decode()
    assert client.post(address, {"version": partnership.version}).status_code == 404
    assert signed_in(officer).post(address, {"version": partnership.version}).status_code == 302


def test_an_agent_deletes_a_draft_of_their_own(host, partnership):
    Partnership.objects.update(published_at=None)
    factories.PartyFactory(partnership=partnership, organisation__kind="ngo", side="foreign")
    partnership.refresh_from_db()
    address, client = reverse("partnership-delete", args=[partnership.slug]), signed_in(host.user)
    assert address in client.get(partnership.get_absolute_url()).content.decode()
    assert client.post(address, {"version": partnership.version}).status_code == 302
    assert not Partnership.objects.exists()


def test_staff_is_said_of_those_who_take_part_only(host, other, partnership):
    address = reverse("partnership-part-add", args=[partnership.slug, "agents"])

    def say(organisation):
        chosen = {"organisation_sought": organisation.name, "organisation_choice": organisation.pk}
        sent = {"organisation": organisation.name, **chosen, "kind": "expertise", "people": 3}
        return signed_in(host.user).post(address, sent)

    answer = say(other.organisation)
    assert (answer.status_code, "ne prend pas part" in answer.content.decode()) == (400, True)
    assert say(host.organisation).status_code == 302
    assert partnership.staff_contributions.get().organisation == host.organisation


def test_messages_about_places_are_counted(host, other, partnership, settings, officer):
    settings.MAILS_PER_RECIPIENT = 2

    def propose_and_withdraw(person) -> int:
        status = parties_page(person, partnership, other.organisation)
        for proposal in PartyProposal.objects.all():
            parties.withdraw(proposal, by=person)
        return status

    assert [propose_and_withdraw(host.user) for _n in range(3)] == [302, 302, 429]
    assert Message.objects.count() == 2
    place = factories.PartyFactory(partnership=partnership, organisation=other.organisation, side="french")
    second = factories.MembershipFactory(user=host.user, role=MemberRole.EDITOR, organisation=other.organisation)
    address = reverse("partnership-part-delete", args=[partnership.slug, "parties", place.pk])
    assert signed_in(second.user).post(address, {"version": place.version}).status_code == 429
    assert Party.objects.filter(pk=place.pk).exists()
    assert signed_in(officer).post(address, {"version": place.version}).status_code == 302


def parties_page(person, partnership: Partnership, organisation) -> int:
    chosen = {"organisation": organisation.name, "organisation_sought": organisation.name}
    sent = {**chosen, "organisation_choice": organisation.pk, "side": "french", "role": "party"}
    address = reverse("partnership-part-add", args=[partnership.slug, "parties"])
    return signed_in(person).post(address, sent).status_code
