"""The kinds of import for what hangs on the registry's records: names, networks, indicators, goals, staff."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from aect.batches.columns import Column, field_column
from aect.batches.kinds import NamedFinder, offer
from partnerships.imports.registry import (
    NUMBER,
    WHO,
    Numbered,
    OrganisationFinder,
    RegistryKind,
    partnership_column,
)
from partnerships.models import (
    Action,
    Indicator,
    NetworkMembership,
    OrganisationName,
    SdgContribution,
    StaffContribution,
)


class OtherNames(RegistryKind):
    name = "names"
    label = _("Autres noms")
    help = _("Traductions, anciens noms, sigles et noms d’usage des organisations : la recherche les trouve tous.")
    model = OrganisationName
    told_by = ("organisation", "text")

    def make_columns(self) -> Iterable[Column]:
        yield field_column(OrganisationName, "organisation", finder=OrganisationFinder(), help=WHO, example="01020")
        yield field_column(OrganisationName, "text", example="Ciudad de Ejemplo")
        yield field_column(OrganisationName, "kind", example="translation")
        yield from self.of("language", "first_year", "last_year")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return (
            OrganisationName.objects.select_related("organisation", "source")
            .prefetch_related("organisation__identifiers")
            .order_by("organisation", "pk")
        )

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        if values.get("organisation") and values.get("text"):
            yield values["organisation"].pk, values["text"]

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        return self.rows().filter(organisation__in={organisation for organisation, _text in keys})


class NetworkMemberships(Numbered):
    name = "memberships"
    label = _("Appartenances à des réseaux")
    help = _("Les réseaux dont une organisation est, ou fut, membre.")
    model = NetworkMembership
    told_by = ("network", "began_on", "member")

    def make_columns(self) -> Iterable[Column]:
        organisations = OrganisationFinder()
        yield NUMBER
        yield field_column(NetworkMembership, "network", finder=organisations, help=WHO, example="reseau-d-exemple")
        yield field_column(NetworkMembership, "member", finder=organisations, help=WHO, example="213300635")
        yield from self.of("began_on", "ended_on")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return (
            NetworkMembership.objects.select_related("network", "member", "source")
            .prefetch_related("network__identifiers", "member__identifiers")
            .order_by("pk")
        )


class ActionFinder(NamedFinder):
    """Finds actions by their number, or by their title when one alone bears it."""

    def __init__(self) -> None:
        super().__init__(Action.objects.select_related("partnership"), code="pk", label="title")

    def coded(self, texts: set[str]) -> Iterable[Any]:
        numbers = {text for text in texts if text.isascii() and text.isdigit() and len(text) <= 9}
        return super().coded(numbers)

    def describe(self, row: Any) -> str:
        return f"{row.pk} ({row.partnership or row})"


class Indicators(Numbered):
    name = "indicators"
    label = _("Indicateurs")
    help = _("Ce qu’une action doit changer : valeur initiale, cible, valeur mesurée.")
    model = Indicator
    told_by = ("action", "name")

    def make_columns(self) -> Iterable[Column]:
        yield NUMBER
        yield field_column(
            Indicator,
            "action",
            finder=ActionFinder(),
            help=_("Numéro d’une action déjà enregistrée, ou son intitulé si elle est seule à le porter."),
            example="Action d’exemple",
        )
        yield field_column(Indicator, "name", example="Habitants raccordés")
        yield from self.of("unit", "baseline", "target", "value", "measured_on")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return Indicator.objects.select_related("action__partnership", "source").order_by("pk")


class Goals(RegistryKind):
    name = "goals"
    label = _("Objectifs de développement durable")
    help = _("Ceux qu’un partenariat sert, leur poids et leur effet quand ils sont connus.")
    model = SdgContribution
    told_by = ("partnership", "goal")

    def make_columns(self) -> Iterable[Column]:
        yield partnership_column(SdgContribution)
        yield field_column(SdgContribution, "goal", example="6")
        yield from self.of("weight", "contribution", "quantity", "unit")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return SdgContribution.objects.select_related("partnership", "source").order_by("partnership", "goal")

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        if values.get("partnership") and values.get("goal"):
            yield values["partnership"].pk, values["goal"]

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        return self.rows().filter(partnership__in={partnership for partnership, _goal in keys})


class Staff(Numbered):
    name = "staff"
    label = _("Participations des agents")
    help = _("Ce que les agents d’une partie ont donné au partenariat, par année et par nature.")
    model = StaffContribution
    told_by = ("partnership", "kind", "year", "department", "organisation")

    def make_columns(self) -> Iterable[Column]:
        yield NUMBER
        yield partnership_column(StaffContribution)
        yield field_column(
            StaffContribution, "organisation", finder=OrganisationFinder(), help=WHO, example="213300635"
        )
        yield field_column(StaffContribution, "kind", example="mission")
        yield field_column(StaffContribution, "year", example="2016")
        yield from self.of("department", "missions", "people", "days")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return (
            StaffContribution.objects.select_related("partnership", "organisation", "source")
            .prefetch_related("organisation__identifiers")
            .order_by("pk")
        )


def offer_details() -> None:
    """Makes these kinds known; called once, when the applications are ready, after the records' own."""
    offer(OtherNames, NetworkMemberships, Indicators, Goals, Staff)
