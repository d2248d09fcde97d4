"""The columns that a list can show: one definition for its table, its files and the comparison of its rows."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils import translation
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from aect import fields
from aect.fields import PartialDate
from aect.tabular import writing
from aect.templatetags.aect import euros


class ListColumn(NamedTuple):
    """`name` stands in the address (`colonnes=nom,statut`), `code` heads the `standard` file, `label` all else.

    `value` gives a row's value: what `writing.Column` says of its kinds, or for text a list of several; None or
    nothing is not known. A `year` is an integer that is never grouped. `tri` is the value of that parameter which
    sorts by this column.
    """

    name: str
    code: str
    label: Any
    value: Callable[[Any], Any]
    kind: str = "text"
    tri: str = ""
    labels: type[TextChoices] | None = None
    definition: Any = ""

    @property
    def is_number(self) -> bool:
        return self.kind in {"integer", "amount"}

    @property
    def in_files(self) -> writing.Column:
        with translation.override("fr"):
            kind = "integer" if self.kind == "year" else self.kind
            return writing.Column(self.code, str(self.label), kind, self.labels)

    def written(self, row: Any) -> Any:
        """The value as a file takes it: several texts stand in one cell, between bars."""
        value = self.value(row)
        return "|".join(map(str, value)) if isinstance(value, list) else value

    def shown(self, row: Any) -> str:
        """The value as a reader sees it."""
        value = self.value(row)
        if value is None or value in ("", []):
            return format_html('<span class="aect-unknown">{}</span>', _("non renseigné"))
        if isinstance(value, list):
            texts = [self._text(each) for each in value]
            lines = format_html_join("", "<li>{}</li>", ((text,) for text in texts))
            return format_html('<ul class="aect-list-plain">{}</ul>', lines) if len(texts) > 1 else texts[0]
        return self._text(value)

    def _text(self, value: Any) -> str:
        if isinstance(value, PartialDate):
            return fields.partial_date(*value)
        if self.kind == "amount":
            return euros(value)
        if self.kind == "integer":
            return number_format(value, force_grouping=True)
        if self.kind == "flag":
            return _("oui") if value else _("non")
        return str(self.labels(value).label) if self.labels else str(value)


class Comparison(NamedTuple):
    """Rows side by side: a line a column, and whether they differ in it."""

    columns: Sequence[ListColumn]
    rows: Sequence[Any]

    @property
    def lines(self) -> list[tuple[ListColumn, list[tuple[Any, str]], bool]]:
        """Each column, what each row says in it, and whether they differ."""
        return [
            (column, [(row, column.shown(row)) for row in self.rows], self._differ(column)) for column in self.columns
        ]

    def _differ(self, column: ListColumn) -> bool:
        values = [column.value(row) for row in self.rows]
        return any(value != values[0] for value in values)
