"""Lists that live in their URL: strict parameters, removable chips, facets with their counts, chosen columns,
sorting and pages, the same everywhere.

An unknown parameter is ignored and said; a bad value gives 400 and the field's own message.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import BigIntegerField, BooleanField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from dsfr.forms import DsfrBaseForm

from aect.columns import ListColumn
from aect.tabular.writing import PROFILES

PAGE_SIZE = 25
MAX_PAGE = 1_000_000
DISPLAYS = {"liste": _("Liste"), "tableau": _("Tableau"), "carte": _("Carte")}

Choices = Sequence[tuple[str, Any]]


class Chip(NamedTuple):
    """One active filter: what it says, and the query string without it."""

    label: str
    value: str
    remove_url: str

    def __str__(self) -> str:
        return f"{self.label} : {self.value}"


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


class FacetField(forms.MultipleChoiceField):
    default_error_messages = {
        "invalid_choice": _("« %(value).40s » n’est pas un choix de cette liste."),
    }

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(text for text in super().to_python(value) if text.strip()))


class Facet(django_filters.Filter):
    """A repeatable parameter each of whose choices says how many rows it would give beside the other parameters.

    `key` is what the rows are told apart by: a field of theirs or, with `through`, a field or an expression of the
    rows of another table, which lead back to them by `link`. It selects and counts, so that the two agree.
    `choices` are given in their order, or by a function; those of a `ranked` facet stand by their count.
    """

    field_class = FacetField

    def __init__(
        self,
        key: str | Combinable,
        *,
        label: Any,
        choices: Choices | Callable[[], Choices],
        through: Callable[[], QuerySet[Any]] | None = None,
        link: str = "",
        ranked: bool = False,
    ) -> None:
        super().__init__(label=label, widget=forms.CheckboxSelectMultiple)
        self.key, self.choices, self.through, self.link, self.ranked = key, choices, through, link, ranked

    @property
    def field(self) -> Any:
        if "choices" not in self.extra:  # asked for once a page
            self.extra["choices"] = list(self.choices() if callable(self.choices) else self.choices)
        return super().field

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        if self.through is None:
            return qs.filter(**{f"{self.key}__in": value})
        return qs.filter(Exists(self._keyed(self.through()).filter(facet__in=value, **{self.link: OuterRef("pk")})))

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        """How many of these rows have each value, in one query."""
        if self.through is None:
            found = rows.order_by().values_list(self.key).annotate(n=Count("pk"))
        else:
            having = self._keyed(self.through()).filter(**{f"{self.link}__in": rows.order_by().values("pk")})
            found = having.values_list("facet").annotate(n=Count(self.link, distinct=True))
        return {str(value): n for value, n in found}

    def _keyed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        keyed: QuerySet[Any] = rows.order_by().annotate(facet=F(self.key) if isinstance(self.key, str) else self.key)
        return keyed

    def offered(self, counts: Mapping[str, int], chosen: Sequence[str]) -> Choices:
        """The choices that give rows, with their counts, and those that are chosen, first where they are ranked."""
        found = [choice for choice in self.field.choices if counts.get(choice[0]) or choice[0] in chosen]
        if self.ranked:
            found.sort(key=lambda choice: (choice[0] not in chosen, -counts.get(choice[0], 0)))
        return [(code, counted(label, counts.get(code, 0))) for code, label in found]


class IsAmong(Func):
    """That a column holds one of the values of an array: one parameter, however many they are."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def counted(label: Any, count: int) -> str:
    return f"{label} ({number_format(count, force_grouping=True)})"


class Order(NamedTuple):
    """A value of `tri`: what it is called, where it is offered in words, and what it sorts by."""

    key: Any
    up: Any = ""
    down: Any = ""


class SortFilter(ParameterFilter):
    """`tri`: the name of an order, or « - » and its name for the same turned round. What is not known comes last.

    `orders` are offered in words above the list; `tie` puts in a fixed order the rows that an order leaves equal.
    """

    field_class = forms.ChoiceField

    def __init__(self, orders: Mapping[str, Order], *, default: str, tie: Sequence[Any]) -> None:
        codes = [sign + name for name in orders for sign in ("", "-")]
        super().__init__(label=_("Tri"), widget=forms.HiddenInput, choices=[(code, code) for code in codes])
        self.orders, self.default, self.tie = orders, default, tie

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return self.sorted(qs, value) if value else qs

    def sorted(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        key: Any = self.orders[code.lstrip("-")].key
        key = F(key) if isinstance(key, str) else key
        first = key.desc(nulls_last=True) if code.startswith("-") else key.asc(nulls_last=True)
        return rows.order_by(first, *self.tie)

    @property
    def offered(self) -> list[tuple[str, Any]]:
        both = ((sign + name, label) for name, o in self.orders.items() for sign, label in (("", o.up), ("-", o.down)))
        found = [(code, label) for code, label in both if label]
        return sorted(found, key=lambda order: order[0] != self.default)


class CommaList(forms.HiddenInput):
    """Takes `a,b` as well as `a` and `b`, which boxes to tick send."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        return ",".join(data.getlist(name))


class ColumnsField(forms.CharField):
    """A comma list of columns; cleaned, the columns in the order asked."""

    widget = CommaList

    def __init__(self, *, columns: Sequence[ListColumn], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns = {column.name: column for column in columns}

    def clean(self, value: Any) -> list[ListColumn]:
        names = list(dict.fromkeys(name.strip() for name in str(super().clean(value) or "").split(",")))
        if unknown := [name for name in names if name and name not in self.columns]:
            message = _("« %(value)s » n’est pas une colonne : choisissez parmi %(known)s.")
            params = {"value": unknown[0][:40], "known": ", ".join(self.columns)}
            raise ValidationError(message, code="unknown", params=params)
        return [self.columns[name] for name in names if name]


class ColumnsFilter(ParameterFilter):
    field_class = ColumnsField


class UrlFilterSet(django_filters.FilterSet):
    """A FilterSet whose fields are the page's URL parameters.

    `presentation` names the parameters that change how rows are shown, not which: they make no chip. Nor do
    `switches`, which a row of links on the page shows; wherever else the query is told, it tells them.
    """

    presentation = frozenset({"page", "tri"})
    switches = frozenset[str]()
    comma_lists = frozenset[str]()  # parameters that tell several values in one
    field_order: ClassVar[Sequence[str] | None] = None  # those named come first in the form
    seldom: ClassVar[frozenset[str]] = frozenset()  # those that the form folds away while none has a value
    page = PageFilter(label=_("Page"), widget=forms.HiddenInput)

    class Meta:
        form = DsfrBaseForm

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(without_nul(data), *args, **kwargs)

    def get_form_class(self) -> type[forms.Form]:
        form: type[forms.Form] = super().get_form_class()
        form.field_order = self.field_order
        return form

    @property
    def usual_fields(self) -> list[forms.BoundField]:
        """The fields beside the search that the form shows."""
        return [field for field in self.form.visible_fields() if field.name not in {"q", *self.seldom}]

    @property
    def seldom_fields(self) -> list[forms.BoundField]:
        return [field for field in self.form.visible_fields() if field.name in self.seldom]

    @property
    def has_seldom_value(self) -> bool:
        return any(self.data.getlist(name) for name in self.seldom) if self.is_bound else False

    @property
    def unknown_parameters(self) -> list[str]:
        """Parameters of the URL that this page does not know; ignored, and said on the page."""
        return sorted(set(self.data or {}) - set(self.form.fields))

    @property
    def chips(self) -> list[Chip]:
        return list(self._chips(but=self.switches)) if self.is_bound and self.form.is_valid() else []

    @property
    def chosen(self) -> QueryDict:
        """The parameters that choose rows, without those of how they are shown."""
        chosen = self.tidy
        for name in set(chosen) - (set(self.form.fields) - self.presentation):
            del chosen[name]
        return chosen

    @property
    def without_chips(self) -> str:
        """The query string without any active filter; how the rows are shown stays."""
        params: QueryDict = self.data.copy()
        for name in set(params) - (self.presentation | self.switches) | {"page"}:
            params.pop(name, None)
        return f"?{params.urlencode()}" if params else ""

    @property
    def criteria(self) -> list[Chip]:
        """All that chooses the rows, for where no page shows the switches."""
        return list(self._chips()) if self.is_bound and self.form.is_valid() else []

    def _chips(self, *, but: Collection[str] = ()) -> Iterator[Chip]:
        untold = self.presentation.union(but)
        for name, value in self.form.cleaned_data.items():
            if name in untold or value in (None, "") or (hasattr(value, "__len__") and not len(value)):
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

    def filter_queryset(self, queryset: QuerySet[Any], *, but: str = "") -> QuerySet[Any]:
        """The rows that all parameters select, `but` one."""
        for name, value in self.form.cleaned_data.items():
            if name != but:
                queryset = self.filters[name].filter(queryset, value)
        return queryset

    @property
    def problems(self) -> list[str]:
        """What is wrong, one line a message: `parameter: message`."""
        errors = self.form.errors if self.is_bound else {}
        return [f"{name}: {message}" for name, messages in errors.items() for message in messages]

    @property
    def status(self) -> int:
        return 200 if not self.is_bound or self.form.is_valid() else 400

    @cached_property
    def keys(self) -> list[int] | None:
        """The primary keys of the rows asked for, found once; None when no parameter leaves a row out."""
        if not self.is_bound:
            return None
        silent = self.presentation | self.switches
        narrowing = {name: value for name, value in self.form.cleaned_data.items() if name not in silent}
        return list(self.rows.order_by().values_list("pk", flat=True)) if any(narrowing.values()) else None

    def _with_keys(self, keys: list[int]) -> QuerySet[Any]:
        """Those of the list's rows; the keys go as one array literal, which PostgreSQL reads faster than a list."""
        held = Cast(Value(f"{{{','.join(map(str, keys))}}}"), ArrayField(BigIntegerField()))
        rows: QuerySet[Any] = self.queryset.order_by().filter(IsAmong(F("pk"), held))
        return rows

    def paginator(self, per_page: int) -> "Paginator[Any]":
        paginator: Paginator[Any] = Paginator(self.rows, per_page)
        if self.status == 200 and self.facets and self.keys is not None:
            paginator.count = len(self.keys)  # not counted again
        return paginator

    @property
    def facets(self) -> list[str]:
        """The parameters whose choices say how many rows they would give."""
        return [name for name, each in self.filters.items() if hasattr(each, "counts")]

    def count_facets(self, *names: str) -> None:
        """Gives each facet's boxes, or those of these facets, their counts, in one query a facet.

        What all parameters select is searched once, for all the facets that none is chosen of.
        """
        if self.status != 200 or not self.facets:
            return
        all_asked = self.rows if self.keys is None else self._with_keys(self.keys)
        for name in [name for name in self.facets if not names or name in names]:
            facet = self.filters[name]
            widget, chosen = self.form.fields[name].widget, self.form.cleaned_data[name]
            rows = self.filter_queryset(self.queryset.all(), but=name) if chosen else all_asked
            widget.choices = facet.offered(facet.counts(rows), chosen)

    @property
    def tidy(self) -> QueryDict:
        """The same parameters without those that say nothing, and each list of names as one value."""
        tidy = QueryDict(mutable=True)
        for name, values in self.data.lists():
            if kept := [value for value in values if value.strip()]:
                tidy.setlist(name, [",".join(kept)] if name in self.comma_lists else kept)
        return tidy


class ListFilterSet(UrlFilterSet):
    """A list that is shown as rows, as a table of chosen columns and perhaps as a map, and written to files.

    A subclass names its `columns`, those of its `usual_columns`, its `displays`, and gives `tri`, a SortFilter. Where
    it holds rows that not everybody may read, `draft` tells them and `draft_column` is never left out.
    """

    presentation = UrlFilterSet.presentation | {"affichage", "colonnes", "profil"}
    comma_lists = frozenset({"colonnes"})
    columns: ClassVar[Sequence[ListColumn]]
    usual_columns: ClassVar[Sequence[str]]
    displays: ClassVar[Sequence[str]] = ("liste", "tableau", "carte")
    draft: ClassVar[Q] = Q()
    draft_column: ClassVar[str] = ""

    affichage = ChoiceParameterFilter(label=_("Affichage"), widget=forms.HiddenInput)
    colonnes = ColumnsFilter(label=_("Colonnes"))
    profil = ChoiceParameterFilter(label=_("Format"), choices=PROFILES, widget=forms.HiddenInput)

    def __init__(self, *args: Any, may_hold_drafts: bool = False, **kwargs: Any) -> None:
        """`may_hold_drafts`: the reader is one who may read what is not published."""
        super().__init__(*args, **kwargs)
        self.may_hold_drafts = may_hold_drafts and bool(self.draft_column)
        self.filters["affichage"].extra["choices"] = [(name, DISPLAYS[name]) for name in self.displays]
        self.filters["colonnes"].extra["columns"] = self.columns

    def asked(self, name: str) -> Any:
        """The cleaned value of a parameter; nothing while one is wrong."""
        return self.form.cleaned_data.get(name) if self.is_bound and self.form.is_valid() else None

    @property
    def display(self) -> str:
        return self.asked("affichage") or "liste"

    @property
    def display_choices(self) -> list[tuple[str, Any]]:
        return [(name, DISPLAYS[name]) for name in self.displays]

    @cached_property
    def shown_columns(self) -> list[ListColumn]:
        """Those asked for, or the usual ones; the first of all, which names the row, is always among them, and that
        which tells drafts where there are some."""
        known = {column.name: column for column in self.columns}
        shown = self.asked("colonnes") or [known[name] for name in self.usual_columns]
        shown = shown if self.columns[0] in shown else [self.columns[0], *shown]
        untold = self.may_hold_drafts and known[self.draft_column] not in shown
        if untold and self.rows.order_by().filter(self.draft).exists():
            return [*shown, known[self.draft_column]]
        return shown

    @property
    def column_choices(self) -> list[tuple[ListColumn, bool]]:
        """Every column and whether it is shown; those that are come first, in their order."""
        shown = self.shown_columns
        others = (column for column in self.columns if column not in shown)
        offered = (column for column in others if self.may_hold_drafts or column.name != self.draft_column)
        return [(column, True) for column in shown] + [(column, False) for column in offered]

    @cached_property
    def order(self) -> str:
        """The value of `tri` that the rows stand in, the usual one when none is asked; nothing when a search ranks."""
        usual = self.rows.query.order_by == self.queryset.query.order_by
        return self.asked("tri") or (self.filters["tri"].default if usual else "")

    @property
    def orders(self) -> Choices:
        offered: Choices = self.filters["tri"].offered
        return offered

    @property
    def heads(self) -> list[tuple[ListColumn, str, str]]:
        """The columns shown, each with its `aria-sort` and the value of `tri` that its heading leads to."""
        return [(column, *self._sorting(column.tri)) for column in self.shown_columns]

    def _sorting(self, name: str) -> tuple[str, str]:
        if not name or self.order.lstrip("-") != name:
            return "", name
        return ("descending", name) if self.order.startswith("-") else ("ascending", f"-{name}")

    @property
    def tidy(self) -> QueryDict:
        tidy = super().tidy
        if tidy.get("affichage") == "liste":
            del tidy["affichage"]
        if tidy.get("colonnes") == ",".join(self.usual_columns):
            del tidy["colonnes"]
        return tidy

    @cached_property
    def link_query(self) -> str:
        """What a link to one row's own page carries, so that it knows the rows around: this query, never empty."""
        params = self.tidy
        params.pop("page", None)
        if not params:
            params["tri"] = self.filters["tri"].default
        return f"?{params.urlencode()}"


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
    """Renders one page of the rows as `page`, with `filterset`; a number past the end gives the last page.

    An address with parameters that say nothing, as a form sends them without JavaScript, leads to the tidy one.
    """
    if list((tidy := filterset.tidy).lists()) != list(filterset.data.lists()):
        return redirect(f"{request.path}?{tidy.urlencode()}" if tidy else request.path)
    filterset.count_facets()
    number = filterset.form.cleaned_data.get("page") if filterset.is_bound and filterset.form.is_valid() else 1
    page = filterset.paginator(per_page).get_page(number or 1)
    return render(request, template, {"filterset": filterset, "page": page, **context}, status=filterset.status)
