"""What the list of collectivities may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aect.filters import UrlFilterSet
from aect.search import search_field
from partnerships.choices import (
    LOCAL_KINDS,
    OrganisationKind,
    Side,
)
from partnerships.filters.shared import CountriesFilter, ListFilter, kinds
from partnerships.models import Country, Organisation


class CollectivityFilter(ListFilter):
    """Local governments: those with a partnership, or all (`toutes=1`). Ended ones are for who looks for them:
    those with a partnership stay, the others only answer to a search."""

    presentation = UrlFilterSet.presentation | {"toutes"}

    q = search_field(_("Rechercher un nom, un code SIREN, COG ou INEGI"))
    pays = CountriesFilter(*Side, method="of_countries")
    type = django_filters.ChoiceFilter(
        field_name="kind", choices=kinds(LOCAL_KINDS), label=_("Type de collectivité"), empty_label=_("Tous")
    )
    region = django_filters.ModelChoiceFilter(
        queryset=lambda request: (
            Organisation.objects.filter(kind__in=[OrganisationKind.REGION, OrganisationKind.MX_STATE])
            .current()
            .alphabetical()
        ),
        to_field_name="slug",
        label=_("Région ou État fédéré"),
        empty_label=_("Toutes"),
    )
    toutes = django_filters.ChoiceFilter(
        method="everywhere", choices=[("1", _("Toutes les collectivités"))], label=_("Toutes"), widget=forms.HiddenInput
    )

    @property
    def shows_all(self) -> bool:
        return bool(self.form.is_valid() and self.form.cleaned_data["toutes"])

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrowed first, so that a search resorts to resembling names when none of these rows contains the text."""
        if not self.shows_all:
            queryset = queryset.partnered()  # type: ignore[attr-defined]
        elif not self.form.cleaned_data["q"]:
            queryset = queryset.current()  # type: ignore[attr-defined]
        return super().filter_queryset(queryset)  # type: ignore[no-any-return]

    def everywhere(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the default is narrowed in `filter_queryset`

    def of_countries(self, rows: QuerySet[Any], name: str, countries: QuerySet[Country]) -> QuerySet[Any]:
        return rows.filter(country__in=list(countries)) if countries else rows
