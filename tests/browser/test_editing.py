"""Forms as an officer meets them: what is wrong is reached, and nothing typed is lost."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

PAGES = [
    "/partenariats/nouveau/",
    "/partenariats/bordeaux-guanajuato/modifier/",
    "/partenariats/bordeaux-guanajuato/parties/ajouter/",
    "/partenariats/bordeaux-guanajuato/historique/",
    "/partenariats/bordeaux-guanajuato/supprimer/",
    "/conventions/accord-bordeaux-guanajuato-2015/modifier/",
    "/organisations/paris-217500016/modifier/",
    "/corbeille/",
    "/imports/",
    "/imports/nouveau/",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def sign_in(page: Page) -> None:
    page.get_by_label("Adresse électronique").fill("agent.daect@demo.test")
    page.get_by_label("Mot de passe").fill("demo-aect")
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()


@pytest.fixture
def officer_page(page: Page) -> Page:
    page.goto("/connexion/")
    sign_in(page)
    return page


def test_no_barrier_and_nothing_over_the_side(officer_page: Page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for width in (360, 1280):
        officer_page.set_viewport_size({"width": width, "height": 800})
        for address in PAGES:
            officer_page.goto(address)
            wide = officer_page.evaluate("document.documentElement.scrollWidth")
            found += [(address, wide)] if wide > width else []
            options = {"runOnly": RULES, "resultTypes": ["violations"]}
            for violation in Axe().run(officer_page, options=options).response["violations"]:
                found += [(address, violation["id"], node["html"][:150]) for node in violation["nodes"]]
    assert not found


def test_what_is_wrong_is_reached_at_once(site: str, browser: Any) -> None:
    """In a tab of its own: Chromium's console calls a form refused with 400 an error."""
    page = browser.new_context(base_url=site, locale="fr-FR").new_page()
    page.goto("/connexion/")
    sign_in(page)
    page.goto("/partenariats/bordeaux-guanajuato/modifier/")
    page.get_by_label("Depuis").fill("hier")
    with page.expect_response(lambda answer: answer.status == 400):
        page.get_by_role("button", name="Enregistrer").click()
    alert = page.get_by_role("alert").filter(has_text="Rien n’est enregistré")
    expect(alert).to_be_focused()
    alert.get_by_role("link", name="Depuis").click()
    expect(page.get_by_label("Depuis")).to_be_focused()
    expect(page.get_by_label("Depuis")).to_have_value("hier")
    page.context.close()


def test_an_expired_session_loses_nothing(officer_page: Page) -> None:
    page = officer_page
    page.goto("/partenariats/bordeaux-guanajuato/modifier/")
    page.get_by_label("Résumé").fill("Tapé longtemps")
    page.context.clear_cookies(name=re.compile("session"))
    page.get_by_role("button", name="Enregistrer").click()
    sign_in(page)
    expect(page.get_by_text("Votre session avait expiré.")).to_be_visible()
    expect(page.get_by_label("Résumé")).to_have_value("Tapé longtemps")
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/corbeille/")


def test_leaving_with_unsaved_changes_is_asked(officer_page: Page) -> None:
    page = officer_page
    page.goto("/partenariats/bordeaux-guanajuato/modifier/")
    page.get_by_label("Résumé").fill("Autre chose")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("main").get_by_role("link", name="Annuler").click()
    page.wait_for_url(re.compile("/partenariats/bordeaux-guanajuato/$"))
    assert asked == ["beforeunload"]


def test_a_deletion_is_undone_from_its_message(officer_page: Page) -> None:
    page = officer_page
    page.goto("/partenariats/nouveau/")
    page.get_by_role("textbox", name="Nom").fill("À supprimer")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Supprimer", exact=True).click()
    page.get_by_role("button", name="Supprimer", exact=True).click()
    page.get_by_role("button", name="Annuler la suppression").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("À supprimer")
    page.get_by_role("link", name="Supprimer", exact=True).click()
    page.get_by_role("button", name="Supprimer", exact=True).click()
