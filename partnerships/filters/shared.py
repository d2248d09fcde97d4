"""What the registry's lists share: the search, and the facets that several of them have."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aect.filters import Facet, ListFilterSet
from aect.text import Needle
from partnerships.choices import TOGETHER, OrganisationKind, Side
from partnerships.models import Country, Organisation, Party, Theme
from partnerships.models.organisations import REGION_KINDS


def kinds(allowed: frozenset[OrganisationKind]) -> list[tuple[str, Any]]:
    return [choice for choice in OrganisationKind.choices if choice[0] in allowed]


def countries() -> list[tuple[str, str]]:
    return [(country.iso2, str(country)) for country in Country.objects.alphabetical()]


def regions() -> list[tuple[str, str]]:
    """Those of today and of former times, which partnerships may name."""
    return list(Organisation.objects.filter(kind__in=REGION_KINDS).alphabetical().values_list("slug", "name"))


def current_regions() -> list[tuple[str, str]]:
    rows = Organisation.objects.filter(kind__in=REGION_KINDS).current()
    return list(rows.alphabetical().values_list("slug", "name"))


def themes() -> list[tuple[str, str]]:
    return list(Theme.objects.values_list("slug", "name"))


def party_facet(side: Side, key: Any, *, link: str = "partnership", **options: Any) -> Facet:
    """A facet of rows told apart by their parties on one side."""
    return Facet(key, through=lambda: Party.objects.filter(role__in=TOGETHER, side=side), link=link, **options)


def foreign_countries(link: str = "partnership") -> Facet:
    """`pays`: ISO 3166-1 alpha-2 codes."""
    key = "organisation__country"
    return party_facet(Side.FOREIGN, key, link=link, label=_("Pays"), choices=countries, ranked=True)


class ListFilter(ListFilterSet):
    """What the lists share: a search, before all other parameters, so that it is made once for all facets."""

    @cached_property
    def _looked_up(self) -> tuple[QuerySet[Any], Needle]:
        return self.searched().first_found(self.form.cleaned_data["q"])  # type: ignore[attr-defined, no-any-return]

    @cached_property
    def _found(self) -> QuerySet[Any]:
        rows, needle = self._looked_up
        return rows.found_order(needle)  # type: ignore[attr-defined, no-any-return]

    @property
    def respelt(self) -> Needle | None:
        """What the search was read as, when nothing contains it."""
        needle = self._looked_up[1] if self.asked("q") else None
        return needle if needle and needle.words else None

    def searched(self) -> QuerySet[Any]:
        """The rows that a search is made in."""
        rows: QuerySet[Any] = self.queryset.all()
        return rows

    def filter_queryset(self, queryset: QuerySet[Any], *, but: str = "") -> QuerySet[Any]:
        rows = self._found if self.form.cleaned_data["q"] else self.searched()
        return super().filter_queryset(rows, but=but)

    def search(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows  # already among those found
