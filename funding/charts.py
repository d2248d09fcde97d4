"""Totals in, charts out: each figure comes with the table it is drawn from (see `aect.charts`).

Rows are those of `ApdTotalQuerySet.summed`: dicts with the contract's column names, amounts in euros or None.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aect.charts import PALETTE, Chart, Column, Table, link, number
from aect.templatetags.aect import euros, percent
from funding.bars import BAR, places, short_axis
from funding.choices import FunderFamily, Metric, Unit
from funding.models import PublishedFigure
from partnerships.choices import OrganisationKind

Row = dict[str, Any]
TOP = 15  # bars that can still be read; the table holds every row
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"}
HATCHED = {"shape": "/", "size": 6, "solidity": 0.5}


def share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`part` in percent of `whole`; None when either is unknown or the whole is 0."""
    return part / whole * 100 if part is not None and whole else None


def amounts(rows: Iterable[Row], name: str) -> list[float | None]:
    """What plotly.js draws: floats, exact to the cent below 10^13 euros; an unknown amount leaves a gap."""
    return [None if row[name] is None else float(row[name]) for row in rows]


def refugees(row: Row) -> Decimal | None:
    total, without = row["apd_eur"], row["apd_without_refugees_eur"]
    return None if total is None else total - (without or 0)


def by_year(rows: Sequence[Row], total: Row) -> Chart:
    """APD of each year, refugee costs apart."""
    years = [str(row["year"]) for row in rows]
    costs = [{"refugees": refugees(row)} for row in rows]
    figure = go.Figure(
        [
            go.Bar(
                name=_("Hors accueil des réfugiés"),
                x=years,
                y=amounts(rows, "apd_without_refugees_eur"),
                marker={"color": PALETTE[0]},
                hovertemplate="%{x} : %{y:,.2f} €<extra>%{fullData.name}</extra>",
            ),
            go.Bar(
                name=_("Accueil des réfugiés en France"),
                x=years,
                y=amounts(costs, "refugees"),
                marker={"color": PALETTE[1], "pattern": HATCHED},
                hovertemplate="%{x} : %{y:,.2f} €<extra>%{fullData.name}</extra>",
            ),
        ],
        layout={
            "barmode": "stack",
            "height": 360,
            "legend": LEGEND,
            "xaxis": {"type": "category"},
            "yaxis": {"ticksuffix": "€", "tickformat": "~s", "rangemode": "tozero"},
        },
    )
    return Chart(
        id="apd-by-year",
        title=_("APD par année"),
        description=_("Barres empilées : pour chaque année, l’APD hors accueil des réfugiés et ces frais d’accueil."),
        figure=figure,
        columns=[
            Column(_("Année")),
            Column(_("Lignes"), number),
            Column(_("Engagé"), euros),
            Column(_("Versé"), euros),
            Column(_("Net"), euros),
            Column(_("APD"), euros),
            Column(_("APD hors réfugiés"), euros),
        ],
        rows=[[row["year"], *_amount_cells(row)] for row in rows],
        total=[_("Ensemble"), *_amount_cells(total)],
        is_open=True,
    )


def _amount_cells(row: Row) -> list[Any]:
    names = ("lines", "committed_eur", "paid_eur", "net_eur", "apd_eur", "apd_without_refugees_eur")
    return [row[name] for name in names]


def by_country(rows: Sequence[Row], total: Row) -> Chart:
    """APD of each recipient, largest first; what has no country is spent in France or is multilateral."""
    named = [{**row, "label": row["recipient"] or _("Sans pays (en France ou multilatéral)")} for row in rows]
    drawn = [row for row in named if row["recipient"]]
    return _ranking("apd-by-country", _("APD par pays bénéficiaire"), _("Pays"), named, total, drawn=drawn)


def by_sector(rows: Sequence[Row], total: Row) -> Chart:
    """APD of each CRS purpose code, largest first; voluntary codes count under their parent."""
    named = [{**row, "label": f"{row['purpose_code']} {row['purpose']}"} for row in rows]
    return _ranking("apd-by-sector", _("APD par secteur"), _("Secteur (code objet du SNPC)"), named, total)


def by_type(rows: Sequence[Row], total: Row) -> Chart:
    """Who gives: the share of each type of collectivity."""
    named = [{**row, "label": str(OrganisationKind(row["collectivity_type"]).label)} for row in rows]
    return _ranking("apd-by-type", _("Part de chaque type de collectivité"), _("Type de collectivité"), named, total)


def _ranking(
    name: str, title: str, heading: str, rows: Sequence[Row], total: Row, drawn: Sequence[Row] | None = None
) -> Chart:
    """All rows in the table, the first ones (of `drawn` when only some can be compared) as bars."""
    ranked = sorted(rows, key=_largest_first)
    comparable = [row for row in sorted(rows if drawn is None else drawn, key=_largest_first) if row["apd_eur"]]
    shown = comparable[:TOP]
    labels = [row["label"] for row in shown]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=places(labels),
            x=amounts(shown, "apd_eur"),
            customdata=labels,
            marker={"color": PALETTE[0]},
            hovertemplate="%{customdata} : %{x:,.2f} €<extra></extra>",
        ),
        layout={
            "height": 60 + BAR * max(len(shown), 1),
            "yaxis": short_axis(labels),
            "xaxis": {"ticksuffix": "€", "tickformat": "~s", "rangemode": "tozero", "nticks": 5},
        },
    )
    return Chart(
        id=name,
        title=title,
        description=_("Barres : l’APD de chaque ligne du tableau, de la plus grande à la plus petite."),
        note=_("Les %(top)s premiers sur %(all)s ; le tableau les donne tous.") % {"top": TOP, "all": len(comparable)}
        if len(comparable) > TOP
        else "",
        figure=figure,
        columns=[
            Column(heading),
            Column(_("APD"), euros),
            Column(_("Part de l’APD totale"), percent),
            Column(_("APD hors réfugiés"), euros),
        ],
        rows=[
            [row["label"], row["apd_eur"], share(row["apd_eur"], total["apd_eur"]), row["apd_without_refugees_eur"]]
            for row in ranked
        ],
        total=[
            _("Ensemble"),
            total["apd_eur"],
            share(total["apd_eur"], total["apd_eur"]),
            total["apd_without_refugees_eur"],
        ],
    )


def _largest_first(row: Row) -> tuple[bool, Decimal, str]:
    return row["apd_eur"] is None, -(row["apd_eur"] or Decimal(0)), row["label"]


PUBLISHED = {
    Metric.APD: (gettext_lazy("APD des collectivités"), "solid", PALETTE[0]),
    Metric.APD_WITHOUT_REFUGEES: (gettext_lazy("APD hors réfugiés"), "dash", PALETTE[2]),
    Metric.REFUGEES: (gettext_lazy("Frais d’accueil des réfugiés"), "dot", PALETTE[1]),
}


def published(figures: Sequence[PublishedFigure]) -> Chart:
    """The national figures as they were published: a line each, approximate ones as open points."""
    return Chart(
        id="published-figures",
        title=_("Chiffres nationaux publiés"),
        note=_("Tels que leurs sources les donnent, jamais mêlés aux totaux calculés. Point creux : valeur approchée."),
        description=_("Courbes : l’APD publiée de chaque année, en tout, hors réfugiés, et les frais d’accueil."),
        figure=go.Figure(
            [_published_line(metric, [f for f in figures if f.metric == metric]) for metric in PUBLISHED],
            layout={
                "height": 380,
                "legend": LEGEND,
                "xaxis": {"dtick": 5, "tick0": 2000},
                "yaxis": {"ticksuffix": "€", "tickformat": "~s", "rangemode": "tozero"},
            },
        ),
        columns=[
            Column(_("Année")),
            Column(_("Mesure")),
            Column(_("Valeur"), euros),
            Column(_("Précision")),
            Column(_("Source")),
        ],
        rows=[[f.year, f.get_metric_display(), f.value, _precision(f), f.citation] for f in figures],
    )


def _published_line(metric: Metric, figures: Sequence[PublishedFigure]) -> go.Scatter:
    """One point a year; a year without a figure is a gap, not a straight line across."""
    name, dash, colour = PUBLISHED[metric]
    of_year = {figure.year: figure for figure in _one_a_year(figures) if figure.year}
    years = list(range(min(of_year), max(of_year) + 1)) if of_year else []
    found = [of_year.get(year) for year in years]
    return go.Scatter(
        name=str(name),
        x=years,
        y=[figure and float(figure.value) for figure in found],
        mode="lines+markers",
        line={"dash": dash, "color": colour, "width": 2},
        marker={"symbol": ["circle-open" if f and f.is_approximate else "circle" for f in found], "size": 8},
        hovertemplate="%{x} : %{y:,.0f} €<extra>%{fullData.name}</extra>",
    )


def _one_a_year(figures: Iterable[PublishedFigure]) -> list[PublishedFigure]:
    """Of several figures for one year, the exact one first; all of them stand in the table."""
    ordered = sorted(figures, key=lambda f: (f.year or 0, f.is_approximate, f.key))
    return [next(same) for _year, same in groupby(ordered, key=lambda f: f.year)]


def other_published(figures: Sequence[PublishedFigure]) -> Table:
    """What is published beside the yearly totals, each in its own unit."""
    return Table(
        title=_("Autres chiffres publiés"),
        columns=[Column(_("Intitulé")), Column(_("Valeur")), Column(_("Précision")), Column(_("Source"))],
        rows=[[f.label, in_unit(f.value, f.unit), _precision(f), f.citation] for f in figures],
    )


def in_unit(value: Decimal, unit: str) -> str:
    if unit == Unit.COUNT:
        return number(int(value))
    return percent(value) if unit == Unit.PERCENT else euros(value, 0)


def _precision(figure: PublishedFigure) -> str:
    return figure.note or (_("valeur approchée") if figure.is_approximate else "")


def financing_by_funder(cofinancings: Sequence[Row], identifier: str = "financing") -> Chart:
    """Who pays for a partnership's projects; rows of `CofinancingQuerySet.totals_by_funder`."""
    known = [row for row in cofinancings if row["total"] is not None]
    whole = sum((row["total"] for row in known), Decimal(0))
    funders = [row["funder__name"] for row in known]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=places(funders),
            customdata=funders,
            x=[float(row["total"]) for row in known],
            marker={"color": PALETTE[0]},
            text=[euros(row["total"], 0) for row in known],
            textposition="auto",
            hovertemplate="%{customdata} : %{x:,.2f} €<extra></extra>",
        ),
        layout={
            "height": 70 + 40 * max(len(known), 1),
            "yaxis": short_axis(funders),
            "xaxis": {"ticksuffix": "€", "tickformat": "~s", "rangemode": "tozero", "nticks": 5},
        },
    )
    return Chart(
        id=identifier,
        title=_("Financement par financeur"),
        description=_("Barres : le montant de chaque financeur."),
        figure=figure,
        columns=[
            Column(_("Financeur")),
            Column(_("Forme")),
            Column(_("État")),
            Column(_("Montant"), euros),
            Column(_("Part"), percent),
        ],
        rows=[
            [row["funder__name"], row["kind_label"], row["state_label"], row["total"], share(row["total"], whole)]
            for row in cofinancings
        ],
        total=[_("Ensemble des montants connus"), "", "", whole, share(whole, whole)] if known else (),
        is_open=True,
    )


def funding_shares(rows: Sequence[Row]) -> Chart:
    """The share of each family of funders in each project's known financing.

    Rows of `CofinancingQuerySet.shares`, each with the `url` of its partnership.
    """
    projects = {key: list(group) for key, group in groupby(rows, key=itemgetter("project_title", "url"))}
    wholes = {key: sum((row["total"] for row in group), Decimal(0)) for key, group in projects.items()}
    return Chart(
        id="funding-shares",
        title=_("Parts de financement par projet"),
        description=_("Barres empilées jusqu’à 100 % : la part de chaque famille de financeurs dans chaque projet."),
        note=_("Sur les montants engagés ou versés qui sont connus ; un montant inconnu n’est pas compté."),
        figure=go.Figure(
            _share_bars(rows, wholes),
            layout={
                "barmode": "stack",
                "height": 110 + 40 * max(len(projects), 1),
                "legend": LEGEND,
                "showlegend": True,
                "xaxis": {"range": [0, 100], "ticksuffix": " %"},
                "yaxis": short_axis([title for title, _url in projects]),
            },
        ),
        columns=[
            Column(_("Projet"), link),
            Column(_("Famille de financeurs")),
            Column(_("Montant"), euros),
            Column(_("Part du projet"), percent),
        ],
        rows=[
            [key, FunderFamily(row["family"]).label, row["total"], share(row["total"], wholes[key])]
            for key, group in projects.items()
            for row in group
        ],
        is_open=True,
    )


def _share_bars(rows: Sequence[Row], wholes: dict[tuple[str, str], Decimal]) -> list[go.Bar]:
    """One series a family that pays for something, in the families' order; colour and pattern tell them apart."""
    bars = []
    for family, colour, pattern in zip(FunderFamily, PALETTE, ["", "/", ".", "x"], strict=False):
        paid = {(row["project_title"], row["url"]): row["total"] for row in rows if row["family"] == family}
        shares = [share(paid.get(key), whole) for key, whole in wholes.items()]
        if paid:
            bars.append(
                go.Bar(
                    orientation="h",
                    name=str(family.label),
                    y=places(list(wholes)),
                    customdata=[title for title, _url in wholes],
                    x=[None if value is None else float(round(value, 2)) for value in shares],
                    marker={"color": colour, "pattern": {"shape": pattern}},
                    hovertemplate="%{customdata} : %{x:.1f} %<extra>%{fullData.name}</extra>",
                )
            )
    return bars


def calls_table(rows: Sequence[Row]) -> Table:
    """What is known of the State's part in each call; rows of `CallQuerySet.with_state_support`."""
    return Table(
        title=_("Part de l’État par appel à projets"),
        columns=[
            Column(_("Appel à projets")),
            Column(_("Plafond de l’État"), percent),
            Column(_("Cofinancement de l’État"), euros),
            Column(_("Budget des projets"), euros),
            Column(_("Part de l’État"), percent),
        ],
        rows=[
            [r["title"], r["state_cap_percent"], r["support"], r["budget"], share(r["support"], r["budget"])]
            for r in rows
        ],
    )
