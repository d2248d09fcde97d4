"""The officers' queue."""

import re

import pytest
from django.test import Client

from funding import filing
from funding.models import Assignment, Project
from partnerships.choices import Side
from tests import factories
from tests.funding.test_filing import SOON, signatory, submitted, whole_draft  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(signatory) -> list[Project]:  # noqa: F811
    """Three submitted records, in the order of their submission."""
    return [submitted(whole_draft(signatory), signatory) for _n in range(3)]


def listed(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/instruction/{query}")
    assert page.status_code == 200, query
    return [project.slug for project in page.context["page"].object_list]


def test_the_longest_waiting_comes_first_and_drafts_do_not_come(filed, signatory, officer_client):  # noqa: F811
    whole_draft(signatory)
    assert listed(officer_client) == [project.slug for project in filed]


def test_lists_and_filters(filed, officer, officer_client):
    first, second, third = filed
    factories.PartyFactory(
        partnership=first.partnership, organisation=factories.MexicanMunicipalityFactory(), side=Side.FOREIGN
    )
    filing.assign([second], to=officer, by=officer)
    filing.return_with_comment(third, by=officer, version=third.version, comment="…", due_on=SOON)
    assert listed(officer_client) == [first.slug, second.slug]
    assert listed(officer_client, "?vue=miens") == [second.slug]
    assert listed(officer_client, "?vue=renvoyes") == [third.slug]
    assert listed(officer_client, "?vue=en-retard") == []
    Project.objects.filter(pk=third.pk).update(due_on="2020-01-01")
    assert listed(officer_client, "?vue=en-retard") == [third.slug]
    assert listed(officer_client, "?pays=MX") == [first.slug]
    assert listed(officer_client, f"?agent={officer.email}") == [second.slug]
    assert listed(officer_client, "?agent=personne&vue=tous") == [first.slug, third.slug]
    assert listed(officer_client, f"?collectivite={first.collectivity.slug}&vue=tous") == [p.slug for p in filed]
    assert listed(officer_client, "?etat=returned") == [third.slug]
    assert listed(officer_client, "?q=rien+de+tel") == []
    assert officer_client.get("/instruction/?vue=ailleurs").status_code == 400
    counts = {code: count for code, _label, count in officer_client.get("/instruction/").context["filterset"].views}
    assert counts == {"": 2, "miens": 1, "renvoyes": 1, "en-retard": 1, "publies": 0, "tous": 3}


def test_next_and_previous(filed, officer_client):
    page = officer_client.get(f"/instruction/{filed[1].slug}/?tri=depot").content.decode()
    assert "Résultat 2 sur 3" in page
    for other in (filed[0], filed[2]):
        assert f'href="/instruction/{other.slug}/?tri=depot"' in page


def test_records_are_assigned_together_and_taken_back(filed, officer, officer_client):
    sent = {"projet": [filed[0].slug, filed[2].slug], "to": officer.pk, "query": "tri=depot"}
    answer = officer_client.post("/instruction/affecter/", sent)
    assert answer.url == "/instruction/?tri=depot"
    assert set(Assignment.objects.values_list("project", flat=True)) == {filed[0].pk, filed[2].pk}
    undo = re.search(r'formaction="([^"]+)"', officer_client.get(answer.url).content.decode())[1]
    other = Client()
    other.force_login(factories.UserFactory(role="officer"))
    other.post(undo)
    assert Assignment.objects.count() == 2
    officer_client.post(undo)
    assert not Assignment.objects.exists()


def test_a_whole_list_is_assigned(filed, officer, officer_client):
    officer_client.post("/instruction/affecter/", {"tous": "1", "to": officer.pk, "query": ""})
    assert Assignment.objects.count() == 3
    officer_client.post("/instruction/affecter/", {"tous": "1", "to": "", "query": "vue=miens"})
    assert not Assignment.objects.exists()


def test_what_cannot_be_assigned_is_said(filed, agent, officer, officer_client, monkeypatch):
    for sent in (
        {"projet": [filed[0].slug], "to": agent.pk},
        {"projet": [filed[0].slug], "to": "x"},
        {"to": officer.pk},
        {"projet": ["rien"], "to": officer.pk},
        {"tous": "1", "to": officer.pk, "query": "vue=ailleurs"},
    ):
        assert officer_client.post("/instruction/affecter/", sent).status_code == 302
    monkeypatch.setattr(filing, "MOST_AT_ONCE", 2)
    officer_client.post("/instruction/affecter/", {"tous": "1", "to": officer.pk})
    assert not Assignment.objects.exists()
    assert officer_client.post("/instruction/annuler/hier/").status_code == 404


@pytest.mark.parametrize("role", ["agent", "analyst"])
def test_the_queue_is_not_there_for_others(filed, role):
    client = Client()
    client.force_login(factories.UserFactory(role=role))
    for address in ("/instruction/", f"/instruction/{filed[0].slug}/"):
        assert client.get(address).status_code == 404
    sent = {"projet": filed[0].slug, "to": ""}
    assert client.post("/instruction/affecter/", sent).status_code == 404
    assert client.post("/instruction/annuler/2026-01-01T00:00:00+00:00/").status_code == 404


def test_the_officer_who_comes_second_sees_what_happened(filed, officer, officer_client):
    other, project = factories.UserFactory(role="officer", email="premiere@demo.test"), filed[0]
    filing.publish(project, by=other, version=project.version)
    back = {"version": project.version, "comment": "Tapé avec soin", "due_on": "31/01/2030"}
    answer = officer_client.post(f"/projets/{project.slug}/renvoyer/", back)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "premiere@demo.test" in page
    assert Project.objects.get(pk=project.pk).state == "published"
    assert officer_client.post(f"/projets/{project.slug}/publier/", {"version": project.version}).status_code == 409


def test_a_return_says_what_and_until_when(filed, officer_client):
    project = filed[0]
    for wrong in ({"comment": "", "due_on": "31/01/2030"}, {"comment": "…", "due_on": "01/01/2020"}, {"comment": "…"}):
        answer = officer_client.post(f"/projets/{project.slug}/renvoyer/", {"version": project.version, **wrong})
        assert answer.status_code == 400
    assert Project.objects.get(pk=project.pk).state == "submitted"


def test_drafts_of_the_registry_wait_for_publication(officer_client):
    factories.PartnershipFactory(name="À publier", published_at=None)
    assert "À publier" in officer_client.get("/instruction/").content.decode()


def test_the_queue_takes_a_fixed_number_of_queries(filed, signatory, officer_client, django_assert_max_num_queries):  # noqa: F811
    with django_assert_max_num_queries(25) as few:
        officer_client.get("/instruction/")
    for _n in range(3):
        submitted(whole_draft(signatory), signatory)
    with django_assert_max_num_queries(len(few)):
        officer_client.get("/instruction/")
