"""What the list of conventions may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.filters import UrlFilterSet
from aect.search import search_field
from partnerships.choices import (
    ConventionKind,
    ConventionState,
    PartyRole,
    Side,
)
from partnerships.filters.shared import CountedCountriesFilter, ListFilter
from partnerships.law import months_later
from partnerships.models import Convention, Country, Party

ENDING_SOON = 6  # months


class ConventionFilter(ListFilter):
    """Conventions; `vue` is one of the lists that an officer follows."""

    presentation = UrlFilterSet.presentation | {"vue"}

    q = search_field(_("Rechercher un intitulé, un objet, un partenariat"))
    pays = CountedCountriesFilter(Side.FOREIGN, counted="partnership__conventions", method="of_countries")
    nature = django_filters.ChoiceFilter(
        field_name="kind", choices=ConventionKind.choices, label=_("Nature"), empty_label=_("Toutes")
    )
    etat = django_filters.ChoiceFilter(
        field_name="state", choices=ConventionState.choices, label=_("État"), empty_label=_("Tous")
    )
    vue = django_filters.ChoiceFilter(
        method="any_view",
        choices=[
            ("fin-proche", _("Fin dans les six mois")),
            ("non-transmises", _("Signées, sans transmission connue")),
        ],
        label=_("Liste"),
        widget=forms.HiddenInput,
    )
    tri = django_filters.ChoiceFilter(
        method="sort",
        choices=[
            ("-signature", _("Plus récente")),
            ("signature", _("Plus ancienne")),
            ("fin", _("Échéance")),
            ("titre", _("Intitulé")),
        ],
        label=_("Tri"),
        widget=forms.HiddenInput,
    )

    def of_countries(self, rows: QuerySet[Any], name: str, countries: QuerySet[Country]) -> QuerySet[Any]:
        places = Party.objects.filter(
            partnership=OuterRef("partnership"),
            role=PartyRole.PARTY,
            side=Side.FOREIGN,
            organisation__country__in=list(countries),
        )
        return rows.filter(Exists(places)) if countries else rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.followed(self.before_view(queryset), self.form.cleaned_data["vue"])

    def before_view(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that the other parameters select, whichever of the officer's lists is open."""
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        return rows

    def any_view(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the list is narrowed in `filter_queryset`

    def followed(self, rows: QuerySet[Any], view: str) -> QuerySet[Any]:
        today = timezone.localdate()
        if view == "fin-proche":
            return rows.not_over(today).ending_before(months_later(today, ENDING_SOON))  # type: ignore[attr-defined, no-any-return]
        return rows.signed_never_transmitted() if view else rows  # type: ignore[attr-defined]

    @property
    def views(self) -> list[tuple[str, Any, int]]:
        """Each list: its code, its name and how many conventions it would show; the first shows them all."""
        rows = self.before_view(self.queryset.all()).order_by()
        lists = [("", _("Toutes")), *self.base_filters["vue"].extra["choices"]]
        return [(code, label, self.followed(rows, code).count()) for code, label in lists]

    def sort(self, rows: QuerySet[Convention], name: str, order: str) -> QuerySet[Convention]:
        first = {
            "-signature": [F("signed_on").desc(nulls_last=True)],
            "signature": [F("signed_on").asc(nulls_last=True)],
            "fin": [F("ends_on").asc(nulls_last=True)],
        }
        return rows.order_by(*first.get(order, []), "folded", "pk")
