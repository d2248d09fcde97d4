"""Partnerships in, the map of their links out with its table; conventions in, the table of their amounts out."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import product
from typing import NamedTuple

import plotly.graph_objects as go
from django.utils.html import escape
from django.utils.translation import gettext as _

from aect.charts import PALETTE, Chart, Column, Table, link
from aect.templatetags.aect import euros
from partnerships.choices import Side
from partnerships.models import Commitment, Convention, Organisation, Partnership


class Link(NamedTuple):
    """One French and one foreign authority, party or associated to a partnership."""

    partnership: Partnership
    french: Organisation
    foreign: Organisation

    @property
    def has_place(self) -> bool:
        return self.french.latitude is not None and self.foreign.latitude is not None


def links(partnerships: Iterable[Partnership]) -> list[Link]:
    return [
        Link(partnership, french, foreign)
        for partnership in partnerships
        for french, foreign in product(partnership.together(Side.FRENCH), partnership.together(Side.FOREIGN))
    ]


def arcs(drawn: Iterable[Link]) -> go.Scattergeo:
    """One great circle a link; plotly.js lifts the pen at None."""
    pairs = [(link.french, link.foreign) for link in drawn]
    return go.Scattergeo(
        lon=[lon for a, b in pairs for lon in (a.longitude, b.longitude, None)],
        lat=[lat for a, b in pairs for lat in (a.latitude, b.latitude, None)],
        mode="lines",
        line={"width": 1.5, "color": PALETTE[0]},
        opacity=0.6,
        hoverinfo="skip",
        showlegend=False,
    )


def points(name: str, places: Iterable[tuple[Organisation, Organisation]], marker: dict[str, object]) -> go.Scattergeo:
    """One point a party, which names its partners when pointed at. `places` are pairs (party, partner)."""
    partners: dict[Organisation, list[str]] = {}
    for party, partner in places:
        partners.setdefault(party, []).append(escape(partner.name))
    return go.Scattergeo(
        name=name,
        lon=[party.longitude for party in partners],
        lat=[party.latitude for party in partners],
        mode="markers",
        marker={"size": 9, "line": {"width": 1, "color": "#ffffff"}, **marker},
        text=[
            f"<b>{escape(party.name)}</b><br>↔ {'<br>↔ '.join(dict.fromkeys(names))}"
            for party, names in partners.items()
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def links_map(partnerships: Iterable[Partnership]) -> Chart:
    """The links between French and foreign local authorities; those without a known place are in the table only."""
    rows = links(partnerships)
    drawn = [row for row in rows if row.has_place]
    french = points(_("Collectivités françaises"), ((r.french, r.foreign) for r in drawn), {"color": PALETTE[0]})
    foreign = points(
        _("Partenaires étrangers"), ((r.foreign, r.french) for r in drawn), {"color": PALETTE[1], "symbol": "diamond"}
    )
    layout = {
        "legend": {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"},
        "geo": {
            "projection": {"type": "natural earth"},
            "showland": True,
            "showcountries": True,
            "showframe": False,
            **window([p for r in drawn for p in r[1:]]),
        },
    }
    return Chart(
        id="links",
        title=_("Carte des liens"),
        description=_("Carte du monde : chaque arc relie une collectivité française à son partenaire étranger."),
        note=_("Les liens dont un lieu n’est pas renseigné figurent dans le tableau seulement.")
        if len(drawn) < len(rows)
        else "",
        figure=go.Figure([arcs(drawn), french, foreign], layout=layout),
        columns=[
            Column(_("Collectivité française"), link),
            Column(_("Partenaire étranger"), link),
            Column(_("Pays")),
            Column(_("Partenariat"), link),
            Column(_("Depuis")),
        ],
        rows=[
            [cell(r.french), cell(r.foreign), r.foreign.country, cell(r.partnership), r.partnership.began] for r in rows
        ],
    )


def cell(row: Organisation | Partnership) -> tuple[str, str]:
    return row.name, row.get_absolute_url()


def window(places: list[Organisation]) -> dict[str, dict[str, list[float]]]:
    """The part of the Earth to show: around these places, about twice as wide as high; or the whole of it."""
    south, north = bounds([place.latitude for place in places], 15, 85)
    west, east = bounds([place.longitude for place in places], 20, 180)
    spare = max(0.0, 2 * (north - south) - (east - west)) / 2
    return {"lonaxis": {"range": [west - spare, east + spare]}, "lataxis": {"range": [south, north]}}


def bounds(degrees: list[float | None], margin: int, limit: int) -> tuple[float, float]:
    known = [degree for degree in degrees if degree is not None]
    return (max(min(known) - margin, -limit), min(max(known) + margin, limit)) if known else (-limit, limit)


def commitments(convention: Convention) -> Table | None:
    """The provisional amounts: a row a year, a column a party, and their sums; None when none is known."""
    rows = list(convention.commitments.all())
    if not rows:
        return None
    names = {row.party_id: str(row.party) for row in rows}
    amounts = {(row.year, row.party_id): row.amount for row in rows}
    years = sorted({row.year for row in rows})
    return Table(
        title=_("Montants prévisionnels par année et par partie"),
        columns=[Column(_("Année")), *(Column(name, euros) for name in names.values()), Column(_("Total"), euros)],
        rows=[[year, *(amounts.get((year, party), "") for party in names), total(rows, year=year)] for year in years],
        total=[_("Total"), *(total(rows, party_id=party) for party in names), total(rows)],
    )


def total(rows: Iterable[Commitment], **only: int) -> Decimal:
    kept = (row for row in rows if all(getattr(row, name) == value for name, value in only.items()))
    return sum((row.amount for row in kept), Decimal())
