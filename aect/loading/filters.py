"""What one may ask of the page of differences."""

from typing import Any

import django_filters
from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from aect.filters import UrlFilterSet
from aect.loading.models import Difference, DifferenceState, LoadedRow, Origin, kinds_that_differ
from aect.loading.telling import records

VIEWS = {
    "a-decider": (DifferenceState.OPEN, _("À décider")),
    "laissees": (DifferenceState.LEFT, _("Laissées")),
    "prises": (DifferenceState.TAKEN, _("Prises")),
}


class RecordPaginator(Paginator):
    def _get_page(self, rows: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._get_page(records(rows), *args, **kwargs)  # type: ignore[misc]


class DifferenceFilter(UrlFilterSet):
    switches = frozenset({"voir"})

    voir = django_filters.ChoiceFilter(
        method="in_state",
        choices=[(name, label) for name, (_state, label) in VIEWS.items()],
        label=_("Différences"),
        widget=forms.HiddenInput,
    )
    fiche = django_filters.ChoiceFilter(
        field_name="model",
        choices=lambda: sorted((label, capfirst(str(name))) for label, name in kinds_that_differ()),
        label=_("Genre de fiche"),
        empty_label=_("Tous"),
    )
    origine = django_filters.ChoiceFilter(
        field_name="origin", choices=Origin.choices, label=_("Origine"), empty_label=_("Toutes")
    )

    class Meta(UrlFilterSet.Meta):
        model = LoadedRow
        fields: list[str] = []

    @cached_property
    def shown(self) -> str:
        """The list on show."""
        asked = self.form.cleaned_data.get("voir") if self.is_bound and self.form.is_valid() else ""
        return asked or "a-decider"

    @property
    def views(self) -> list[tuple[str, Any, int]]:
        """Each list: its name in the address, its label, how many differences it has."""
        counts = {state.value: Count("pk", filter=Q(state=state)) for state in DifferenceState}
        found = Difference.objects.aggregate(**counts)
        return [(name, label, found[state]) for name, (state, label) in VIEWS.items()]

    @property
    def rows(self) -> QuerySet[Any]:
        found: Any = super().rows
        rows: QuerySet[Any] = found.differing(VIEWS[self.shown][0])
        return rows

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the list is narrowed in `rows`, where nothing asked for is narrowed too

    def paginator(self, per_page: int) -> "Paginator[Any]":
        return RecordPaginator(self.rows, per_page)
