"""Lists that live in their URL: strict parameters, removable chips, sorting and pages, the same everywhere.

An unknown parameter is ignored and said; a bad value gives 400 and the field's own message.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from dsfr.forms import DsfrBaseForm

PAGE_SIZE = 25
MAX_PAGE = 1_000_000


class Chip(NamedTuple):
    """One active filter: what it says, and the query string without it."""

    label: str
    value: str
    remove_url: str


class PageField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "min_value": 1, "max_value": MAX_PAGE})


class PageFilter(django_filters.Filter):
    """Takes part in validation only: the page is cut after everything else."""

    field_class = PageField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs


class UrlFilterSet(django_filters.FilterSet):
    """A FilterSet whose fields are the page's URL parameters.

    `presentation` names the parameters that change how rows are shown, not which: they make no chip.
    """

    presentation = frozenset({"page", "tri"})
    page = PageFilter(label=_("Page"), widget=forms.HiddenInput)

    class Meta:
        form = DsfrBaseForm

    @property
    def unknown_parameters(self) -> list[str]:
        """Parameters of the URL that this page does not know; ignored, and said on the page."""
        return sorted(set(self.data or {}) - set(self.form.fields))

    @property
    def chips(self) -> list[Chip]:
        return list(self._chips()) if self.is_bound and self.form.is_valid() else []

    def _chips(self) -> Iterator[Chip]:
        for name, value in self.form.cleaned_data.items():
            if name in self.presentation or value in (None, "") or (hasattr(value, "__len__") and not len(value)):
                continue
            field = self.form.fields[name]
            single = isinstance(value, str) or not hasattr(value, "__iter__")
            for item in [value] if single else value:
                raw = str(field.prepare_value(item))
                text = dict(getattr(field, "choices", [])).get(item, item) if isinstance(item, str) else item
                yield Chip(str(field.label or name), str(text), self._without(name, raw))

    def _without(self, name: str, raw: str) -> str:
        params: QueryDict = self.data.copy()
        params.pop("page", None)
        params.setlist(name, [value for value in params.getlist(name) if value != raw])
        return f"?{params.urlencode()}"

    @property
    def rows(self) -> QuerySet[Any]:
        """The rows asked for; none at all while a parameter is wrong, so that no wrong figure is shown."""
        return self.qs if not self.is_bound or self.form.is_valid() else self.queryset.none()

    @property
    def status(self) -> int:
        return 200 if not self.is_bound or self.form.is_valid() else 400


def render_list(
    request: HttpRequest, template: str, filterset: UrlFilterSet, *, per_page: int = PAGE_SIZE, **context: Any
) -> HttpResponse:
    """Renders one page of the rows as `page`, with `filterset`; a number past the end gives the last page."""
    number = filterset.form.cleaned_data.get("page") if filterset.is_bound and filterset.form.is_valid() else 1
    page = Paginator(filterset.rows, per_page).get_page(number or 1)
    return render(request, template, {"filterset": filterset, "page": page, **context}, status=filterset.status)
