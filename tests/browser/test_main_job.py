"""The main job, end to end: find a partnership, see what it costs, have the totals computed, take them away."""

import csv
from decimal import Decimal
from pathlib import Path

from django.db import connection
from playwright.sync_api import Page, expect

from aect.accounts.demo import PASSWORD
from tests.children import worker


def cents(text: str) -> Decimal:
    """A figure of the page or of the chart, as a number."""
    return Decimal(text.replace("\u00a0", "").replace("€", "").replace(",", "."))


def sum_of_lines(country: str | None = None) -> Decimal:
    """Plain SQL over the lines; with a country, without refugee costs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(apd_amount) FROM funding_apdline"
            " WHERE %(country)s IS NULL OR recipient_id = %(country)s AND NOT counts_as_refugees",
            {"country": country},
        )
        return cursor.fetchone()[0]


def test_from_the_list_to_the_file(page: Page, tmp_path: Path) -> None:
    page.goto("/partenariats/")
    page.get_by_label("Mexique").check(force=True)
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_text("6 partenariats", exact=True)).to_be_visible()
    page.get_by_role("link", name="La Rochelle – Campeche").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("La Rochelle – Campeche")
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="APD").click()
    expect(page.get_by_text("Données fictives").first).to_be_visible()
    page.wait_for_selector("#apd-by-year[data-drawn=true] .bars", state="attached")

    with page.expect_download() as started:
        page.get_by_role("link", name="CSV standard").click()
    file = started.value.path()
    assert "FICTIF" in started.value.suggested_filename

    total = sum_of_lines()
    with Path(file).open(newline="") as lines:
        exported = sum(Decimal(row["apd_eur"]) for row in csv.DictReader(lines) if row["apd_eur"])
    table = page.get_by_role("table", name="APD par année")
    shown = cents(table.locator("tfoot td").nth(4).inner_text())
    drawn = page.evaluate(
        "document.getElementById('apd-by-year').data.flatMap((trace) => trace.y)"
        ".reduce((cents, y) => cents + Math.round(y * 100), 0)"
    )
    assert exported == shown == total == Decimal(drawn) / 100


def test_the_filter_of_the_page_is_that_of_its_file(page: Page) -> None:
    page.goto("/apd/?pays=MX&refugies=sans")
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV pour Excel").click()
    text = Path(started.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    assert {row["Code pays"] for row in rows} == {"MX"}
    exported = sum(cents(row["APD (€)"]) for row in rows if row["APD (€)"])
    assert exported == sum_of_lines("MX")


def test_an_officer_has_the_totals_computed_and_follows_the_job(page: Page, redis_alone: None) -> None:
    elsewhere = connection.copy()  # somebody corrects lines behind the service's back, and commits
    with elsewhere.cursor() as cursor:
        cursor.execute("UPDATE funding_apdline SET apd_amount = apd_amount + 1 WHERE apd_amount > 10 AND year = 2020")
    elsewhere.close()
    page.goto("/apd/")
    expect(page.get_by_text("Ces totaux ne sont plus à jour")).to_be_visible()

    page.goto("/connexion/?next=/taches/")
    page.get_by_label("Adresse électronique").fill("agent.daect@demo.test")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name="Recalculer les totaux").click()
    expect(page.get_by_text("Le calcul des totaux est demandé.")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("En attente")
    with worker():  # the page follows the job without being loaded again
        expect(page.get_by_role("row").nth(1)).to_contain_text("Terminée", timeout=30_000)
    expect(page.get_by_role("row").nth(1)).to_contain_text("200 lignes lues")

    page.goto("/apd/")
    expect(page.get_by_text("Ces totaux ne sont plus à jour")).to_have_count(0)
    shown = cents(page.get_by_role("table", name="APD par année").locator("tfoot td").nth(4).inner_text())
    assert shown == sum_of_lines()


def test_a_job_that_is_followed_leaves_the_reader_where_they_are(page: Page) -> None:
    rows = "<details><summary>Pourquoi</summary>panne</details><a href='/'>Lien</a><b data-unfinished>{}</b>"
    page.route("**/taches/liste/", lambda route: route.fulfill(body=rows.format("2 sur 3"), content_type="text/html"))
    page.goto("/connexion/?next=/taches/")
    page.get_by_label("Adresse électronique").fill("agent.daect@demo.test")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    page.locator("[data-jobs]").evaluate("(place, rows) => (place.innerHTML = rows)", rows.format("1 sur 3"))
    page.get_by_text("Pourquoi").click()
    page.get_by_role("link", name="Lien").focus()
    expect(page.get_by_text("2 sur 3")).to_be_visible()
    expect(page.get_by_role("link", name="Lien")).to_be_focused()
    expect(page.get_by_text("panne")).to_be_visible()
