"""Each page asks the database a fixed number of times, whatever its rows: `query_counts.toml` says how many."""

import datetime
import tomllib
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aect.accounts.models import Role
from aect.batches.models import Batch
from aect.loading.models import Difference, LoadedRow
from partnerships.choices import PartyRole, Side
from partnerships.models import (
    Action,
    Identifier,
    Indicator,
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    Partnership,
    SdgContribution,
    Theme,
)
from tests import factories

COUNTS = tomllib.loads(Path(__file__).with_name("query_counts.toml").read_text())
FOR_OFFICERS = (
    "/imports/",
    "/instruction/",
    "/donnees-chargees/",
    "/collectivites/ville-1/membres/",
    "/partenariats/partenariat-1/historique/",
)
FOR_AGENTS = ("/espace/",)
FOR_ADMINISTRATORS = ("/journal/",)
pytestmark = pytest.mark.django_db


def record(number: int) -> None:
    """One partnership with all that hangs on one, its collectivities and its conventions; slugs `…-{number}`."""
    region = factories.OrganisationFactory(slug=f"region-{number}", kind="region", latitude=46, longitude=2)
    town = factories.OrganisationFactory(slug=f"ville-{number}", region=region, latitude=46.2, longitude=-1.2)
    Identifier.objects.create(organisation=town, scheme="cog_commune", code=f"{17000 + number}")
    factories.OrganisationNameFactory(organisation=town, text="Ville")
    factories.SuccessionFactory(predecessor=town, successor=region)
    foreign = factories.MexicanMunicipalityFactory(slug=f"municipio-{number}", latitude=19.8, longitude=-90.5)
    source = factories.SourceFactory()
    row = factories.PartnershipFactory(slug=f"partenariat-{number}", source=source)
    row.themes.add(Theme.objects.get_or_create(slug="eau", name="Eau")[0])
    factories.PartyFactory(partnership=row, organisation=town)
    factories.PartyFactory(partnership=row, organisation=foreign, side=Side.FOREIGN, source=source)
    factories.PartyFactory(
        partnership=row, organisation=factories.OrganisationFactory(kind="university"), role=PartyRole.ACTOR
    )
    SdgContribution.objects.create(partnership=row, goal=6)
    factories.MilestoneFactory(partnership=row, status_after="active", source=source)
    first = factories.ConventionFactory(
        partnership=row, slug=f"convention-{number}", signed_on=datetime.date(2015, 7, 15)
    )
    factories.ConventionFactory(partnership=row, slug=f"suite-{number}", renews=first)
    factories.CommitmentFactory(convention=first, party=town)
    action = Action.objects.create(partnership=row, title="Tarif de l’eau", source=source)
    Indicator.objects.create(action=action, name="Déficit")
    factories.OfferFactory(countries=["MX"], sdg_goals=[6], languages=["fr"])
    factories.NeedFactory(sdg_goals=[6], languages=["es"])
    Batch.objects.create(kind="partnerships", mode="add", name="a.csv", uploaded_by=factories.UserFactory())
    told = {"origin": "founding", "model": "partnerships.partnership", "key": f'["partenariat-{number}"]'}
    loaded = LoadedRow.objects.create(**told, object_id=row.pk, values={"name": "Nom", "source": source.pk})
    Difference.objects.create(row=loaded, field="name", kind="value", theirs="Nom")
    Difference.objects.create(row=loaded, field="themes", kind="value", theirs=[])
    project = factories.ProjectFactory(slug=f"projet-{number}", partnership=row, source=source, sdg_goals=[6])
    project.sectors.add(factories.PurposeCodeFactory())
    factories.CofinancingFactory(project=project, funder=town)
    agents_work(Organisation.objects.get(slug="ville-1"), row, number)


def agents_work(town: Organisation, row: Partnership, number: int) -> None:
    """What the members of a collectivity see of it, and the delegation of them."""
    factories.MembershipFactory(organisation=town)
    JoinRequest.objects.create(user=factories.UserFactory(), organisation=town)
    Invitation.objects.create(organisation=town, email=f"agente{number}@demo.test", digest=f"{number}")
    factories.PartnershipFactory(slug=f"brouillon-{number}", published_at=None)
    factories.ConventionFactory(slug=f"ebauche-{number}", partnership=row, published_at=None)
    factories.DraftFactory(slug=f"en-cours-{number}", collectivity=town, partnership=row)
    factories.DraftFactory(slug=f"depose-{number}", collectivity=town, partnership=row, state="submitted")


def asked(client, address: str) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
        assert response.status_code == 200, address
        if response.streaming:
            list(response.streaming_content)
    return len(queries)


def test_each_page_asks_as_often_for_three_rows_as_for_one(client, officer_client):
    administrator = Client()
    administrator.force_login(factories.UserFactory(role=Role.ADMINISTRATOR))
    agent = Client()
    readers = {FOR_OFFICERS: officer_client, FOR_ADMINISTRATORS: administrator, FOR_AGENTS: agent}

    def counted() -> dict[str, int]:
        return {address: asked(reader_of(address), address) for address in COUNTS}

    def reader_of(address: str) -> Client:
        return next((reader for prefixes, reader in readers.items() if address.startswith(prefixes)), client)

    record(1)
    record(4)  # so that two can be compared, and a record has a neighbour
    agent.force_login(Membership.objects.filter(organisation__slug="ville-1").earliest("pk").user)
    assert counted() == COUNTS
    for number in (2, 3, 5, 6):
        record(number)
    assert counted() == COUNTS
