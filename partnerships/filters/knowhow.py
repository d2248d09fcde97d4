"""What the register of know-how may be asked in its URL: offers and needs, mostly by the same parameters."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelMultipleChoiceField

from aect.filters import Order, SortFilter
from aect.search import search_field
from partnerships import columns
from partnerships.choices import (
    FOREIGN_KINDS,
    FRENCH_KINDS,
    EntryState,
    KnowHowLabel,
    OrganisationKind,
    PartnerSize,
    Sdg,
    WorkingLanguage,
)
from partnerships.filters.shared import ListFilter, kinds
from partnerships.models import Country, Organisation, Theme


class LinkedCountries(ModelChoiceIterator):
    """Offers the countries that entries lead to; the others stay valid and give what is open to all."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return (self.choice(country) for country in self.queryset if country.links)


class CountriesField(ModelMultipleChoiceField):
    iterator = LinkedCountries


class EntriesCountriesFilter(django_filters.ModelMultipleChoiceFilter):
    """`pays`, repeatable: offers those that the entries lead to by `path`; the others stay valid."""

    field_class = CountriesField

    def __init__(self, path: str, **kwargs: Any) -> None:
        self.path = path
        super().__init__(to_field_name="iso2", widget=forms.CheckboxSelectMultiple, **kwargs)


class EntryFilter(ListFilter):
    """What both lists may be asked. Choices are those of the rows that the reader may see."""

    shared = ("q", "domaine", "odd", "pays", "langue")
    placed = (*shared, "label", "taille", "type", "region", "etat")
    displays = ("liste", "tableau")

    filters: dict[str, Any]

    domaine = django_filters.ModelChoiceFilter(
        field_name="theme",
        queryset=Theme.objects.all(),
        to_field_name="slug",
        label=_("Domaine"),
        empty_label=_("Tous"),
    )
    odd = django_filters.ChoiceFilter(
        method="with_goal",
        choices=[(number, f"{number}. {label}") for number, label in Sdg.choices],
        label=_("ODD"),
        empty_label=_("Tous"),
    )
    langue = django_filters.ChoiceFilter(
        method="in_language", choices=WorkingLanguage.choices, label=_("Langue de travail"), empty_label=_("Toutes")
    )
    region = django_filters.ModelChoiceFilter(
        method="in_region",
        queryset=Organisation.objects.all(),
        to_field_name="slug",
        label=_("Région ou État fédéré"),
        empty_label=_("Toutes"),
    )
    etat = django_filters.ChoiceFilter(
        field_name="state", choices=EntryState.choices, label=_("État"), empty_label=_("Tous")
    )
    tri = SortFilter(
        {
            "publication": Order("published_on", down=_("Plus récent")),
            "collectivite": Order("organisation__folded", up=_("Collectivité")),
            "titre": Order("folded", up=_("Intitulé")),
        },
        default="-publication",
        tie=["pk"],
    )

    def __init__(self, *args: Any, all_states: bool = False, **kwargs: Any) -> None:
        """`all_states`: the rows hold drafts and closed entries too, so that one may ask for a state."""
        super().__init__(*args, **kwargs)
        rows = self.queryset.order_by()
        areas = [OrganisationKind.REGION, OrganisationKind.MX_STATE]
        filters: dict[str, Any] = {name: self.filters[name] for name in self.placed if name in self.filters}
        filters |= self.filters
        filters["domaine"].queryset = Theme.objects.filter(pk__in=rows.values("theme"))
        filters["pays"].queryset = Country.objects.alphabetical().annotate(
            links=Q(pk__in=rows.values(filters["pays"].path))
        )
        filters["region"].queryset = Organisation.objects.alphabetical().filter(
            Q(pk__in=rows.values("organisation__region"))
            | Q(pk__in=rows.filter(organisation__kind__in=areas).values("organisation"))
        )
        if not all_states:
            del filters["etat"]
        self.filters = filters

    def with_goal(self, rows: QuerySet[Any], name: str, goal: str) -> QuerySet[Any]:
        return rows.filter(sdg_goals__contains=[int(goal)])

    def in_language(self, rows: QuerySet[Any], name: str, code: str) -> QuerySet[Any]:
        return rows.filter(languages__contains=[code])

    def in_region(self, rows: QuerySet[Any], name: str, region: Organisation) -> QuerySet[Any]:
        return rows.filter(Q(organisation__region=region) | Q(organisation=region))

    @property
    def has_fictitious(self) -> bool:
        """Whether made-up entries are among the rows."""
        return self.rows.order_by().filter(is_fictitious=True).exists()

    @property
    def shared_query(self) -> str:
        """The part of the query string that the other list understands too."""
        asked = QueryDict(mutable=True)
        for name, values in self.data.lists() if self.data else ():
            if name in self.shared:
                asked.setlist(name, values)
        return f"?{asked.urlencode()}" if asked else ""


class OfferFilter(EntryFilter):
    columns = columns.OFFERS
    usual_columns = ("titre", "collectivite", "domaine", "odd", "souhaites", "label", "fictif")

    q = search_field(_("Rechercher un savoir-faire, une collectivité"))
    pays = EntriesCountriesFilter("countries", method="open_to", label=_("Ouverte à ce pays"))
    label = django_filters.ChoiceFilter(
        field_name="label", choices=KnowHowLabel.choices, label=_("Label"), empty_label=_("Indifférent")
    )
    type = django_filters.ChoiceFilter(
        field_name="organisation__kind",
        choices=kinds(FRENCH_KINDS),
        label=_("Type de collectivité"),
        empty_label=_("Tous"),
    )

    def open_to(self, rows: QuerySet[Any], name: str, wished: QuerySet[Country]) -> QuerySet[Any]:
        return rows.open_to(wished) if wished else rows  # type: ignore[attr-defined]


class NeedFilter(EntryFilter):
    columns = columns.NEEDS
    usual_columns = ("titre", "collectivite", "pays", "domaine", "odd", "taille", "fictif")

    q = search_field(_("Rechercher un besoin, une autorité locale"))
    pays = EntriesCountriesFilter("organisation__country", method="of_countries", label=_("Pays"))
    taille = django_filters.ChoiceFilter(
        field_name="size", choices=PartnerSize.choices, label=_("Taille souhaitée"), empty_label=_("Indifférent")
    )
    type = django_filters.ChoiceFilter(
        field_name="organisation__kind",
        choices=kinds(FOREIGN_KINDS),
        label=_("Type d’autorité locale"),
        empty_label=_("Tous"),
    )

    def of_countries(self, rows: QuerySet[Any], name: str, places: QuerySet[Country]) -> QuerySet[Any]:
        return rows.filter(organisation__country__in=list(places)) if places else rows
