"""Partnerships in, the map of their links out with its table; conventions in, the table of their amounts out."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple

import plotly.graph_objects as go
from django.db.models import Avg, Count, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aect.charts import PALETTE, Chart, Column, Table, link, number
from aect.templatetags.aect import euros
from partnerships.choices import TOGETHER, Side
from partnerships.models import Commitment, Convention, Organisation, Partnership, Party
from partnerships.models.organisations import region_of
from partnerships.models.reference import name_field

DRAWN = 300  # partnerships that a map draws one by one
LABEL = 12  # partners that a point's label names


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


def arcs(drawn: Iterable["Link | Bundle"]) -> go.Scattergeo:
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


def points(name: str, places: Iterable[tuple[Any, Any]], marker: dict[str, object]) -> go.Scattergeo:
    """One point a party, which names its partners when pointed at. `places` are pairs (party, partner)."""
    partners: dict[Any, list[str]] = {}
    for party, partner in places:
        partners.setdefault(party, []).append(partner.name)
    return go.Scattergeo(
        name=name,
        lon=[party.longitude for party in partners],
        lat=[party.latitude for party in partners],
        mode="markers",
        marker={"size": 9, "line": {"width": 1, "color": "#ffffff"}, **marker},
        customdata=[party.name for party in partners],
        text=["\n".join(f"↔ {name}" for name in named(list(dict.fromkeys(names)))) for names in partners.values()],
        hovertemplate="<b>%{customdata}</b><br>%{text}<extra></extra>",
    )


def named(names: list[str]) -> list[str]:
    """As many names as a label holds, and how many more there are."""
    more = len(names) - LABEL
    return names if more <= 0 else [*names[:LABEL], ngettext("et %(n)d autre", "et %(n)d autres", more) % {"n": more}]


def links_map(partnerships: QuerySet[Partnership], asked: QueryDict | None) -> Chart:
    """The links of these partnerships, which come with their parties; of very many, those of regions with countries.

    `asked` is what their list is asked to show just these; None when it cannot.
    """
    return grouped_map(partnerships, asked) if partnerships.count() > DRAWN else single_map(partnerships)


def single_map(partnerships: Iterable[Partnership]) -> Chart:
    """Link by link; those without a known place are in the table only."""
    rows = links(partnerships)
    drawn = [row for row in rows if row.has_place]
    french = points(_("Collectivités françaises"), ((r.french, r.foreign) for r in drawn), {"color": PALETTE[0]})
    foreign = points(
        _("Partenaires étrangers"), ((r.foreign, r.french) for r in drawn), {"color": PALETTE[1], "symbol": "diamond"}
    )
    return Chart(
        id="links",
        title=_("Carte des liens"),
        description=_("Carte du monde : chaque arc relie une collectivité française à son partenaire étranger."),
        note=_("Les liens dont un lieu n’est pas renseigné figurent dans le tableau seulement.")
        if len(drawn) < len(rows)
        else "",
        figure=go.Figure([arcs(drawn), french, foreign], layout=layout([p for r in drawn for p in r[1:]])),
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


class Spot(NamedTuple):
    """The middle of the known places of a region's, or a country's, parties."""

    name: str
    latitude: float | None
    longitude: float | None


class Bundle(NamedTuple):
    """The partnerships between a French region and a foreign country."""

    french: Spot
    foreign: Spot
    region: str | None
    country: str
    partnerships: int

    @property
    def has_place(self) -> bool:
        return self.french.latitude is not None and self.foreign.latitude is not None


def bundles(partnerships: QuerySet[Partnership]) -> list[Bundle]:
    """In one query, the largest first."""
    other = "partnership__parties__organisation__"
    rows = (
        Party.objects.filter(
            role__in=TOGETHER,
            side=Side.FRENCH,
            partnership__parties__role__in=TOGETHER,
            partnership__parties__side=Side.FOREIGN,
            partnership__in=partnerships.order_by().values("pk"),
        )
        .annotate(region=region_of("organisation__"), region_name=region_of("organisation__", "name"))
        .order_by()
        .values_list("region", "region_name", f"{other}country", f"{other}country__{name_field()}")
        .annotate(n=Count("partnership", distinct=True))
        .annotate(south=Avg("organisation__latitude"), west=Avg("organisation__longitude"))
        .annotate(there=Avg(f"{other}latitude"), far=Avg(f"{other}longitude"))
        .order_by("-n", "region", f"{other}country")
    )
    unknown = _("Région non renseignée")
    return [
        Bundle(Spot(place or unknown, south, west), Spot(name, there, far), region, country, n)
        for region, place, country, name, n, south, west, there, far in rows
    ]


def grouped_map(partnerships: QuerySet[Partnership], asked: QueryDict | None) -> Chart:
    """Region by country: as many arcs at most as there are such pairs, however many the partnerships."""
    rows = bundles(partnerships)
    drawn = [row for row in rows if row.has_place]
    french = points(_("Régions françaises"), ((r.french, r.foreign) for r in drawn), {"color": PALETTE[0]})
    foreign = points(
        _("Pays partenaires"), ((r.foreign, r.french) for r in drawn), {"color": PALETTE[1], "symbol": "diamond"}
    )
    columns = [Column(_("Région française")), Column(_("Pays")), Column(_("Partenariats"), number)]
    cells: list[list[Any]] = [[row.french.name, row.foreign.name, row.partnerships] for row in rows]
    if asked is not None:
        columns.append(Column(_("Liste"), link))
        cells = [[*told, narrowed(row, asked)] for told, row in zip(cells, rows, strict=True)]
    notes = [_("Au-delà de %(n)d partenariats, la carte les groupe par région française et par pays.") % {"n": DRAWN}]
    if left := sum(row.partnerships for row in rows if not row.has_place):
        notes.append(_("Sans lieu renseigné, dans le tableau seulement : %(n)d.") % {"n": left})
    return Chart(
        id="links",
        title=_("Carte des liens"),
        description=_("Carte du monde : chaque arc relie une région française à un pays partenaire."),
        note=" ".join(notes),
        figure=go.Figure([arcs(drawn), french, foreign], layout=layout([p for r in drawn for p in r[:2]])),
        columns=columns,
        rows=cells,
    )


def narrowed(bundle: Bundle, asked: QueryDict) -> tuple[str, str] | None:
    """The way to the list of these partnerships; none to those without a region, which no list is narrowed to."""
    if not bundle.region:
        return None
    query = asked.copy()
    query["pays"], query["region"] = bundle.country, bundle.region
    return _("Voir"), f"{reverse('partnerships')}?{query.urlencode()}"


def layout(places: Sequence["Organisation | Spot"]) -> dict[str, object]:
    return {
        "legend": {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"},
        "geo": {
            "projection": {"type": "natural earth"},
            "showland": True,
            "showcountries": True,
            "showframe": False,
            **window(places),
        },
    }


def place_map(organisation: Organisation, partnerships: Iterable[Partnership]) -> Chart | None:
    """Where an organisation is, with arcs to those it acts with; None when its place is not known."""
    if organisation.latitude is None:
        return None
    own = [row for row in links(partnerships) if organisation in row[1:] and row.has_place]
    pairs = dict.fromkeys((row.foreign if row.french == organisation else row.french) for row in own)
    here = points(
        organisation.name, [(organisation, other) for other in pairs or [organisation]], {"color": PALETTE[0]}
    )
    there = points(_("Partenaires"), ((o, organisation) for o in pairs), {"color": PALETTE[1], "symbol": "diamond"})
    return Chart(
        id="place",
        title=_("Sur la carte"),
        description=_("Carte : le lieu de %(name)s, et un arc vers chaque partenaire.") % {"name": organisation.name},
        figure=go.Figure([arcs(own), here, there], layout=layout([organisation, *pairs])),
        columns=[
            Column(_("Organisation"), link),
            Column(_("Pays")),
            Column(_("Latitude"), degrees),
            Column(_("Longitude"), degrees),
        ],
        rows=[[cell(o), o.country, o.latitude, o.longitude] for o in (organisation, *pairs)],
    )


def degrees(value: float) -> str:
    return f"{number_format(value, 3)}\u00a0°"


def cell(row: Organisation | Partnership) -> tuple[str, str]:
    return row.name, row.get_absolute_url()


def window(places: Sequence["Organisation | Spot"]) -> dict[str, dict[str, list[float]]]:
    """The part of the Earth to show: around these places, about twice as wide as high; or the whole of it."""
    south, north = bounds([place.latitude for place in places], 15, 85)
    west, east = bounds([place.longitude for place in places], 20, 180)
    spare = max(0.0, 2 * (north - south) - (east - west)) / 2
    return {"lonaxis": {"range": [west - spare, east + spare]}, "lataxis": {"range": [south, north]}}


def bounds(degrees: list[float | None], margin: int, limit: int) -> tuple[float, float]:
    known = [degree for degree in degrees if degree is not None]
    return (max(min(known) - margin, -limit), min(max(known) + margin, limit)) if known else (-limit, limit)


def commitments(convention: Convention) -> Table | None:
    """The provisional amounts: a row a party, a column a year, and their sums; None when none is known."""
    rows = list(convention.commitments.all())
    if not rows:
        return None
    names = {row.party_id: str(row.party) for row in rows}
    amounts = {(row.year, row.party_id): row.amount for row in rows}
    years = sorted({row.year for row in rows})
    return Table(
        title=_("Montants prévisionnels par année et par partie"),
        columns=[Column(_("Partie")), *(Column(str(year), euros) for year in years), Column(_("Total"), euros)],
        rows=[
            [name, *(amounts.get((year, party), "") for year in years), total(rows, party_id=party)]
            for party, name in names.items()
        ],
        total=[_("Total"), *(total(rows, year=year) for year in years), total(rows)],
    )


def total(rows: Iterable[Commitment], **only: int) -> Decimal:
    kept = (row for row in rows if all(getattr(row, name) == value for name, value in only.items()))
    return sum((row.amount for row in kept), Decimal())
