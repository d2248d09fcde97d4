"""A place in a partnership: proposed by one collectivity, seen by both and by the delegation, accepted by the other."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aect.loading.models import Difference, LoadedRow
from partnerships.models import Membership, Partnership, Party, PartyProposal
from tests.browser.test_editing import RULES

WIDTHS = (360, 1280)


@pytest.fixture(scope="module")
def partnership(site: str, django_db_blocker: Any) -> Iterator[Partnership]:
    """Of La Rochelle, to which Bordeaux is no party, and of which the files tell otherwise; all is taken away again."""
    with django_db_blocker.unblock():
        bordeaux = place_of("agent.bordeaux")
        own = Party.objects.filter(organisation=place_of("agent.larochelle"), side="french", role="party")
        found = Partnership.objects.filter(pk__in=own.values("partnership")).exclude(parties__organisation=bordeaux)[0]
        row = LoadedRow.objects.get(model="partnerships.partnership", object_id=str(found.pk))
        for field, theirs in (("name", "Autre nom"), ("summary", "Un autre résumé, bien plus long. " * 20)):
            Difference.objects.create(row=row, field=field, kind="value", theirs=theirs)
    yield found
    with django_db_blocker.unblock():
        Party.objects.filter(organisation=bordeaux, partnership=found).delete()
        PartyProposal.objects.all().delete()
        Difference.objects.all().delete()


def place_of(name: str) -> Any:
    return Membership.objects.get(user__email=f"{name}@demo.test").organisation


@pytest.fixture
def people(site: str, browser: Any) -> Iterator[dict[str, Page]]:
    """In tabs of their own."""
    tabs = {}
    for name in ("agent.larochelle", "agent.bordeaux", "agent.daect"):
        tab = browser.new_context(base_url=site, locale="fr-FR").new_page()
        tab.goto("/connexion/")
        tab.get_by_label("Adresse électronique").fill(f"{name}@demo.test")
        tab.get_by_label("Mot de passe").fill("demo-aect")
        tab.get_by_role("main").get_by_role("button", name="Se connecter").click()
        tab.wait_for_url(f"{site}/")
        tabs[name] = tab
    yield tabs
    for tab in tabs.values():
        tab.context.close()


def looked_at(page: Page, address: str) -> list[Any]:
    """What stands over the side, and what a reader who does not see meets, at each width."""
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [(address, width, wide)] if wide > width else []
        options = {"runOnly": RULES, "resultTypes": ["violations"]}
        for violation in Axe().run(page, options=options).response["violations"]:
            found += [(address, violation["id"], node["html"][:150]) for node in violation["nodes"]]
    return found


def test_a_place_is_proposed_and_accepted(people: dict[str, Page], partnership: Partnership) -> None:
    agent, other, officer = people.values()
    place, record = place_of("agent.bordeaux"), partnership.get_absolute_url()
    agent.goto(f"{record}parties/ajouter/")
    agent.get_by_label("Organisation").fill(place.name)
    agent.get_by_role("combobox", name="Côté").select_option("french")
    agent.get_by_label("Part prise").fill("L’eau potable")
    agent.get_by_role("button", name="Enregistrer").click()
    expect(agent.get_by_role("main")).to_contain_text("est proposée")
    seen = [
        (agent, record),
        (agent, "/parties-proposees/"),
        (officer, "/instruction/"),
        (officer, "/donnees-chargees/"),
    ]
    seen += [(other, "/espace/"), (other, "/parties-proposees/")]
    assert [each for page, address in seen for each in looked_at(page, address)] == []
    other.goto("/espace/")
    other.get_by_role("main").get_by_role("link", name=partnership.name).first.click()
    other.get_by_role("button", name=f"Accepter : {place.name}").click()
    expect(other.get_by_role("main")).to_contain_text("prend maintenant part")
    other.goto(record)
    expect(other.get_by_role("link", name="Modifier")).to_be_visible()
