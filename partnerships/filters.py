"""What the registry's lists may be asked in their URL."""

import re
from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When
from django.forms.models import ModelChoiceIterator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelMultipleChoiceField

from aect.filters import UrlFilterSet
from aect.text import Fold
from partnerships.choices import (
    FRENCH_KINDS,
    LOCAL_KINDS,
    ConventionKind,
    ConventionState,
    OrganisationKind,
    PartnershipStatus,
    PartyRole,
    Side,
)
from partnerships.law import months_later
from partnerships.models import Convention, Country, Organisation, Partnership, Party, Theme
from partnerships.models.reference import name_field

MAX_SEARCH = 100
ENDING_SOON = 6  # months


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


def search_field(label: Any) -> django_filters.CharFilter:
    """`q`; a NUL, which arrives here as U+FFFD, is refused."""
    widget = forms.TextInput(attrs={"type": "search", "data-search": "", "autocomplete": "off"})
    readable = RegexValidator("\ufffd", _("Ce texte contient un caractère illisible."), inverse_match=True)
    return django_filters.CharFilter(
        method="search", label=label, max_length=MAX_SEARCH, widget=widget, validators=[readable]
    )


class ListFilter(UrlFilterSet):
    """What the lists share."""

    def search(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.matching(re.sub(r"\s+", " ", text))  # type: ignore[attr-defined, no-any-return]


class PartnershipFilter(ListFilter):
    q = search_field(_("Rechercher un partenariat, une collectivité, un thème"))
    pays = CountedCountriesFilter(Side.FOREIGN, method="of_countries")
    statut = django_filters.ChoiceFilter(
        field_name="status", choices=PartnershipStatus.choices, label=_("État"), empty_label=_("Tous")
    )
    type = django_filters.ChoiceFilter(
        method="of_kind", choices=kinds(FRENCH_KINDS), label=_("Type de collectivité"), empty_label=_("Tous")
    )
    region = django_filters.ModelChoiceFilter(
        method="in_region",
        queryset=lambda request: regions_of(Party.objects.filter(side=Side.FRENCH)),
        to_field_name="slug",
        label=_("Région française"),
        empty_label=_("Toutes"),
    )
    theme = django_filters.ModelChoiceFilter(
        field_name="themes",
        queryset=lambda request: Theme.objects.filter(partnerships__isnull=False).distinct(),
        to_field_name="slug",
        label=_("Thème"),
        empty_label=_("Tous"),
    )
    silence = django_filters.ChoiceFilter(
        method="silent",
        choices=[
            ("12", _("Aucun fait daté depuis 12 mois")),
            ("24", _("Aucun fait daté depuis 24 mois")),
            ("36", _("Aucun fait daté depuis 36 mois")),
            ("60", _("Aucun fait daté depuis 60 mois")),
        ],
        label=_("Silence"),
        empty_label=_("Indifférent"),
    )
    tri = django_filters.ChoiceFilter(
        method="sort",
        choices=[
            ("nom", _("Nom")),
            ("depuis", _("Plus ancien")),
            ("-depuis", _("Plus récent")),
            ("statut", _("État")),
        ],
        label=_("Tri"),
        widget=forms.HiddenInput,
    )

    def of_countries(self, rows: QuerySet[Any], name: str, countries: QuerySet[Country]) -> QuerySet[Any]:
        return rows.filter(parties(side=Side.FOREIGN, organisation__country__in=list(countries))) if countries else rows

    def of_kind(self, rows: QuerySet[Any], name: str, kind: str) -> QuerySet[Any]:
        return rows.filter(parties(side=Side.FRENCH, organisation__kind=kind))

    def in_region(self, rows: QuerySet[Any], name: str, region: Organisation) -> QuerySet[Any]:
        inside = Q(organisation__region=region) | Q(organisation=region)
        return rows.filter(Exists(Party.objects.filter(inside, partnership=OuterRef("pk"), side=Side.FRENCH)))

    def silent(self, rows: QuerySet[Any], name: str, months: str) -> QuerySet[Any]:
        return rows.silent_since(months_later(timezone.localdate(), -int(months)))  # type: ignore[attr-defined, no-any-return]

    def sort(self, rows: QuerySet[Partnership], name: str, order: str) -> QuerySet[Partnership]:
        stages = [When(status=status, then=place) for place, status in enumerate(PartnershipStatus.values)]
        first = {
            "depuis": F("began_on").asc(nulls_last=True),
            "-depuis": F("began_on").desc(nulls_last=True),
            "statut": Case(*stages, default=len(stages)),
        }
        return rows.order_by(*[first[order]] if order in first else [], Fold("name"), "pk")


def regions_of(places: QuerySet[Party]) -> QuerySet[Organisation]:
    """The regions and federal states where these parties are, or that they are."""
    inside = Organisation.objects.filter(places__in=places.filter(role=PartyRole.PARTY))
    return Organisation.objects.filter(
        Q(pk__in=inside.values("region")) | Q(pk__in=inside.filter(kind=OrganisationKind.REGION))
    ).alphabetical()


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
        return rows.order_by(*first.get(order, []), Fold("title"), "pk")
