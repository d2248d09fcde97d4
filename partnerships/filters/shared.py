"""What the registry's lists share: the search, countries with their counts, kinds."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelMultipleChoiceField

from aect.filters import UrlFilterSet
from aect.text import Fold
from partnerships.choices import (
    OrganisationKind,
    PartyRole,
    Side,
)
from partnerships.models import Country, Party
from partnerships.models.reference import name_field


def kinds(allowed: frozenset[OrganisationKind]) -> list[tuple[str, Any]]:
    return [choice for choice in OrganisationKind.choices if choice[0] in allowed]


def parties(**conditions: Any) -> Exists:
    """Whether a partnership has such a party."""
    return Exists(Party.objects.filter(partnership=OuterRef("pk"), role=PartyRole.PARTY, **conditions))


def with_links(counted: str, *sides: Side) -> QuerySet[Country]:
    """Every country, annotated with `links`: how many rows its places on these sides lead to; the most linked first."""
    places = Q(organisation__places__role=PartyRole.PARTY, organisation__places__side__in=sides)
    links = Count(f"organisation__places__{counted}", filter=places, distinct=True)
    return Country.objects.annotate(links=links).order_by("-links", Fold(name_field()))


class LinkedCountries(ModelChoiceIterator):
    """Offers the countries that have such rows; the others stay valid and give an empty list."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return (self.choice(country) for country in self.queryset if country.links)


class CountriesField(ModelMultipleChoiceField):
    iterator = LinkedCountries


class CountedCountriesField(CountriesField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.links})"


class CountriesFilter(django_filters.ModelMultipleChoiceFilter):
    """`pays`, repeatable: ISO 3166-1 alpha-2 codes."""

    field_class = CountriesField

    def __init__(self, *sides: Side, counted: str = "partnership", **kwargs: Any) -> None:
        super().__init__(
            queryset=lambda request: with_links(counted, *sides),
            to_field_name="iso2",
            label=_("Pays"),
            widget=forms.CheckboxSelectMultiple,
            **kwargs,
        )


class CountedCountriesFilter(CountriesFilter):
    """The same, each with its number of rows."""

    field_class = CountedCountriesField


class ListFilter(UrlFilterSet):
    """What the lists share."""

    def search(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.matching(text)  # type: ignore[attr-defined, no-any-return]
