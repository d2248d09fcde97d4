"""The frame and the registry, as a reader walks them."""

import re

import pytest
from playwright.sync_api import Page, expect

PAGES = [
    "/",
    "/partenariats/",
    "/partenariats/?pays=MX&q=rochelle&inconnu=1",
    "/partenariats/?q=nulle-part",
    "/partenariats/?affichage=tableau&tri=-depuis",
    "/partenariats/?affichage=carte&pays=MX",
    "/partenariats/comparer/?partenariat=paris-mexico&partenariat=la-rochelle-campeche",
    "/partenariats/paris-mexico/?pays=MX",
    "/partenariats/la-rochelle-campeche/",
    "/partenariats/angouleme-zapopan/",
    "/partenariats/paris-mexico/",
    "/conventions/",
    "/conventions/?vue=fin-proche",
    "/conventions/accord-bordeaux-guanajuato-2015/",
    "/conventions/accord-la-rochelle-campeche-2015/",
    "/collectivites/",
    "/collectivites/?toutes=1&q=roche",
    "/conventions/lettre-intention-campeche-2015/",
    "/organisations/afd/",
    "/organisations/c40/",
    "/organisations/daect/",
    "/collectivites/estado-de-campeche-mx04/",
    "/collectivites/paris-217500016/",
    "/apd/",
    "/apd/?pays=MX&annee=2018",
    "/financements/",
    "/indicateurs/",
    "/indicateurs/?pays=MX&annee_min=2010&initiative=inconnue",
    "/es/partenariats/paris-mexico/",
    "/en/apd/",
    "/connexion/",
    "/recherche/",
    "/recherche/?q=mexico",
    "/recherche/?q=Mexcio",
    "/recherche/?q=saint&genre=collectivites&page=2",
    "/recherche/?q=xqzw",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The theme at the moment when the body appears, before anything is painted.
FIRST_THEME = """
new MutationObserver((changes, observer) => {
  if (!document.body) return;
  window.first = document.documentElement.dataset.frTheme;
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""
FRAME_BUDGET = 600_000  # bytes over the wire, without the chart library


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_of_wcag_2_2_aa(page: Page, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=theme)
    barriers = []
    for address in PAGES:
        page.goto(address)
        found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
        barriers += [
            f"{address}: {v['id']} {node['html'][:150]} {node.get('failureSummary')}"
            for v in found
            for node in v["nodes"]
        ]
    assert not barriers


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_spills_over_the_side(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    wider = []
    for address in PAGES:
        page.goto(address)
        if (content := page.evaluate("document.documentElement.scrollWidth")) > width:
            wider.append((address, content))
    assert not wider


@pytest.mark.parametrize("width", [360, 992, 1280])
def test_nothing_spills_while_scripts_and_fonts_are_on_their_way(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.route(re.compile(r"\.js$"), lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.route(re.compile(r"\.woff2?$"), lambda route: route.abort("aborted"))
    page.goto("/es/partenariats/paris-mexico/")
    assert page.evaluate("document.documentElement.scrollWidth") == width


LISTED = ["/partenariats/", "/partenariats/?affichage=tableau", "/partenariats/la-rochelle-campeche/", "/conventions/"]


@pytest.mark.parametrize("address", LISTED)
def test_a_name_without_a_space_spills_nowhere(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(address)
    page.evaluate("for (const e of document.querySelectorAll('main :is(h1, a, dd)')) e.textContent = 'x'.repeat(200)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_what_sorts_a_table_is_seen_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/partenariats/?affichage=tableau")
    sort = page.locator("thead").get_by_role("link", name="Depuis")
    sort.focus()
    seen = "e => { const b = e.getBoundingClientRect(); return document.elementFromPoint(b.x + 4, b.y + 4) === e }"
    assert sort.evaluate(seen)


def test_paper_has_every_column_and_nothing_to_click(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    columns = ["nom", "francais", "etranger", "pays", "themes", "initiative", "type", "region", "resume"]
    page.goto(f"/partenariats/?affichage=tableau&colonnes={'&colonnes='.join(columns)}")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 800, "height": 1000})
    table = page.locator("main table")
    assert table.evaluate("e => e.scrollWidth <= e.closest('.aect-table').clientWidth")
    expect(page.get_by_role("columnheader", name="Comparer")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Affichage des résultats")).to_be_hidden()


def test_walk_from_the_list_to_a_record(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Partenariats").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Partenariats")
    page.get_by_label("Mexique").check(force=True)
    page.get_by_role("button", name="Filtrer").click()
    expect(page).to_have_url(re.compile(r"/partenariats/\?pays=MX$"))
    expect(page.get_by_text("6 partenariats", exact=True)).to_be_visible()
    page.get_by_role("link", name="La Rochelle – Campeche").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("La Rochelle – Campeche")
    row = page.get_by_role("row", name="Déficit annuel de la CAPAE")
    expect(row).to_contain_text(re.compile(r"80\s%\s+non renseigné\s+20\s%"))


def test_a_chip_takes_its_filter_away(page: Page) -> None:
    page.goto("/partenariats/?pays=MX&q=rochelle")
    page.get_by_role("link", name="Retirer le filtre Pays").click()
    expect(page).to_have_url(re.compile(r"/partenariats/\?q=rochelle$"))


def test_back_shows_the_filters_that_the_rows_answer_to(page: Page) -> None:
    page.goto("/partenariats/?pays=MX")
    page.locator("input[name=statut][value=active]").check(force=True)
    page.get_by_role("button", name="Filtrer").click()
    expect(page).to_have_url(re.compile("statut=active"))
    page.go_back()
    expect(page.locator("input[name=pays][value=MX]")).to_be_checked()
    expect(page.locator("input[name=statut][value=active]")).not_to_be_checked()


def test_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/partenariats/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_theme_is_kept_and_never_flashes(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Affichage").click()
    expect(page.get_by_role("radio", name="Système")).to_be_checked()  # the DSFR has taken the choice over
    page.locator("label[for=fr-radios-theme-dark]").click()
    expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    page.add_init_script(FIRST_THEME)
    page.goto("/partenariats/")
    assert page.evaluate("window.first") == "dark"


def test_same_page_in_another_language(page: Page) -> None:
    page.goto("/partenariats/?pays=MX")
    page.get_by_role("button", name="choisir une langue").click()
    page.get_by_role("link", name="ES - Español").click()
    expect(page).to_have_url(re.compile(r"/es/partenariats/\?pays=MX$"))
    expect(page.locator("html")).to_have_attribute("lang", "es")


def test_menu_opens_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Collectivités").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Collectivités")


def test_map_is_drawn_with_its_table(page: Page) -> None:
    page.goto("/")
    page.locator("#links").scroll_into_view_if_needed()
    page.wait_for_selector("#links[data-drawn=true] .scattergeo", state="attached")
    page.get_by_text("Données du graphique").click()
    expect(page.get_by_role("cell", name="Zapopan", exact=True)).to_be_visible()


def test_sign_in_and_out(page: Page) -> None:
    page.goto("/connexion/")
    page.get_by_label("Adresse électronique").fill("agent.daect@demo.test")
    page.get_by_label("Mot de passe").fill("demo-aect")
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("banner").get_by_text("agent.daect@demo.test").first).to_be_visible()
    page.get_by_role("button", name="Se déconnecter").first.click()
    expect(page.get_by_role("banner").get_by_role("link", name="Se connecter").first).to_be_visible()


@pytest.mark.parametrize("address", ["/", "/partenariats/"])
def test_frame_is_light(page: Page, address: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, int] = {}
    urls: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    page.goto(address, wait_until="networkidle")
    frame = {urls[key]: size for key, size in sizes.items() if "plotly" not in urls.get(key, "")}
    assert sum(frame.values()) < FRAME_BUDGET, frame
