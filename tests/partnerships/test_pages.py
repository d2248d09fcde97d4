"""The pages of a partnership, an organisation and a convention, with all that hangs on them."""

import datetime
import re
from decimal import Decimal

import pytest

from partnerships.choices import MilestoneKind, OrganisationKind, PartyRole, Side
from partnerships.models import Convention
from partnerships.templatetags.registry import lower_first
from partnerships.views.partnerships import staff_totals, standing
from tests import factories

pytestmark = pytest.mark.django_db


def told(client, row) -> str:
    return " ".join(client.get(row.get_absolute_url()).content.decode().split())


def changed(partnership, year, status, reason=""):
    day = datetime.date(year, 1, 1)
    fields = {"status_after": status, "reason": reason, "title": f"Repère {year}", "kind": MilestoneKind.EVENT}
    return factories.MilestoneFactory(partnership=partnership, happened_on=day, happened_on_precision="year", **fields)


def full(partnership, source):
    """One more of each fact that a partnership's page tells."""
    commune = factories.OrganisationFactory()
    factories.PartyFactory(partnership=partnership, organisation=commune, part="Ses services", source=source)
    for kind, role in [("university", PartyRole.ACTOR), ("mx_municipality", PartyRole.ASSOCIATE)]:
        country = factories.CountryFactory(iso2="MX")
        place = factories.OrganisationFactory(kind=kind, country=country)
        factories.PartyFactory(partnership=partnership, organisation=place, side=Side.FOREIGN, role=role, source=source)
    factories.StaffContributionFactory(partnership=partnership, organisation=commune, days=Decimal("2.5"))
    action = factories.ActionFactory(partnership=partnership, soil=Side.FRENCH, source=source)
    for _ in range(2):
        factories.IndicatorFactory(action=action, source=source)
    base = factories.ConventionFactory(partnership=partnership, signed_on=datetime.date(2015, 1, 1))
    amendment = factories.ConventionFactory(partnership=partnership, kind="amendment", amends=base, renews=base)
    amendment.signatories.add(commune)
    changed(partnership, 2010, "active")
    return commune, base


def test_a_partnership_asks_as_much_for_many_facts_as_for_few(client, django_assert_num_queries):
    partnership, source = factories.PartnershipFactory(), factories.SourceFactory()
    goals = iter(range(1, 18))
    for rows in (1, 2):
        for _ in range(rows):
            full(partnership, source)
            factories.SdgContributionFactory(partnership=partnership, goal=next(goals), weight=10)
        with django_assert_num_queries(14):
            client.get(partnership.get_absolute_url())


def test_an_organisation_asks_as_much_for_many_facts_as_for_few(client, django_assert_num_queries):
    source = factories.SourceFactory()
    found = factories.OrganisationFactory(latitude=46, longitude=1, kind=OrganisationKind.REGION, source=source)
    for rows in (1, 2):
        for _ in range(rows):
            for role in PartyRole:
                partnership = factories.PartnershipFactory()
                factories.PartyFactory(partnership=partnership, organisation=found, role=role)
                factories.ConventionFactory(partnership=partnership)
                factories.PartyFactory(
                    partnership=partnership,
                    side=Side.FOREIGN,
                    organisation=factories.MexicanMunicipalityFactory(latitude=19, longitude=-99),
                )
                factories.PartyFactory(
                    partnership=partnership, organisation=factories.OrganisationFactory(region=found)
                )
            factories.StaffContributionFactory(partnership=partnership, organisation=found)
            factories.NetworkMembershipFactory(member=found, source=source)
            factories.MilestoneFactory(partnership=None).organisations.add(found)
            factories.OrganisationFactory(parent=found)
        with django_assert_num_queries(24):
            client.get(found.get_absolute_url())


def test_a_convention_asks_as_much_for_many_facts_as_for_few(client, django_assert_num_queries):
    partnership, source = factories.PartnershipFactory(), factories.SourceFactory()
    base = factories.ConventionFactory(partnership=partnership, signed_on=datetime.date(2022, 1, 1), source=source)
    for rows in (1, 2):
        for _ in range(rows):
            place = factories.PartyFactory(partnership=partnership)
            base.signatories.add(place.organisation)
            factories.ConventionFactory(partnership=partnership, kind="amendment", amends=base)
            factories.CommitmentFactory(convention=base, party=place.organisation)
        with django_assert_num_queries(9):
            client.get(base.get_absolute_url())


def test_the_status_line_tells_since_when_and_why(client):
    partnership = factories.PartnershipFactory()
    assert standing(partnership) is None
    changed(partnership, 2011, "active")
    changed(partnership, 2016, "slowed", "majority")
    since = changed(partnership, 2018, "ended", "partner_body")
    changed(partnership, 2019, "ended")
    assert standing(partnership) == since
    page = told(client, partnership)
    assert "<strong>Terminé</strong> depuis 2018 :" in page
    assert "raison : création ou disparition d’une structure du partenaire" in page


def test_the_staff_s_sums_say_of_how_many_rows(client):
    partnership = factories.PartnershipFactory()
    factories.StaffContributionFactory(partnership=partnership, year=2018, missions=2, days=Decimal("3.5"))
    factories.StaffContributionFactory(partnership=partnership, year=2019, missions=None, days=Decimal("1.5"))
    totals = staff_totals(partnership.staff_contributions.all())
    assert [(t.value, t.known, t.rows) for t in totals] == [(2, 1, 2), (5, 2, 2)]  # no row tells how many people
    page = told(client, partnership)
    assert "<strong>2 missions</strong> (1 ligne sur 2)" in page.replace("\xa0", " ")
    assert "non renseigné" in page


def test_goals_stand_with_number_name_weight_and_effect(client, officer_client):
    partnership = factories.PartnershipFactory()
    help_text = "Pour compléter : un objectif se renseigne"
    assert "Aucun objectif de développement durable (ODD) n’est renseigné." in told(client, partnership)
    assert help_text not in told(client, partnership)
    assert help_text in told(officer_client, partnership)
    effect = {"contribution": "Foyers raccordés", "quantity": 1250, "unit": "foyers"}
    factories.SdgContributionFactory(partnership=partnership, goal=6, weight=Decimal("62.5"), **effect)
    page = re.sub(r"[\xa0\u202f]", " ", told(client, partnership))
    for words in ["ODD 6 :", "Eau propre et assainissement", 'value="62.50"', "62,5 % du partenariat"]:
        assert words in page
    assert "Foyers raccordés : <strong>1 250 foyers</strong>" in page


def test_actions_go_from_those_under_way_to_those_without_news(client):
    partnership = factories.PartnershipFactory()
    for outcome in ["abandoned", None, "planned", "under_way"]:
        factories.ActionFactory(partnership=partnership, title=f"Action {outcome}", outcome=outcome)
    actions = client.get(partnership.get_absolute_url()).context["actions"]
    assert [action.outcome for action in actions] == ["under_way", "planned", "abandoned", None]


def test_several_indicators_make_a_table_with_target_and_date(client):
    action = factories.ActionFactory()
    fields = {"action": action, "unit": "%", "baseline": 80, "target": 10, "value": 20}
    factories.IndicatorFactory(**fields, measured_on=datetime.date(2019, 1, 1), measured_on_precision="year")
    page = told(client, action.partnership).replace("\xa0", " ")
    assert "cible : 10 %" in page
    assert "(2019)" in page
    factories.IndicatorFactory(action=action, name="Prix")
    page = told(client, action.partnership).replace("\xa0", " ")
    assert '<td class="fr-cell--right" data-label="Cible">10 %</td>' in page.replace("> ", ">").replace(" <", "<")


def test_a_network_lists_its_members_of_now_and_then(client):
    network = factories.OrganisationFactory(kind=OrganisationKind.NETWORK)
    years = {"began_on_precision": "year", "ended_on_precision": "year", "began_on": datetime.date(2005, 1, 1)}
    now = factories.NetworkMembershipFactory(network=network, **years)
    then = factories.NetworkMembershipFactory(network=network, **years, ended_on=datetime.date(2010, 1, 1))
    page = told(client, network)
    assert page.index(now.member.name) < page.index(then.member.name)
    assert "depuis : 2005" in page
    assert page.count("Ancien membre") == 1
    assert "2005 – 2010" in page
    assert network.name in told(client, then.member)


def test_an_associate_s_page_says_how_it_takes_part(client):
    place = factories.PartyFactory(role=PartyRole.ASSOCIATE)
    page = told(client, place.organisation)
    assert "associée pour une partie des actions" in page
    assert place.partnership.name in page
    assert "Aucun partenariat n’est enregistré." not in page


def test_a_region_lists_what_lies_in_it_and_has_partnerships(client):
    region = factories.OrganisationFactory(kind=OrganisationKind.REGION)
    inside = factories.PartyFactory(organisation__region=region, role=PartyRole.ASSOCIATE).organisation
    actor = factories.PartyFactory(organisation__region=region, role=PartyRole.ACTOR).organisation
    idle = factories.OrganisationFactory(region=region)
    assert list(client.get(region.get_absolute_url()).context["territories"]) == [inside]
    assert {actor.name, idle.name}.isdisjoint(told(client, region).split())


def test_conventions_are_signed_by_those_they_name_or_else_by_the_parties():
    party = factories.PartyFactory()
    other = factories.PartyFactory(partnership=party.partnership)
    actor = factories.PartyFactory(partnership=party.partnership, role=PartyRole.ACTOR)
    named, silent = (factories.ConventionFactory(partnership=party.partnership) for _ in range(2))
    named.signatories.add(party.organisation)
    assert set(Convention.objects.signed_by(party.organisation)) == {named, silent}
    assert set(Convention.objects.signed_by(other.organisation)) == {silent}
    assert not Convention.objects.signed_by(actor.organisation)


def test_a_convention_names_its_amendments_and_they_name_it(client):
    base = factories.ConventionFactory(title="Accord de base")
    amendment = factories.ConventionFactory(
        title="Avenant n° 1", partnership=base.partnership, kind="amendment", amends=base
    )
    assert "Modifiée par" in told(client, base)
    assert amendment.get_absolute_url() in told(client, base)
    assert base.get_absolute_url() in told(client, amendment)


def test_a_recent_convention_without_goals_is_warned_about(client):
    convention = factories.ConventionFactory(signed_on=datetime.date(2022, 1, 1))
    assert "Aucun objectif de développement durable n’est renseigné" in told(client, convention)
    factories.SdgContributionFactory(partnership=convention.partnership)
    assert "Aucun objectif de développement durable n’est renseigné" not in told(client, convention)


def test_a_milestone_stands_on_the_pages_of_those_it_concerns(client):
    body = factories.OrganisationFactory(kind=OrganisationKind.AGENCY)
    factories.MilestoneFactory(partnership=None, title="Création de l’agence").organisations.add(body)
    assert "Création de l’agence" in told(client, body)


@pytest.mark.parametrize(("label", "written"), [("Agence", "agence"), ("ODD 6", "ODD 6"), ("", "")])
def test_a_label_within_a_sentence(label, written):
    assert lower_first(label) == written


def test_paragraphs_stay_paragraphs(client):
    text, shown = "Un premier paragraphe.\n\nUn second.", "Un premier paragraphe.<br><br>Un second."
    row = factories.PartnershipFactory(summary=text)
    factories.ActionFactory(partnership=row, description=text)
    factories.MilestoneFactory(partnership=row, description=text)
    convention = factories.ConventionFactory(partnership=row, object=text)
    body = factories.OrganisationFactory(kind="ngo", description=text)
    assert client.get(row.get_absolute_url()).content.decode().count(shown) == 4
    assert shown in client.get(convention.get_absolute_url()).content.decode()
    assert shown in client.get(body.get_absolute_url()).content.decode()
