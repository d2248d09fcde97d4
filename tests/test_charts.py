from decimal import Decimal

import plotly.graph_objects as go
import pytest
from django.template.loader import render_to_string
from django.utils import translation

from aect.charts import Chart, Column, number
from aect.templatetags.aect import euros, percent


def chart(**changes) -> Chart:
    return Chart(
        **{
            "id": "c",
            "title": "Titre",
            "figure": go.Figure(go.Bar(x=["2018"], y=[1.5])),
            "columns": [Column("Année"), Column("Montant", euros)],
            "rows": [[2018, Decimal("1.50")], [2019, None]],
            "total": ["Ensemble", Decimal("1.50")],
            **changes,
        }
    )


def test_a_chart_comes_with_its_table_and_its_total():
    page = render_to_string("components/chart.html", {"chart": chart()})
    assert 'data-chart="c-figure"' in page
    assert 'id="c-figure"' in page
    assert page.count("1,50\u00a0€") == 2
    assert "non renseigné" in page  # an unknown amount is never 0


def test_a_chart_without_rows_says_so_and_draws_nothing():
    page = render_to_string("components/chart.html", {"chart": chart(rows=[])})
    assert "Aucune donnée" in page
    assert "data-chart" not in page


def test_a_row_must_fit_the_columns():
    with pytest.raises(ValueError, match="shorter"):
        list(chart(rows=[[2018]]).cells)


@pytest.mark.parametrize(("language", "marks"), [("fr", ",\u00a0"), ("en", ".,")])
def test_the_figure_has_the_reader_s_decimal_mark(language, marks):
    with translation.override(language):
        assert chart().json["layout"]["separators"] == marks


def test_script_in_a_label_stays_text():
    figure = go.Figure(go.Bar(x=["</script><script>alert(1)</script>"], y=[1]))
    page = render_to_string("components/chart.html", {"chart": chart(figure=figure)})
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (euros(Decimal("1234.5")), "1\u00a0234,50\u00a0€"),
        (euros(None), "non renseigné"),
        (percent(Decimal("48.13")), "48,1\u00a0%"),
        (percent(None), "n. d."),
        (number(Decimal(1234)), "1\u00a0234"),
        (number(None), ""),
    ],
)
def test_figures_are_written_as_french_readers_expect(written, expected):
    assert written == expected


def test_what_plotly_js_would_take_for_markup_stays_text():
    name = '<a href="https://example.org/">R&D</a>'
    bar = go.Bar(name=name, x=[name], y=[1], customdata=["deux\nlignes"], hovertemplate="<b>%{x}</b><extra></extra>")
    figure = chart(figure=go.Figure(bar, layout={"xaxis": {"ticktext": [name], "title": {"text": name}}})).json
    told, axis = '&lt;a href="https://example.org/"&gt;R&amp;D&lt;/a&gt;', figure["layout"]["xaxis"]
    assert (figure["data"][0]["name"], figure["data"][0]["x"]) == (told, [told])
    assert (axis["ticktext"], axis["title"]["text"]) == ([told], told)
    assert figure["data"][0]["customdata"] == ["deux<br>lignes"]
    assert figure["data"][0]["hovertemplate"] == "<b>%{x}</b><extra></extra>"
