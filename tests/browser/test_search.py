"""The search by the keyboard alone."""

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from partnerships.models import Partnership
from tests import factories

SAMPLE = 12
SYNTHETIC = 50
PATIENCE = 15_000  # milliseconds, on a machine that does other things too


def options(page: Page, **which: Any) -> Locator:
    return page.get_by_role("listbox").get_by_role("option", **which)


class Keyboard:
    """Counts what a reader does: going to a field, typing, choosing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def go_to_search(self) -> None:
        self.actions += 1
        self.page.keyboard.press("/")

    def write(self, text: str) -> None:
        self.actions += 1
        self.page.keyboard.type(text)

    def choose_first(self, name: str) -> None:
        """Once it is there to be seen."""
        self.actions += 1
        expect(options(self.page).first).to_have_text(re.compile(rf"\s*{re.escape(name)}"), timeout=PATIENCE)
        self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def partnerships(site: str, django_db_blocker: Any) -> Iterator[list[Partnership]]:
    """A sample, drawn anew at each run, of the founding ones and of synthetic ones among which they are.

    Committed, before the test's own transaction, so that the server sees them.
    """
    chance = random.Random()  # noqa: S311
    places = [f"{name} {n}" for n, name in enumerate(["Évreux", "Le Mans", "Ay-Champagne", "L’Haÿ", "Œting"] * 10)]
    with django_db_blocker.unblock():
        founding = list(Partnership.objects.all())
        made = [
            factories.PartnershipFactory(slug=f"clavier-{n}", name=f"{place} – Santiago {n}")
            for n, place in enumerate(places)
        ]
    assert len(made) == SYNTHETIC
    yield chance.sample(founding, SAMPLE // 2) + chance.sample(made, SAMPLE // 2)
    with django_db_blocker.unblock():
        Partnership.objects.filter(slug__startswith="clavier-").delete()


def test_any_partnership_is_three_actions_away(page: Page, partnerships: list[Partnership]) -> None:
    for partnership in partnerships:
        page.goto("/organisations/afd/", timeout=PATIENCE)
        reader = Keyboard(page)
        reader.go_to_search()
        reader.write(partnership.name)
        reader.choose_first(partnership.name)
        expect(page).to_have_url(re.compile(rf"/partenariats/{partnership.slug}/$"), timeout=PATIENCE)
        assert reader.actions <= 3


def test_the_combobox_keeps_its_promises(page: Page) -> None:
    page.goto("/partenariats/")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Rechercher dans tout le registre")
    expect(box).to_be_focused()
    page.keyboard.type("campeche")
    expect(options(page).first).to_be_visible(timeout=PATIENCE)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("banner").get_by_role("status")).to_have_text(re.compile(r"^\d+ suggestions$"))
    expect(options(page, selected=True)).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(options(page, selected=True)).to_have_text(re.compile("Tous les résultats"))
    page.keyboard.press("Home")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options(page).first.get_attribute("id")
    page.keyboard.press("End")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options(page, selected=True)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("campeche")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/recherche/\?q=campeche$"))


def test_slash_is_a_letter_in_a_field(page: Page) -> None:
    page.goto("/partenariats/")
    page.locator("main").get_by_role("searchbox").press_sequentially("a/b")
    expect(page.locator("main").get_by_role("searchbox")).to_have_value("a/b")


def test_an_open_list_breaks_no_rule(page: Page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.goto("/apd/")
    page.keyboard.press("/")
    page.keyboard.type("mexico")
    expect(options(page).first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("ArrowDown")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=rules).response["violations"]
    assert not [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_on_a_phone_the_search_opens_from_its_button(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/partenariats/")
    page.get_by_role("banner").get_by_role("button", name="Rechercher").first.click()
    box = page.get_by_role("combobox", name="Rechercher dans tout le registre")
    box.press_sequentially("rochelle")
    expect(options(page).first).to_be_visible(timeout=PATIENCE)
    options(page, name="La Rochelle – Campeche").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("La Rochelle – Campeche")
