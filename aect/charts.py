"""A chart and the table it is drawn from are one thing: what a sighted reader sees, everybody can read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape  # plotly.js knows no `&quot;`, which Django's writes
from typing import Any, NamedTuple, cast

import plotly.graph_objects as go
from django.utils.formats import get_format, number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from aect.templatetags.aect import euros, percent

#: At least 3:1 against white and against the dark theme's background; patterns or labels tell series apart too.
PALETTE = ["#4b6fd8", "#c2693d", "#2f8f7f", "#a558a0", "#8d7a2b", "#c7526b", "#5b8a3c", "#7b6bb7"]


def text(value: Any) -> str:
    return str(value) if value is not None else ""


def link(value: tuple[str, str] | None) -> str:
    """A cell given as (label, address); nothing where there is no way to lead to it."""
    return format_html('<a href="{}">{}</a>', value[1], value[0]) if value else ""


def number(value: Decimal | float | None) -> str:
    return "" if value is None else number_format(value, force_grouping=True)


class Count(NamedTuple):
    """A cell: how many there are, None when it is not known, and the address of the list that shows them."""

    value: Decimal | int | None
    address: str = ""


def counted(count: Count) -> str:
    if count.value is None:
        return _("non renseigné")
    return link((number(count.value), count.address)) if count.value and count.address else number(count.value)


class Named(NamedTuple):
    """A cell: what readers see of a coded value, and its code, which files for programs say."""

    code: str
    label: str


def named(value: Named) -> str:
    return value.label


class Column(NamedTuple):
    """A table column: its heading and how a cell is written. Numbers stand to the right."""

    label: Any
    show: Callable[[Any], str] = text

    @property
    def is_number(self) -> bool:
        return self.show in {number, counted, euros, percent}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of raw values in the order of `columns`; `total` is one more row, set apart."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] = ()

    @property
    def cells(self) -> Iterable[list[tuple[Column, str]]]:
        return (self._written(row) for row in self.rows)

    @property
    def total_cells(self) -> list[tuple[Column, str]]:
        return self._written(self.total)

    def _written(self, row: Sequence[Any]) -> list[tuple[Column, str]]:
        pairs = zip(self.columns, row, strict=True)
        return [(column, "" if value == "" else column.show(value)) for column, value in pairs]


@dataclass(frozen=True, kw_only=True)
class Chart(Table):
    """A Plotly figure with the table it is drawn from.

    `description` tells in a sentence what the figure shows, for those who do not see it.
    """

    id: str
    figure: go.Figure
    description: str = ""
    note: str = ""
    is_open: bool = False

    @property
    def figure_id(self) -> str:
        return f"{self.id}-figure"

    @property
    def json(self) -> dict[str, Any]:
        """What plotly.js draws: data and layout, with the reader's decimal and thousands marks."""
        self.figure.update_layout(separators=get_format("DECIMAL_SEPARATOR") + get_format("THOUSAND_SEPARATOR"))
        figure: dict[str, Any] = self.figure.to_plotly_json()
        figure["layout"].pop("template", None)
        return cast(dict[str, Any], drawn(figure))


def drawn(value: Any) -> Any:
    """A part of a figure with its texts as plotly.js takes them: it reads `<b>`, `<a href>` and entities as markup.

    A line break is one on the chart too. `hovertemplate` is ours, and markup.
    """
    if isinstance(value, dict):
        return {name: part if name == "hovertemplate" else drawn(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [drawn(part) for part in value]
    return escape(value, quote=False).replace("\n", "<br>") if isinstance(value, str) else value
