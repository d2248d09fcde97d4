"""Projects' pages: what is published is everybody's, the rest its collectivity's, its guests' and the delegation's."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from aect.accounts.models import Role, User
from funding.models import Project
from funding.permissions import editable_projects, visible_projects
from partnerships.choices import MemberRole, Side
from partnerships.models import Partnership
from tests import factories

pytestmark = pytest.mark.django_db
WORD = "Zanahoria"


def signed_in(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


@pytest.fixture
def draft() -> Project:
    """A draft within a published partnership with Mexico, in a call, paid by somebody."""
    town = factories.OrganisationFactory(slug="arles", name="Arles")
    partnership = factories.PartnershipFactory(slug="arles-leon", name="Arles – León")
    factories.PartyFactory(partnership=partnership, organisation=town)
    factories.PartyFactory(
        partnership=partnership, organisation=factories.MexicanMunicipalityFactory(), side=Side.FOREIGN
    )
    draft = factories.DraftFactory(
        slug="zanahoria-1a2b3c",
        title=f"{WORD} en circuit court",
        collectivity=town,
        partnership=partnership,
        call=factories.CallFactory(slug="appel-1", title="Appel 2018"),
        sdg_goals=[6],
        budget_amount=1000,
    )
    draft.sectors.add(factories.PurposeCodeFactory())
    factories.CofinancingFactory(project=draft, funder__name="Financeur")
    return draft


def person(role: str = Role.AGENT, *, place: str = "", of: Project | None = None) -> User:
    user = factories.UserFactory(role=role)
    if place:
        factories.MembershipFactory(user=user, organisation=of.collectivity, role=place)
    return user


def guest(project: Project) -> User:
    user = factories.UserFactory()
    factories.GuestFactory(project=project, user=user, email=user.email)
    return user


def outsiders(draft: Project) -> dict[str, User | None]:
    elsewhere = person()
    factories.MembershipFactory(user=elsewhere, role=MemberRole.SIGNATORY)
    return {
        "anonymous": None,
        "agent of another collectivity": elsewhere,
        "agent of none": person(),
        "analyst": person(Role.ANALYST),
        "analyst who was an agent": person(Role.ANALYST, place=MemberRole.SIGNATORY, of=draft),
        "guest of another record": guest(factories.DraftFactory()),
    }


def insiders(draft: Project) -> dict[str, User]:
    return {
        "reader": person(place=MemberRole.READER, of=draft),
        "editor": person(place=MemberRole.EDITOR, of=draft),
        "signatory": person(place=MemberRole.SIGNATORY, of=draft),
        "guest": guest(draft),
        "officer": person(Role.OFFICER),
        "administrator": person(Role.ADMINISTRATOR),
    }


PAGES = [
    "/projets/",
    "/projets/?affichage=tableau&colonnes=titre,collectivite,secteurs,budget,etat",
    f"/projets/?q={WORD}",
    "/projets/?pays=MX&odd=6&appel=appel-1&secteur=14030",
    "/projets/export.csv",
    f"/recherche/?q={WORD}",
    f"/recherche/suggestions/?q={WORD}",
    f"/recherche/?q={WORD}&genre=projets",
    "/partenariats/arles-leon/",
    "/financements/",
    "/indicateurs/appels.csv",
    "/partenariats/?appel=appel-1",
]
SHOWN_TO_INSIDERS = [0, 1, 2, 3, 4, 5, 6, 7, 8]


def read(client: Client, address: str) -> tuple[int, str]:
    response = client.get(address)
    text = b"".join(response.streaming_content) if response.streaming else response.content
    text = text.decode().replace(f"q={WORD}", "").replace(f'value="{WORD}"', "").replace(f"« {WORD} »", "")
    return response.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce-\w+', "", text)


def test_nobody_else_sees_it(draft):
    assert not any(visible_projects(user or AnonymousUser()).filter(pk=draft.pk) for user in outsiders(draft).values())


def test_nobody_else_finds_a_trace_of_a_draft(draft):
    """Not the title, and the same pages as if it did not exist: facets, counts and amounts too."""
    people = outsiders(draft)
    asked = [("anonymous", address) for address in PAGES]
    asked += [("agent of another collectivity", address) for address in PAGES[3:8:4]]
    seen = {(who, address): read(signed_in(people[who]), address) for who, address in asked}
    for (who, address), (_status, text) in seen.items():
        assert "en circuit court" not in text, (who, address)
    Project.objects.filter(pk=draft.pk).delete()
    for (who, address), (status, text) in seen.items():
        assert read(signed_in(people[who]), address) == (status, text), (who, address)


def test_a_draft_answers_as_a_missing_page(draft):
    for who, user in list(outsiders(draft).items())[:2]:
        client = signed_in(user)
        there, missing = read(client, "/projets/zanahoria-1a2b3c/"), read(client, "/projets/zanahoria-1a2b3d/")
        assert there[0] == missing[0] == 404, who
        assert there[1].replace("1a2b3c", "") == missing[1].replace("1a2b3d", ""), who


def test_its_own_people_and_the_delegation_read_it(draft):
    """The control of the two tests above: the same word is there for those who may see it."""
    people = insiders(draft)
    assert all(visible_projects(user).filter(pk=draft.pk) for user in people.values())
    for who in ("reader", "guest"):
        client = signed_in(people[who])
        for number in SHOWN_TO_INSIDERS:
            assert "en circuit court" in read(client, PAGES[number])[1], (who, PAGES[number])
        page = client.get("/projets/zanahoria-1a2b3c/").content.decode()
        assert "Brouillon" in page, who


def test_a_published_project_is_everybody_s(draft, client):
    Project.objects.filter(pk=draft.pk).update(state="published")
    page = client.get("/projets/zanahoria-1a2b3c/").content.decode()
    assert "en circuit court" in page
    assert "Financeur" in page
    assert "Brouillon" not in page
    assert "en circuit court" in client.get("/projets/?pays=MX&odd=6&appel=appel-1&secteur=14030").content.decode()


def test_a_project_waits_for_its_partnership(draft, client):
    Project.objects.filter(pk=draft.pk).update(state="published")
    Partnership.objects.update(published_at=None)
    assert client.get("/projets/zanahoria-1a2b3c/").status_code == 404
    assert "Financeur" not in client.get("/financements/").content.decode()
    assert visible_projects(insiders(draft)["reader"]).filter(pk=draft.pk)


@pytest.mark.parametrize(
    ("state", "who"),
    [
        ("draft", {"editor", "signatory", "guest"}),
        ("returned", {"editor", "signatory", "guest"}),
        ("submitted", {"officer", "administrator"}),
        ("published", {"officer", "administrator"}),
    ],
)
def test_who_edits_a_record_depends_on_how_far_it_is(draft, state, who):
    Project.objects.filter(pk=draft.pk).update(state=state)
    everybody = insiders(draft) | outsiders(draft)
    may = {name for name, user in everybody.items() if user and editable_projects(user).filter(pk=draft.pk)}
    assert may == who


def test_what_a_guest_sees_unpublished_is_that_record_only(draft):
    other = factories.DraftFactory(collectivity=draft.collectivity)
    rows = visible_projects(guest(draft))
    assert draft in rows
    assert other not in rows


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "submitted", "partnership": None},
        {"state": "published", "partnership": None},
        {"state": "draft", "collectivity": None},
        {"due_on": "2026-12-01"},
        {"sdg_goals": [18]},
    ],
)
def test_the_database_refuses_a_state_that_cannot_be(draft, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=draft.pk).update(**wrong)


def test_the_table_of_projects_says_when_and_how_much(client):
    partnership = factories.PartnershipFactory()
    factories.ProjectFactory(title="Tri", partnership=partnership, begins_on="2018-01-01", begins_on_precision="year")
    text = client.get(reverse("projects") + "?affichage=tableau&tri=titre").content.decode()
    assert "2018" in text
    assert "non renseigné" in text
