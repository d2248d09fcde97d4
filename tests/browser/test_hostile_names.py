"""plotly.js writes each name as it was typed: on an axis, in the legend, beside the pointer."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aect.charts import Chart, Column
from funding.bars import stacked

NAME = '<a href="https://example.org/">R&D</a> <b>"l\'eau"</b> &lt; %{x} 🌊'
DRAW = """([figure, id]) => Plotly.react(document.getElementById(id), figure.data, figure.layout)
  .then(() => Plotly.Fx.hover(document.getElementById(id), [{ curveNumber: 0, pointNumber: 0 }]))"""
CHART = "links"


def chart() -> Chart:
    return Chart(
        id=CHART,
        title=NAME,
        figure=stacked([NAME], {NAME: [2]}, horizontal=True),
        columns=[Column("Nom")],
        rows=[[NAME]],
    )


def drawn(page: Page, figure: dict[str, Any]) -> Any:
    """The figure in the place of the first one of a page, with its label shown."""
    page.goto("/partenariats/?affichage=carte&pays=MX")
    place = page.locator(f"#{CHART}")
    place.scroll_into_view_if_needed()
    expect(place).to_have_attribute("data-drawn", "true")
    page.evaluate(DRAW, [figure, CHART])
    expect(place.locator(".hoverlayer .hovertext")).not_to_have_count(0)
    return place


def said(place: Any, part: str) -> str:
    """All that stands in a part of the drawing, on however many lines."""
    return "".join("".join(place.locator(part).all_text_contents()).split())


@pytest.mark.parametrize("part", [".ytick", ".legendtext", ".hoverlayer"])
def test_a_name_on_a_chart_is_text(page: Page, part: str) -> None:
    place = drawn(page, chart().json)
    assert "".join(NAME.split()) in said(place, part)
    assert place.locator("svg a").count() == 0


def test_as_it_comes_plotly_js_takes_it_for_markup(page: Page) -> None:
    """The control: what the test above looks for is there when the texts are not escaped."""
    assert drawn(page, chart().figure.to_plotly_json()).locator("svg a").count() > 0
