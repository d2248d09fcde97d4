"""What one may ask of the imports' pages."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from aect.batches.models import Batch, BatchRow, RowAction
from aect.filters import ChoiceParameterFilter, UrlFilterSet
from aect.tabular.writing import PROFILES

#: What a batch's page shows of its lines: the lists, which lines, and the counts of the batch that each one is of.
SHOWN: dict[str, tuple[Q, Any, str]] = {
    "erreurs": (Q(action=RowAction.ERROR), _("À corriger"), "error_count"),
    "a-verifier": (~Q(warnings=[]), _("À vérifier"), "warning_count"),
    "ajouts": (Q(action=RowAction.NEW), _("Ajouts"), "new_count"),
    "modifications": (Q(action=RowAction.CHANGED), _("Modifications"), "changed_count"),
    "inchangees": (Q(action=RowAction.UNCHANGED), _("Sans changement"), "unchanged_count"),
}


class BatchFilter(UrlFilterSet):
    class Meta(UrlFilterSet.Meta):
        model = Batch
        fields: list[str] = []


class RowFilter(UrlFilterSet):
    voir = django_filters.ChoiceFilter(
        method="of_action",
        choices=[(name, label) for name, (_lines, label, _count) in SHOWN.items()],
        label=_("Lignes"),
        widget=forms.HiddenInput,
    )

    class Meta(UrlFilterSet.Meta):
        model = BatchRow
        fields: list[str] = []

    def __init__(self, *args: Any, batch: Batch, **kwargs: Any) -> None:
        self.batch = batch
        super().__init__(*args, **kwargs)

    @property
    def shown(self) -> str:
        """The list on show: the one asked for, else the first that is not empty."""
        asked = self.form.cleaned_data.get("voir") if self.form.is_valid() else ""
        filled = (name for name, (_lines, _label, count) in SHOWN.items() if getattr(self.batch, count))
        return asked or next(filled, "erreurs")

    @property
    def views(self) -> list[tuple[str, Any, int]]:
        """Each list: its name in the address, its label, how many lines it has."""
        return [(name, label, getattr(self.batch, count)) for name, (_lines, label, count) in SHOWN.items()]

    def filter_queryset(self, queryset: QuerySet[Any], *, but: str = "") -> QuerySet[Any]:
        return super().filter_queryset(queryset, but=but).filter(SHOWN[self.shown][0])

    def of_action(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the list is narrowed in `filter_queryset`, where nothing asked for is narrowed too


class ExportFilter(UrlFilterSet):
    profil = ChoiceParameterFilter(choices=PROFILES, label=_("Profil"))

    class Meta(UrlFilterSet.Meta):
        model = Batch
        fields: list[str] = []
