"""Imports of what hangs on the registry's records, and what the law has to say of imported conventions."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aect.batches import services
from aect.batches.models import BatchState
from partnerships.models import (
    Action,
    Convention,
    Indicator,
    NetworkMembership,
    OrganisationName,
    SdgContribution,
    StaffContribution,
)
from tests import factories
from tests.batches.files import FORMS, again, messages, problems, send, undone, work, written

pytestmark = pytest.mark.usefixtures("redis_alone")


@pytest.fixture
def town():
    return factories.OrganisationFactory(slug="bordeaux", name="Bordeaux")


@pytest.fixture
def network():
    return factories.OrganisationFactory(slug="al-las", name="AL-LAs", kind="network")


def test_other_names_are_added_changed_and_taken_back(town):
    written("names", "add", {"organisation": "bordeaux", "text": "Burdeos", "kind": "translation"})
    assert town.names.get().kind == "translation"
    update = {"organisation": "Bordeaux", "text": "Burdeos", "language": "es", "last_year": "1990"}
    changed = written("names", "update", update)
    assert (town.names.get().language, town.names.get().last_year) == ("es", 1990)
    undone(changed)
    assert town.names.get().language == ""
    undone(written("names", "add", {"organisation": "bordeaux", "text": "BX", "kind": "acronym"}))
    assert OrganisationName.objects.get().text == "Burdeos"


def test_memberships_of_networks(town, network):
    rows = [{"network": "AL-LAs", "member": "bordeaux", "began_on": year} for year in ("2012", "07/2018")]
    written("memberships", "add", *rows)
    assert [row.began_on.year for row in town.network_memberships.all()] == [2012, 2018]
    refused = send("memberships", "add", rows[0], {"network": "bordeaux", "member": "al-las"})
    assert set(problems(refused)) == {(2, "id"), (3, "network")}
    assert "n’est pas un réseau" in messages(refused)
    last = NetworkMembership.objects.latest("began_on")
    written("memberships", "update", {"id": str(last.pk), "began_on": "2019", "ended_on": "2021"})
    last.refresh_from_db()
    assert (last.began_on.year, last.ended_on.year) == (2019, 2021)


def test_indicators_goals_and_staff(town):
    link = factories.PartnershipFactory(slug="a-b", name="A – B")
    action = Action.objects.create(partnership=link, title="Forage")
    Action.objects.create(partnership=link, title="Doublon")
    twin = Action.objects.create(partnership=factories.PartnershipFactory(), title="Doublon")
    rows = [{"action": "Forage", "name": "Débit"}, {"action": str(twin.pk), "name": "Débit", "value": "12,5"}]
    written("indicators", "add", *rows)
    assert [(row.action, row.value) for row in Indicator.objects.all()] == [(action, None), (twin, Decimal("12.5"))]
    assert problems(send("indicators", "add", {"action": "Doublon", "name": "Autre"})) == [(2, "action")]
    written("goals", "add", {"partnership": "a-b", "goal": "6", "weight": "40"})
    written("goals", "update", {"partnership": "a-b", "goal": "6", "weight": "60"})
    assert SdgContribution.objects.get().weight == 60
    staff = {"partnership": "a-b", "organisation": "bordeaux", "kind": "mission", "year": "2016", "days": "0,5"}
    written("staff", "add", staff)
    assert problems(send("staff", "add", staff)) == [(2, "id")]
    written("staff", "update", staff | {"days": "3"})
    assert StaffContribution.objects.get().days == 3


@pytest.mark.parametrize(("form", "profile"), FORMS)
def test_what_is_exported_is_imported_again_without_a_change(town, network, form, profile):
    link = factories.PartnershipFactory()
    factories.OrganisationNameFactory(organisation=town, text="Burdeos")
    day = datetime.date(2015, 1, 1)
    NetworkMembership.objects.create(network=network, member=town, began_on=day, began_on_precision="year")
    NetworkMembership.objects.create(network=network, member=town)
    for title in ("Forage", "Forage"):
        action = Action.objects.create(partnership=link, title=title)
        Indicator.objects.create(action=action, name="Débit", target=Decimal("1.125"))
    SdgContribution.objects.create(partnership=link, goal=6, weight=40)
    StaffContribution.objects.create(partnership=link, organisation=town, kind="mission", days=Decimal("0.5"))
    for kind, rows in (("names", 1), ("memberships", 2), ("indicators", 2), ("goals", 1), ("staff", 1)):
        batch, found = again(kind, form, profile)
        assert (found, batch.unchanged_count, batch.changed_count) == ([], rows, 0), kind


# What the law says of imported conventions


SIGNED = {"title": "Accord", "kind": "cooperation", "partnership": "a-b", "signed_on": "2015-07-15"}


def test_warnings_of_the_law_are_shown_and_forbid_nothing(officer_client):
    factories.PartnershipFactory(slug="a-b", name="A – B")
    batch = send("conventions", "add", SIGNED, {**SIGNED, "title": "Sûr", "signed_on": ""})
    assert (batch.state, batch.warning_count, batch.error_count) == (BatchState.READY, 1, 0)
    assert [column for column, _message in batch.rows.get(line=2).warnings] == ["transmitted_on"]
    page = officer_client.get(f"/imports/{batch.pk}/").content.decode()
    assert "À vérifier (1)" in page
    assert "sans transmission connue au préfet" in page
    assert "CGCT, art. L. 1115-1" in page
    assert "sans transmission" not in officer_client.get(f"/imports/{batch.pk}/?voir=ajouts").content.decode()
    services.write_soon(batch, by=batch.uploaded_by)
    assert work(batch).state == BatchState.WRITTEN
    assert Convention.objects.count() == 2
    unchanged = send("conventions", "update", {"slug": "accord", "title": "Accord"})
    assert unchanged.warning_count == 0


def test_warnings_ask_nothing_of_the_database():
    factories.PartnershipFactory(slug="a-b", name="A – B")
    written("conventions", "add", *({**SIGNED, "title": f"Accord {n}"} for n in range(3)))
    counts = []
    for many in (1, 3):
        rows = [{"slug": f"accord-{n}", "receipt_number": "", "object": "Eau"} for n in range(many)]
        with CaptureQueriesContext(connection) as asked:
            batch = send("conventions", "update", *rows)
        counts.append(len(asked))
        assert batch.warning_count == many
    assert counts[0] == counts[1]
