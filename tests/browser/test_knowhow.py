"""The register of know-how, as an officer walks it: from the list to a match, and to a partnership in preparation."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from partnerships.models import Offer, Partnership
from tests.browser.test_registry import RULES

PAGES = [
    "/savoir-faire/",
    "/savoir-faire/?odd=6&pays=MX",
    "/savoir-faire/?q=nulle-part",
    "/savoir-faire/besoins/",
    "/savoir-faire/offres/fictif-1-00001/",
    "/savoir-faire/besoins/fictif-1-00001/",
    "/savoir-faire/offres/fictif-1-00001/modifier/",
    "/savoir-faire/besoins/fictif-1-00001/modifier/",
]


@pytest.fixture(scope="module", autouse=True)
def _take_away_what_is_made(site: str, django_db_blocker: Any) -> Iterator[None]:
    """The other modules count the partnerships."""
    yield
    with django_db_blocker.unblock():
        Partnership.objects.filter(origin__isnull=False).delete()
        Offer.objects.filter(is_fictitious=False).delete()


@pytest.fixture
def officer(page: Page) -> Page:
    page.goto("/connexion/")
    page.get_by_label("Adresse électronique").fill("agent.daect@demo.test")
    page.get_by_label("Mot de passe").fill("demo-aect")
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("banner").get_by_text("agent.daect@demo.test").first).to_be_visible()
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_of_wcag_2_2_aa(officer: Page, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    officer.emulate_media(color_scheme=theme)
    barriers = []
    for address in PAGES:
        officer.goto(address)
        found = Axe().run(officer, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
        barriers += [f"{address}: {v['id']} {node['html'][:150]}" for v in found for node in v["nodes"]]
    assert not barriers


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_spills_over_the_side(officer: Page, width: int) -> None:
    officer.set_viewport_size({"width": width, "height": 800})
    wider = []
    for address in PAGES:
        officer.goto(address)
        if (content := officer.evaluate("document.documentElement.scrollWidth")) > width:
            wider.append((address, content))
    assert not wider


def test_from_an_offer_to_a_partnership_in_preparation(officer: Page) -> None:
    officer.goto("/collectivites/bordeaux-metropole-243300316/")
    officer.get_by_role("link", name="Ajouter un savoir-faire").click()
    officer.get_by_label("Intitulé").fill("Réseaux d’eau, de la source au robinet")
    officer.get_by_label("Domaine de compétence").select_option("Eau et assainissement")
    officer.get_by_label("6. Eau propre et assainissement").check(force=True)
    officer.get_by_label("espagnol").check(force=True)
    officer.get_by_label("Publication le").fill("5 janvier 2026")
    officer.get_by_role("button", name="Enregistrer").click()
    expect(officer.get_by_role("heading", level=1)).to_have_text("Réseaux d’eau, de la source au robinet")
    officer.get_by_role("link", name="Modifier").click()
    officer.get_by_label("Description").fill("De la source au robinet.")
    officer.get_by_role("button", name="Enregistrer").click()
    first = officer.get_by_role("listitem").filter(has=officer.get_by_role("button", name="Préparer un partenariat"))
    expect(first.first).to_contain_text("Même domaine : Eau et assainissement")
    expect(first.first).to_contain_text("ODD commun")
    first.first.get_by_role("button", name="Préparer un partenariat").click()
    expect(officer).to_have_url(re.compile(r"/partenariats/bordeaux-metropole-"))
    expect(officer.get_by_role("main")).to_contain_text("En préparation")
    expect(officer.get_by_role("main")).to_contain_text("Même domaine : Eau et assainissement.")
    officer.go_back()
    officer.reload()
    expect(officer.get_by_text("Un partenariat en est né")).to_be_visible()
