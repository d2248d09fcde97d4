"""Bars as the money's and the registry's charts draw them: from names and numbers to a Plotly figure."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

import plotly.graph_objects as go
from django.utils.translation import gettext as _

from aect.charts import PALETTE, number

BAR = 30  # height of one horizontal bar, in pixels
LABEL = 26  # characters of a line of a bar's label
SHORT = 34  # characters of a label that stands on one line
UNKNOWN = "unknown"
GREY = "#808080"  # at least 3:1 against both themes' backgrounds
PATTERNS = ["", "/", "x", "-", "\\", "+", "|", "."]
LEGEND = {"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0, "traceorder": "normal"}


class Part(NamedTuple):
    """One bar: what is counted, how many, and what lists them."""

    code: str
    label: Any
    number: int
    address: str


def label_axis(labels: Sequence[str]) -> dict[str, Any]:
    """Bars downwards, each with its whole label over as many lines as it takes; two may bear the same."""
    return place_axis(["\n".join(wrap(label, LABEL)) for label in labels])


def short_axis(labels: Sequence[str]) -> dict[str, Any]:
    """Bars downwards, each with the beginning of its label; two may begin alike."""
    return place_axis([shortened(label) for label in labels])


def shortened(label: str) -> str:
    return label if len(label) <= SHORT else f"{label[: SHORT - 1].rstrip()}…"


def place_axis(texts: Sequence[str]) -> dict[str, Any]:
    """Bars downwards at their `places`, each with its text."""
    return {
        "autorange": "reversed",
        "type": "category",
        "tickmode": "array",
        "tickvals": places(texts),
        "ticktext": texts,
    }


def places(labels: Sequence[Any]) -> list[str]:
    """Where each bar stands: its rank, so that two of one label are never one bar."""
    return [f"n{place}" for place in range(len(labels))]


def count_axis(largest: int) -> dict[str, Any]:
    ticks = {"dtick": 1} if largest <= 5 else {"nticks": 5}
    return {"rangemode": "tozero", "tickformat": ",d", **ticks}


def pattern(shape: str) -> dict[str, Any]:
    return {"shape": shape, "fillmode": "overlay", "size": 7, "solidity": 0.25}


def height(labels: Sequence[str]) -> int:
    return 70 + sum(max(BAR, 18 * len(wrap(label, LABEL)) + 8) for label in labels)


def bars(parts: Sequence[Part]) -> go.Figure:
    """One horizontal bar a part; what is not known is grey and hatched."""
    unknown = [part.code == UNKNOWN for part in parts]
    labels = [str(part.label) for part in parts]
    return go.Figure(
        go.Bar(
            orientation="h",
            y=places(labels),
            x=[part.number for part in parts],
            customdata=labels,
            text=[number(part.number) for part in parts],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": [GREY if is_unknown else PALETTE[0] for is_unknown in unknown],
                "pattern": {**pattern(""), "shape": ["/" if is_unknown else "" for is_unknown in unknown]},
            },
            hovertemplate="%{customdata} : %{x:,}<extra></extra>",
        ),
        layout={
            "height": height(labels),
            "margin": {"r": 56},
            "yaxis": label_axis(labels),
            "xaxis": count_axis(max((part.number for part in parts), default=0)),
        },
    )


def stacked(labels: Sequence[str], series: Mapping[str, Sequence[int]], *, horizontal: bool = False) -> go.Figure:
    """Bars of several series; colour and pattern tell them apart, and what is not known is grey."""
    traces = []
    for (name, values), colour, shape in zip(series.items(), PALETTE, PATTERNS, strict=False):
        is_unknown = name == _("Non renseigné")
        axes = {"x": values, "y": places(labels)} if horizontal else {"x": labels, "y": values}
        traces.append(
            go.Bar(
                name=name,
                orientation="h" if horizontal else "v",
                customdata=labels,
                marker={"color": GREY, "pattern": pattern(".")}
                if is_unknown
                else {"color": colour, "pattern": pattern(shape)},
                hovertemplate="%{customdata} : %{"
                + ("x" if horizontal else "y")
                + ":,}<extra>%{fullData.name}</extra>",
                **axes,
            )
        )
    counts = count_axis(max(map(sum, zip(*series.values(), strict=True)), default=0))
    return go.Figure(
        traces,
        layout={
            "barmode": "stack",
            "height": 60 + height(labels) if horizontal else 400,
            "legend": LEGEND,
            "showlegend": True,
            "xaxis": counts if horizontal else {"type": "category"},
            "yaxis": label_axis(labels) if horizontal else counts,
        },
    )


def columns_of(labels: Sequence[str], rows: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    return {label: [row[place] for row in rows] for place, label in enumerate(labels)}
