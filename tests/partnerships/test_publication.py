"""Drafts: who reads them, who edits them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from aect import trash
from aect.accounts.models import Role
from aect.journal.models import Entry
from partnerships.choices import MemberRole, PartyRole, Side
from partnerships.listings import LISTINGS
from partnerships.models import Convention, Partnership
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


def post(client, record, page, *rest, **data):
    return client.post(reverse(f"{record._meta.model_name}-{page}", args=[record.slug, *rest]), data)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_what_an_agent_adds_is_a_draft_of_their_collectivity():
    agent = factories.MembershipFactory().user
    place, other = agent.memberships.get().organisation, factories.OrganisationFactory()
    client = signed_in(agent)
    page = client.get("/partenariats/nouveau/")
    assert page.context["form"]["collectivity"].initial == place
    refused = client.post("/partenariats/nouveau/", {"name": "Eau", "collectivity": other.pk})
    assert refused.status_code == 400  # somebody else's
    assert client.post("/partenariats/nouveau/", {"name": "Eau"}).status_code == 400
    answer = client.post(
        "/partenariats/nouveau/", {"name": "Eau", "collectivity": place.pk, "published_at": "2020-01-01"}
    )
    partnership = Partnership.objects.get()
    assert answer.url == partnership.get_absolute_url()
    assert partnership.is_draft
    assert partnership.parties.get().organisation == place
    assert "Brouillon" in client.get(answer.url).content.decode()
    added = {"partnership": "Eau", "title": "Pacte", "kind": "cooperation", "published_at": "2020-01-01"}
    assert client.post("/conventions/nouvelle/", added).status_code == 302
    assert Convention.objects.get().is_draft


def test_a_reader_or_an_analyst_adds_nothing():
    for user in (
        factories.MembershipFactory(role=MemberRole.READER).user,
        factories.UserFactory(),
        factories.UserFactory(role=Role.ANALYST),
    ):
        for address in ("/partenariats/nouveau/", "/conventions/nouvelle/", "/organisations/nouvelle/", "/corbeille/"):
            assert signed_in(user).get(address).status_code == 404
    assert signed_in(factories.MembershipFactory().user).get("/organisations/nouvelle/").status_code == 404


def test_an_agent_chooses_among_their_own_partnerships(draft):
    other = factories.PartnershipFactory(name="Celui des autres")
    sent = {"partnership": other.name, "partnership_sought": other.name, "partnership_choice": other.pk}
    answer = signed_in(member(draft)).post("/conventions/nouvelle/", {**sent, "title": "Pacte", "kind": "cooperation"})
    assert answer.status_code == 400
    assert "Aucun partenariat que vous pouvez modifier" in answer.content.decode()


def test_what_an_officer_adds_is_published(officer_client):
    officer_client.post("/partenariats/nouveau/", {"name": "Eau"})
    assert not Partnership.objects.get().is_draft


def test_an_officer_publishes_and_takes_back(client, officer_client, draft):
    convention = draft.conventions.get()
    refused = post(officer_client, convention, "publish")
    assert "Publiez d’abord le partenariat" in officer_client.get(refused.url).content.decode()
    for record in (draft, convention):
        assert client.get(record.get_absolute_url()).status_code == 404
        post(officer_client, record, "publish")
        post(officer_client, record, "publish")  # a second click changes nothing
        assert client.get(record.get_absolute_url()).status_code == 200
    states = Entry.objects.filter(action="state_changed").order_by("pk").values_list("record_kind", "details__state")
    assert list(states) == [("partnerships.partnership", "published"), ("partnerships.convention", "published")]
    post(officer_client, draft, "unpublish")
    assert client.get(convention.get_absolute_url()).status_code == 404


def test_an_agent_publishes_nothing(draft):
    for page in ("publish", "unpublish"):
        assert post(signed_in(member(draft, MemberRole.SIGNATORY)), draft, page).status_code == 404
    draft.refresh_from_db()
    assert draft.is_draft


def test_an_agent_edits_and_deletes_their_draft_and_takes_it_back(draft):
    draft.conventions.all().delete()
    agent, colleague = member(draft), member(draft)
    client = signed_in(agent)
    party = draft.parties.get(side=Side.FOREIGN)
    assert client.get(reverse("partnership-edit", args=[draft.slug])).status_code == 200
    assert client.get(reverse("partnership-history", args=[draft.slug])).status_code == 200
    assert client.get(reverse("partnership-part-edit", args=[draft.slug, "parties", party.pk])).status_code == 200
    assert post(client, draft, "delete", version=draft.version).status_code == 302
    event = trash.latest_deletion(Partnership, draft.pk)
    restore = reverse("restore", args=["partnerships.partnership", event])
    assert draft.name not in signed_in(colleague).get("/corbeille/").content.decode()
    assert signed_in(colleague).post(restore).status_code == 404  # not theirs to take back
    assert draft.name in client.get("/corbeille/").content.decode()
    assert client.post(restore).status_code == 302
    assert Partnership.objects.get().is_draft


def test_a_refused_deletion_tells_an_agent_no_name_of_another_collectivity_s(officer_client, draft):
    partner = factories.OrganisationFactory()
    project = factories.DraftFactory(partnership=draft, collectivity=partner, title="Projet de l’autre")
    draft.conventions.all().delete()
    page = signed_in(member_of_first(draft)).get(reverse("partnership-delete", args=[draft.slug])).content.decode()
    assert "d’autres en dépendent" in page
    assert project.title not in page
    assert project.title in officer_client.get(reverse("partnership-delete", args=[draft.slug])).content.decode()


def member_of_first(partnership):
    return factories.MembershipFactory(
        organisation=partnership.parties.filter(side=Side.FRENCH).first().organisation
    ).user


def test_who_has_left_takes_nothing_back(draft):
    draft.conventions.all().delete()
    agent = member(draft)
    client = signed_in(agent)
    post(client, draft, "delete", version=draft.version)
    event = trash.latest_deletion(Partnership, draft.pk)
    agent.memberships.update(organisation=factories.OrganisationFactory())
    assert client.post(reverse("restore", args=["partnerships.partnership", event])).status_code == 404
    assert not Partnership.objects.exists()


def test_an_agent_deletes_nothing_that_is_published(draft):
    draft.published_at = timezone.now()
    draft.save()
    client = signed_in(member(draft))
    assert client.get(reverse("partnership-edit", args=[draft.slug])).status_code == 200
    assert client.get(reverse("partnership-delete", args=[draft.slug])).status_code == 404
    assert post(client, draft, "delete", version=draft.version).status_code == 404
    assert "Supprimer" not in client.get(draft.get_absolute_url()).content.decode()


def test_a_collectivity_does_not_leave_its_own_record(draft):
    agent = member(draft)
    client, party = signed_in(agent), draft.parties.get(side=Side.FRENCH)
    answer = post(client, draft, "part-delete", "parties", party.pk, version=party.version)
    assert "doit rester partie" in client.get(answer.url).content.decode()
    sent = {"organisation": party.organisation.name, "side": "foreign", "role": "party", "version": party.version}
    post(client, draft, "part-edit", "parties", party.pk, **sent)
    party.refresh_from_db()
    assert party.side == Side.FRENCH


def test_an_agent_s_offer_waits_for_an_officer(officer_client):
    agent = factories.MembershipFactory().user
    place, client = agent.memberships.get().organisation, signed_in(agent)
    theme = factories.ThemeFactory(name="Eau")
    address = reverse("entry-add", args=[place.slug])
    assert client.get(reverse("entry-add", args=[factories.OrganisationFactory().slug])).status_code == 404
    client.post(address, {"title": "Réseaux", "theme": theme.pk, "published_on": "06/01/2025"})
    offer = place.offers.get()
    assert offer.published_on is None
    assert client.get(offer.get_absolute_url()).status_code == 200
    assert Client().get(offer.get_absolute_url()).status_code == 404
    other = signed_in(factories.MembershipFactory().user)
    assert other.get(offer.get_absolute_url()).status_code == other.get("/savoir-faire/offres/rien/").status_code == 404
    assert other.get(reverse("offer-edit", args=[offer.slug])).status_code == 404


def test_an_alert_tells_what_its_reader_may_read(draft):
    """The rights are those of the moment at which the rows are looked up."""
    listing = next(each for each in LISTINGS if each.url_name == "partnerships")
    assert not listing.filterset(QueryDict(), factories.MembershipFactory().user).rows.exists()
    reader = member(draft)
    assert listing.filterset(QueryDict(), reader).rows.get() == draft
    reader.memberships.all().delete()
    assert not listing.filterset(QueryDict(), reader).rows.exists()
