"""Search over everything: each application's module `search` names the kinds of rows to be found, in `KINDS`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import urlencode

import django_filters
from django import forms
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import ChoiceParameterFilter, UrlFilterSet
from aect.finding import NEAREST, Looked, SearchedQuerySet, look_up
from aect.text import Needle

LONGEST = 100  # letters that a search takes


class Result(NamedTuple):
    """One row found: where it leads, and by which other name it was found."""

    title: str
    address: str
    detail: str = ""
    found_as: str = ""


@dataclass(frozen=True)
class Kind:
    """What can be found.

    `rows(user)` are those that this person may see: a `SearchedQuerySet`.
    `list_name` is the URL name of their own list, which takes `q` beside `list_query`.
    """

    code: str
    label: str | Promise
    rows: Callable[[User | AnonymousUser], QuerySet[Any]]
    result: Callable[[Any], Result]
    list_name: str = ""
    list_query: tuple[tuple[str, str], ...] = ()

    def all_address(self, text: str) -> str:
        """Where all of its rows that contain the text are: in its own list or, without one, here."""
        if self.list_name:
            return f"{reverse(self.list_name)}?{urlencode([*self.list_query, ('q', text)])}"
        return f"{reverse('search')}?{urlencode({'q': text, 'genre': self.code})}"


@cache
def kinds() -> list[Kind]:
    """Those of every application, in the order in which they are shown."""
    with_search = (config for config in apps.get_app_configs() if module_has_submodule(config.module, "search"))
    modules = (import_module(f"{config.name}.search") for config in with_search)
    return [kind for module in modules for kind in getattr(module, "KINDS", ())]  # Django has such modules too


@dataclass(frozen=True)
class Group:
    """What is found of one kind, with the nearest `most` of it."""

    kind: Kind
    rows: SearchedQuerySet[Any]
    looked: Looked
    needle: Needle
    text: str
    most: int

    @cached_property
    def results(self) -> list[Result]:
        return self.told(self.rows.nearest(self.looked, self.needle, most=self.most))

    def told(self, rows: Iterable[Any]) -> list[Result]:
        return [self.kind.result(row) for row in rows]

    @property
    def found(self) -> SearchedQuerySet[Any]:
        """All of its rows that are found."""
        return self.rows.among(self.looked, self.needle)

    @property
    def count(self) -> str:
        """How many are found: counted as far as they were looked up, the list of all has their number."""
        if self.looked.are_all:
            return intcomma(len(self.looked.rows))
        return gettext("%(n)s ou plus") % {"n": NEAREST}

    @property
    def has_more(self) -> bool:
        return len(self.looked.rows) > len(self.results)

    @property
    def all_address(self) -> str:
        return self.kind.all_address(self.text)


def find(text: str, user: User | AnonymousUser, *, each: int, is_counted: bool = True) -> tuple[list[Group], Needle]:
    """What is found of each kind that has some; mistyped words are forgiven when no kind contains the text.

    Quicker not counted: then no more than `each` of a kind need to be known.
    """
    rows: list[Any] = [kind.rows(user) for kind in kinds()]
    needle, looked = look_up(text, *rows, enough=None if is_counted else each)
    every = zip(kinds(), rows, looked, strict=True)
    return [Group(kind, of_it, found, needle, text, each) for kind, of_it, found in every if found.rows], needle


def search_field(label: Any, *, method: str = "search") -> django_filters.CharFilter:
    """`q`; a NUL, which arrives here as U+FFFD, is refused."""
    widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
    readable = RegexValidator("\ufffd", _("Ce texte contient un caractère illisible."), inverse_match=True)
    return django_filters.CharFilter(
        method=method, label=label, max_length=LONGEST, widget=widget, validators=[readable]
    )


class SearchFilter(UrlFilterSet):
    """What the search is asked in its URL: a text, and one kind to see all of."""

    presentation = UrlFilterSet.presentation | {"q"}

    q = search_field(_("Rechercher dans tout le registre"), method="everywhere")
    genre = ChoiceParameterFilter(
        label=_("Genre"), choices=lambda: [(kind.code, kind.label) for kind in kinds()], widget=forms.HiddenInput
    )

    def everywhere(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows  # each kind has its own

    @property
    def text(self) -> str:
        """What is sought; empty while nothing is, or while the address is wrong."""
        return str(self.form.cleaned_data["q"]) if self.is_bound and self.form.is_valid() else ""

    @property
    def kind(self) -> Kind | None:
        asked = self.form.cleaned_data["genre"] if self.text else ""
        return next((kind for kind in kinds() if kind.code == asked), None)
