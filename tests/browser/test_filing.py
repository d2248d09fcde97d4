"""A project's record from the first key to the public: the draft saves itself, the officer returns it and publishes."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from funding.models import Project
from tests.browser.test_editing import RULES

TITLE = "Marais et mangroves, deux rives"


class People(NamedTuple):
    """A tab for each."""

    agent: Page
    officer: Page
    public: Page


@pytest.fixture
def people(site: str, browser: Any) -> Iterator[People]:
    """In tabs of their own: Chromium's console calls a page that is not there an error."""
    tabs = []
    for name in ("agent.larochelle", "agent.daect", ""):
        context = browser.new_context(base_url=site, locale="fr-FR", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        tab = context.new_page()
        if name:
            tab.goto("/connexion/")
            tab.get_by_label("Adresse électronique").fill(f"{name}@demo.test")
            tab.get_by_label("Mot de passe").fill("demo-aect")
            tab.get_by_role("main").get_by_role("button", name="Se connecter").click()
            tab.wait_for_url(f"{site}/")
        tabs.append(tab)
    yield People(*tabs)
    for tab in tabs:
        tab.context.close()
    Project.objects.filter(title__startswith="Marais").delete()


def status(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("status").filter(has_text=text)


def saved(page: Page, seconds: int = 15) -> None:
    """Says when; the whole of what is typed by then."""
    expect(status(page, re.compile(r"Enregistré à \d{1,2} h \d\d\s*$"))).to_be_visible(timeout=seconds * 1000)


def begin(agent: Page) -> str:
    """A draft that is whole, typed by somebody whose network fails once; its address."""
    agent.get_by_role("banner").get_by_role("link", name="Mon espace").click()
    agent.get_by_role("link", name="Nouveau projet").click()
    agent.get_by_label("Intitulé du projet").fill("Marais et mangroves")
    agent.get_by_role("button", name="Commencer le dossier").click()
    agent.get_by_label("Objectif", exact=True).fill("Comparer la gestion de deux zones humides.")
    saved(agent)
    agent.get_by_label("Commence le").fill("01/2026")
    agent.get_by_label("Prend fin le").fill("2027")
    agent.get_by_label("Partenariat", exact=True).select_option(index=1)
    agent.get_by_label("Choix 1").select_option("14015")
    agent.get_by_label("14. ").check(force=True)
    agent.get_by_label("Budget total").fill("10 000")
    agent.get_by_label("Financeur").first.fill("CA de La Rochelle")
    agent.get_by_label("Montant").first.fill("10 000")
    agent.context.set_offline(True)
    agent.get_by_label("Intitulé").fill(TITLE)
    expect(status(agent, "L’enregistrement n’a pas abouti")).to_be_visible()
    agent.context.set_offline(False)
    saved(agent, 25)
    return re.sub(r"^https?://[^/]+|modifier/$", "", agent.url)


def send_back(officer: Page) -> None:
    """Found in the queue, assigned, taken back, returned with what is missing."""
    officer.get_by_role("banner").get_by_role("link", name="Instruction").click()
    officer.get_by_label("Cocher toute la page").check(force=True)
    officer.get_by_role("button", name="Affecter").click()
    officer.get_by_role("button", name="Annuler l’affectation").click()
    expect(officer.get_by_text("1 affectation est annulée.")).to_be_visible()
    officer.get_by_role("link", name=TITLE).click()
    officer.get_by_text("Renvoyer pour compléter").click()
    officer.get_by_label("Ce qui est à compléter").fill("Citez le ministère mexicain.")
    day = timezone.localdate() + timedelta(days=30)
    officer.get_by_label("À compléter avant le").fill(f"{day:%d/%m/%Y}")
    officer.get_by_role("button", name="Renvoyer à la collectivité").click()
    expect(officer.get_by_text("est renvoyé à la collectivité")).to_be_visible()


def test_from_the_first_key_to_the_public(people: People) -> None:
    agent, officer, public = people
    address = begin(agent)
    agent.goto(address)
    expect(agent.get_by_role("heading", level=1)).to_have_text(TITLE)
    agent.get_by_role("button", name="Déposer le dossier").click()
    expect(agent.get_by_text(f"Le dossier « {TITLE} » est déposé.")).to_be_visible()
    send_back(officer)

    agent.goto("/espace/")
    agent.get_by_role("link", name=TITLE).first.click()
    expect(agent.get_by_text("Citez le ministère mexicain.")).to_be_visible()
    agent.get_by_role("link", name="Modifier le dossier").click()
    agent.get_by_label("Objectif", exact=True).fill("Comparer, avec la SEMARNAT, deux zones humides.")
    saved(agent)
    agent.get_by_role("button", name="Enregistrer", exact=True).last.click()
    agent.get_by_role("button", name="Déposer le dossier").click()

    officer.goto("/instruction/")
    officer.get_by_role("link", name=TITLE).click()
    public.goto(address)
    expect(public.get_by_role("heading", level=1)).to_have_text("Page introuvable")
    officer.get_by_role("button", name="Publier").click()
    expect(officer.get_by_text("est publié.").first).to_be_visible()
    public.goto(address)
    expect(public.get_by_text("avec la SEMARNAT")).to_be_visible()
    expect(public.get_by_text("Citez le ministère")).to_have_count(0)


def test_no_barrier_and_nothing_over_the_side(people: People) -> None:
    from axe_playwright_python.sync_playwright import Axe

    people.agent.goto("/espace/projets/nouveau/")
    people.agent.get_by_label("Intitulé du projet").fill("Marais " + "très long " * 15)
    people.agent.get_by_role("button", name="Commencer le dossier").click()
    form = people.agent.url
    pages = [(people.agent, page) for page in ("/espace/", "/espace/projets/nouveau/", form, form[: -len("modifier/")])]
    pages += [(people.officer, page) for page in ("/instruction/", "/projets/")]
    found = []
    for width in (360, 1280):
        for tab, page in pages:
            tab.set_viewport_size({"width": width, "height": 800})
            tab.goto(page)
            wide = tab.evaluate("document.documentElement.scrollWidth")
            found += [(page, wide)] if wide > width else []
            options = {"runOnly": RULES, "resultTypes": ["violations"]}
            for violation in Axe().run(tab, options=options).response["violations"]:
                found += [(page, violation["id"], node["html"][:150]) for node in violation["nodes"]]
    assert not found
