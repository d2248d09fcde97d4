from collections.abc import Mapping
from typing import NamedTuple

from django import template

from aect.batches.models import BatchRow

register = template.Library()


class Cell(NamedTuple):
    """A cell of a line: its column, what stood in it, and what is to stand there or is wrong with it."""

    column: str
    before: str
    after: str = ""
    message: str = ""


@register.simple_tag
def cells_of(row: BatchRow, labels: Mapping[str, str], shown: str) -> list[Cell]:
    """The cells to speak of: those to look at, those with a problem, else those that change, in the columns' order."""
    if told := row.warnings if shown == "a-verifier" else row.problems:
        return [Cell(labels[name], row.cells.get(name, ""), message=message) for name, message in told]
    return [
        Cell(label, row.before.get(name, ""), row.after[name]) for name, label in labels.items() if name in row.after
    ]


@register.filter
def said_by(row: BatchRow, labels: Mapping[str, str]) -> str:
    """The first cells of a line that says something: what a reader knows it by."""
    return " · ".join([row.cells[name] for name in labels if row.cells.get(name, "").strip()][:2])
