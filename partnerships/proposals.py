"""What answers an offer or a need: candidates from the database, judged by `matching`, and what came of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from django.db.models import QuerySet

from partnerships import matching
from partnerships.choices import PartyRole
from partnerships.models import Need, Offer, Partnership, PartnershipOrigin, Party

CANDIDATES = 200  # judged at most, so that a page costs the same however long the register grows
SHOWN = 10

T = TypeVar("T", Offer, Need)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One match: the other side, why, the partnerships that already tie both, and the one prepared from it."""

    entry: Offer | Need
    match: matching.Match
    partnerships: list[Partnership] = field(default_factory=list)
    prepared: Partnership | None = None


def needs_for(offer: Offer, on: date, among: QuerySet[Partnership]) -> list[Proposal]:
    """The published needs that an offer (from `for_list`) answers, the best first.

    Of the partnerships, those `among` which the reader may see are told.
    """
    needs = Need.objects.published(on).filter(theme=offer.theme_id)
    if offer.terms.countries:
        needs = needs.filter(organisation__country__in=offer.terms.countries)
    near = needs.for_list().closest_to(offer)[:CANDIDATES]
    found = best((need, matching.match(offer.terms, need.terms)) for need in near)
    origins = PartnershipOrigin.objects.filter(offer=offer, partnership__in=among).select_related("partnership")
    return told(offer, found, {origin.need_id: origin.partnership for origin in origins}, among)


def offers_for(need: Need, on: date, among: QuerySet[Partnership]) -> list[Proposal]:
    """The published offers that answer a need (from `for_list`), the best first."""
    offers = Offer.objects.published(on).filter(theme=need.theme_id).open_to([need.organisation.country_id])
    near = offers.for_list().closest_to(need)[:CANDIDATES]
    found = best((offer, matching.match(offer.terms, need.terms)) for offer in near)
    origins = PartnershipOrigin.objects.filter(need=need, partnership__in=among).select_related("partnership")
    return told(need, found, {origin.offer_id: origin.partnership for origin in origins}, among)


def best(judged: Iterable[tuple[T, matching.Match | None]]) -> list[tuple[T, matching.Match]]:
    """The first matches; among equals the order of their addresses, so that every reading gives the same list."""
    matches = [(entry, found) for entry, found in judged if found]
    return sorted(matches, key=lambda pair: ([-point for point in pair[1].score], pair[0].slug))[:SHOWN]


def told(
    entry: Offer | Need,
    found: list[tuple[T, matching.Match]],
    prepared: dict[int, Partnership],
    among: QuerySet[Partnership],
) -> list[Proposal]:
    together = partnerships_with(entry.organisation_id, [other.organisation_id for other, _match in found], among)
    return [
        Proposal(other, match, together.get(other.organisation_id, []), prepared.get(other.pk))
        for other, match in found
    ]


def partnerships_with(
    organisation: int, others: Iterable[int], among: QuerySet[Partnership]
) -> dict[int, list[Partnership]]:
    """`{other organisation: those among the partnerships that both are party to}`."""
    held = Party.objects.filter(partnership__in=among.order_by().values("pk"))
    own = held.filter(organisation=organisation, role=PartyRole.PARTY).values("partnership")
    places = Party.objects.filter(organisation__in=list(others), role=PartyRole.PARTY, partnership__in=own)
    found: dict[int, list[Partnership]] = {}
    for place in places.select_related("partnership").order_by("partnership__slug"):
        found.setdefault(place.organisation_id, []).append(place.partnership)
    return found
