"""Search over everything: each application's module `search` names the kinds of rows to be found, in `KINDS`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import urlencode

import django_filters
from django import forms
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import ChoiceParameterFilter, UrlFilterSet
from aect.text import NEAREST, Needle

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

    `rows(user)` are those that this person may see; their QuerySet has `found(needle)` and `nearest_first(needle)`.
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


class Group(NamedTuple):
    """The nearest rows of one kind, among its `rows`, and the address of all those that contain the text."""

    kind: Kind
    rows: Any
    results: list[Result]
    all_address: str


def find(text: str, user: User | AnonymousUser, *, each: int) -> tuple[list[Group], Needle]:
    """The nearest rows of each kind that has some; mistyped words are forgiven when no kind contains the text."""
    needle = Needle.of(text, most=NEAREST)
    if not (needle.may_stand and (groups := _groups(needle, needle.text, user, each))):
        meant = needle.respelt()
        return _groups(meant, needle.text, user, each), meant
    return groups, needle


def _groups(needle: Needle, text: str, user: User | AnonymousUser, each: int) -> list[Group]:
    groups = []
    for kind in kinds():
        rows = kind.rows(user)
        if (found := rows.found(needle)).query.is_empty():  # type: ignore[attr-defined]
            continue
        if nearest := list(found.nearest_first(needle)[:each]):
            groups.append(Group(kind, rows, [kind.result(row) for row in nearest], kind.all_address(text)))
    return groups


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
