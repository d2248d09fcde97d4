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


class ParameterFilter(django_filters.Filter):
    """A parameter that takes part in validation only: the page, the sorting, what a file looks like."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs


class PageFilter(ParameterFilter):
    field_class = PageField


class ChoiceParameterFilter(ParameterFilter):
    field_class = forms.ChoiceField


class UrlFilterSet(django_filters.FilterSet):
    """A FilterSet whose fields are the page's URL parameters.

    `presentation` names the parameters that change how rows are shown, not which: they make no chip.
    """

    presentation = frozenset({"page", "tri"})
    page = PageFilter(label=_("Page"), widget=forms.HiddenInput)

    class Meta:
        form = DsfrBaseForm

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(without_nul(data), *args, **kwargs)

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
                yield Chip(str(field.label or name), str(text), self._without(name, None if single else raw))

    def _without(self, name: str, raw: str | None) -> str:
        """The query string without one value of a parameter, or without all of it."""
        params: QueryDict = self.data.copy()
        params.pop("page", None)
        params.setlist(name, [value for value in params.getlist(name) if raw is not None and value != raw])
        return f"?{params.urlencode()}"

    @property
    def rows(self) -> QuerySet[Any]:
        """The rows asked for; none at all while a parameter is wrong, so that no wrong figure is shown."""
        rows: QuerySet[Any] = self.qs if not self.is_bound or self.form.is_valid() else self.queryset.none()
        return rows

    @property
    def problems(self) -> list[str]:
        """What is wrong, one line a message: `parameter: message`."""
        errors = self.form.errors if self.is_bound else {}
        return [f"{name}: {message}" for name, messages in errors.items() for message in messages]

    @property
    def status(self) -> int:
        return 200 if not self.is_bound or self.form.is_valid() else 400


def without_nul(data: QueryDict | None) -> QueryDict | None:
    """A NUL becomes a character that PostgreSQL can be asked about: some fields look their value up unchecked."""
    if data is None or not any("\0" in value for _name, values in data.lists() for value in values):
        return data
    clean = data.copy()
    for name, values in data.lists():
        clean.setlist(name, [value.replace("\0", "\ufffd") for value in values])
    return clean


def render_list(
    request: HttpRequest, template: str, filterset: UrlFilterSet, *, per_page: int = PAGE_SIZE, **context: Any
) -> HttpResponse:
    """Renders one page of the rows as `page`, with `filterset`; a number past the end gives the last page."""
    number = filterset.form.cleaned_data.get("page") if filterset.is_bound and filterset.form.is_valid() else 1
    page = Paginator(filterset.rows, per_page).get_page(number or 1)
    return render(request, template, {"filterset": filterset, "page": page, **context}, status=filterset.status)
