"""A convention that goes on with another, or changes it, starts from what that one said."""

import pytest

from aect.accounts.models import Role
from partnerships.choices import Side
from partnerships.models import Convention, Membership
from tests import factories
from tests.partnerships.test_editing import filled

pytestmark = pytest.mark.django_db


@pytest.fixture
def former() -> Convention:
    town = factories.OrganisationFactory(name="Aix")
    convention = factories.ConventionFactory(
        slug="pacte-2011",
        title="Pacte Aix – Oaxaca",
        kind="friendship",
        object="L’eau des quartiers",
        provisional_amount=12_000,
        signed_on="2011-07-15",
        ends_on="2014-07-14",
        is_tacitly_renewed=True,
        renewal_years=3,
        transmitted_on="2011-07-20",
        receipt_number="AR-1",
    )
    factories.PartyFactory(partnership=convention.partnership, organisation=town, side=Side.FRENCH)
    convention.signatories.add(town)
    return convention


def test_a_renewal_keeps_what_was_said_and_no_date_or_amount(officer_client, former):
    page = officer_client.get("/conventions/pacte-2011/renouveler/")
    assert "Sont repris" in page.content.decode()
    sent = officer_client.post("/conventions/pacte-2011/renouveler/", filled(officer_client, page.request["PATH_INFO"]))
    made = Convention.objects.get(renews=former)
    assert sent.url == made.get_absolute_url()
    same = ("partnership", "title", "kind", "object", "is_tacitly_renewed", "renewal_years")
    assert [getattr(made, name) for name in same] == [getattr(former, name) for name in same]
    assert [*made.signatories.all()] == [*former.signatories.all()]
    assert (made.signed_on, made.ends_on, made.transmitted_on, made.provisional_amount) == (None,) * 4
    assert (made.receipt_number, made.source, made.is_draft) == ("", None, False)


def test_what_is_typed_wrong_stays_and_nothing_is_written(officer_client, former):
    data = filled(officer_client, "/conventions/pacte-2011/renouveler/")
    sent = officer_client.post(
        "/conventions/pacte-2011/renouveler/", {**data, "signed_on": "15/07/2015 !", "title": ""}
    )
    assert sent.status_code == 400
    assert "15/07/2015 !" in sent.content.decode()
    assert not Convention.objects.filter(renews=former).exists()


def test_an_amendment_of_a_convention_has_its_signatories(officer_client, former):
    data = filled(officer_client, "/conventions/pacte-2011/avenant/")
    assert not data["title"]
    officer_client.post("/conventions/pacte-2011/avenant/", {**data, "title": "Avenant n° 1"})
    made = Convention.objects.get(title="Avenant n° 1")
    assert (made.amends, made.kind, made.partnership) == (former, "amendment", former.partnership)
    assert [*made.signatories.all()] == [*former.signatories.all()]


def test_a_partnership_has_a_page_to_add_its_convention(officer_client, former):
    address = f"{former.partnership.get_absolute_url()}conventions/nouvelle/"
    assert f'href="{address}"' in officer_client.get(former.partnership.get_absolute_url()).content.decode()
    officer_client.post(address, {**filled(officer_client, address), "title": "Nouveau pacte", "kind": "friendship"})
    assert Convention.objects.get(title="Nouveau pacte").partnership == former.partnership


def test_what_is_sent_names_no_other_partnership(officer_client, former):
    other = factories.PartnershipFactory()
    data = filled(officer_client, "/conventions/pacte-2011/renouveler/")
    officer_client.post("/conventions/pacte-2011/renouveler/", {**data, "partnership": other.pk})
    assert Convention.objects.get(renews=former).partnership == former.partnership


def test_the_page_offers_a_renewal_until_there_is_one(client, officer_client, former):
    address = former.get_absolute_url()
    assert "Renouveler" not in client.get(address).content.decode()
    assert 'href="/conventions/pacte-2011/renouveler/"' in officer_client.get(address).content.decode()
    factories.ConventionFactory(partnership=former.partnership, renews=former)
    page = officer_client.get(address).content.decode()
    assert "renouveler/" not in page
    assert 'href="/conventions/pacte-2011/avenant/"' in page


def test_an_agent_s_renewal_is_a_draft(client, former):
    signatory = former.signatories.get()
    client.force_login(factories.MembershipFactory(organisation=signatory, role="editor").user)
    client.post("/conventions/pacte-2011/renouveler/", filled(client, "/conventions/pacte-2011/renouveler/"))
    assert Convention.objects.get(renews=former).is_draft


@pytest.mark.parametrize("step", ["renouveler", "avenant"])
def test_what_was_typed_is_shown_when_the_former_convention_is_gone(officer_client, former, step):
    address = f"/conventions/pacte-2011/{step}/"
    data = filled(officer_client, address)
    former.delete()
    answer = officer_client.post(address, {**data, "object": "Tapé longtemps"})
    assert answer.status_code == 410
    assert "Tapé longtemps" in answer.content.decode()
    assert "Annuler la suppression" in answer.content.decode()


def test_what_was_typed_is_shown_when_the_partnership_is_gone(officer_client):
    link = factories.PartnershipFactory(slug="aix-oaxaca")
    address = "/partenariats/aix-oaxaca/conventions/nouvelle/"
    data = filled(officer_client, address)
    link.delete()
    answer = officer_client.post(address, {**data, "title": "Pacte", "object": "Tapé longtemps"})
    assert answer.status_code == 410
    assert "Tapé longtemps" in answer.content.decode()


def test_a_convention_is_renewed_once_and_the_form_says_so(officer_client, former):
    data = filled(officer_client, "/conventions/pacte-2011/renouveler/")
    factories.ConventionFactory(partnership=former.partnership, renews=former)
    answer = officer_client.post("/conventions/pacte-2011/renouveler/", data)
    assert answer.context["form"].errors == {"renews": ["Une autre convention la renouvelle déjà."]}


@pytest.mark.parametrize(("first", "then"), [("renews", "renews"), ("amends", "amends"), ("renews", "amends")])
def test_two_conventions_do_not_follow_each_other(officer_client, former, first, then):
    former.kind = "amendment"
    former.save()
    later = factories.ConventionFactory(partnership=former.partnership, kind="amendment", **{first: former})
    address = "/conventions/pacte-2011/modifier/"
    answer = officer_client.post(address, filled(officer_client, address) | {then: later.pk})
    assert list(answer.context["form"].errors) == [then]


def test_a_convention_that_others_follow_stays_in_their_partnership(officer_client, former):
    later = factories.ConventionFactory(partnership=former.partnership, renews=former)
    factories.PartnershipFactory(name="Nice – Puebla")
    address, elsewhere = "/conventions/pacte-2011/modifier/", {"partnership": "Nice – Puebla"}
    answer = officer_client.post(address, filled(officer_client, address) | elsewhere)
    assert list(answer.context["form"].errors) == ["partnership"]
    later.delete()
    assert officer_client.post(address, filled(officer_client, address) | elsewhere).status_code == 302
    former.refresh_from_db()
    assert former.partnership.name == "Nice – Puebla"
    assert not former.signatories.exists()


def test_who_gives_is_one_of_those_who_take_part(officer_client, former):
    """« Aix » asked which of all the towns so called, and a town of no part in it could be said to give."""
    for name in ("Aix", "Aix-les-Bains", "Marseille"):
        factories.OrganisationFactory(name=name)
    address = "/conventions/pacte-2011/engagements/ajouter/"
    answer = officer_client.post(address, {"party": "Marseille", "year": "2012", "amount": "10"})
    assert answer.context["form"].errors == {"party": ["« Marseille » ne prend pas part à ce partenariat."]}
    assert officer_client.post(address, {"party": "aix", "year": "2012", "amount": "10 000 €"}).status_code == 302
    assert former.commitments.get().party in former.signatories.all()


def test_an_agent_is_not_told_to_add_a_partnership_that_is_not_theirs(client, former):
    agent = factories.UserFactory(role=Role.AGENT)
    Membership.objects.create(user=agent, organisation=former.signatories.get(), role="editor")
    factories.PartnershipFactory(name="Nice – Puebla")
    client.force_login(agent)
    answer = client.post("/conventions/nouvelle/", {"partnership": "Nice", "title": "Pacte", "kind": "friendship"})
    assert "que vous pouvez modifier" in answer.context["form"].errors["partnership"][0]
