"""What the list of partnerships may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.search import search_field
from partnerships.choices import (
    FRENCH_KINDS,
    OrganisationKind,
    PartnershipStatus,
    PartyRole,
    Side,
)
from partnerships.filters.figures import FigureFilter
from partnerships.filters.shared import CountedCountriesFilter, kinds, parties
from partnerships.law import months_later
from partnerships.models import Country, Organisation, Partnership, Party, Theme


class PartnershipFilter(FigureFilter):
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
        return rows.order_by(*[first[order]] if order in first else [], "folded", "pk")


def regions_of(places: QuerySet[Party]) -> QuerySet[Organisation]:
    """The regions and federal states where these parties are, or that they are."""
    inside = Organisation.objects.filter(places__in=places.filter(role=PartyRole.PARTY))
    return Organisation.objects.filter(
        Q(pk__in=inside.values("region")) | Q(pk__in=inside.filter(kind=OrganisationKind.REGION))
    ).alphabetical()
