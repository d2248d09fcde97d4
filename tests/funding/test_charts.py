"""What the money's charts draw: one bar for each row, however alike their names begin."""

from decimal import Decimal

from funding import charts

ALIKE = "Renforcement des capacités de gestion "
TOTAL = {"apd_eur": Decimal(3), "apd_without_refugees_eur": Decimal(3)}


def bars(figure) -> list[tuple[str, str, float]]:
    """Each bar: where it stands, what the pointer says of it, its length."""
    return [bar for trace in figure.data for bar in zip(trace.y, trace.customdata, trace.x, strict=True)]


def test_two_sectors_whose_names_begin_alike_are_two_bars():
    rows = [
        {"purpose_code": "", "purpose": f"{ALIKE}{end}", "apd_eur": Decimal(n), "apd_without_refugees_eur": Decimal(n)}
        for n, end in ((1, "locale"), (2, "de l’eau <b>"))
    ]
    figure = charts.by_sector(rows, TOTAL).figure
    assert bars(figure) == [("n0", f" {ALIKE}de l’eau <b>", 2.0), ("n1", f" {ALIKE}locale", 1.0)]
    assert figure.layout.yaxis.tickvals == ("n0", "n1")
    assert figure.layout.yaxis.ticktext == (f" {ALIKE[:32]}…",) * 2


def test_a_funder_that_pays_in_two_ways_is_two_bars():
    rows = [
        {"funder__name": "État <i>", "kind_label": kind, "state_label": "", "total": Decimal(n)}
        for n, kind in ((10, "numéraire"), (5, "nature"))
    ]
    chart = charts.financing_by_funder(rows)
    assert bars(chart.figure) == [("n0", "État <i>", 10.0), ("n1", "État <i>", 5.0)]
    assert chart.json["layout"]["yaxis"]["ticktext"] == ["État &lt;i&gt;"] * 2


def test_two_projects_whose_titles_begin_alike_are_two_bars():
    rows = [
        {"project_title": f"{ALIKE}{end}", "url": f"/{end}/", "family": "state", "total": Decimal(5)} for end in "ab"
    ]
    figure = charts.funding_shares(rows).figure
    assert bars(figure) == [("n0", f"{ALIKE}a", 100.0), ("n1", f"{ALIKE}b", 100.0)]
