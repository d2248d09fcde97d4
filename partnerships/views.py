"""The registry's public pages."""

from collections.abc import Container, Iterable
from datetime import date
from itertools import chain
from typing import NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aect.filters import render_list
from aect.text import Fold
from partnerships import charts, clocks, law
from partnerships.choices import MilestoneKind, PartyRole
from partnerships.filters import CollectivityFilter, ConventionFilter, PartnershipFilter
from partnerships.models import Convention, Milestone, Organisation, Partnership, Source, Sourced

LATEST = 6  # dates shown on the home page; the earlier ones unfold


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    rows = Partnership.objects.alphabetical()
    milestones = Milestone.objects.filter(partnership__isnull=True).order_by("-happened_on", "-pk")
    events = [milestone_event(milestone) for milestone in milestones]
    context = {
        "figures": rows.figures(),
        "chart": charts.links_map(rows.with_parties()),
        "events": events[:LATEST],
        "earlier": events[LATEST:],
        "citations": numbered_sources(milestones),
    }
    return render(request, "home.html", context)


@login_not_required
@require_safe
def partnerships(request: HttpRequest) -> HttpResponse:
    rows = Partnership.objects.for_list().alphabetical()
    return render_list(request, "partnerships/partnerships.html", PartnershipFilter(request.GET, rows))


@login_not_required
@require_safe
def partnership(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Partnership.objects.for_page(timezone.localdate()), slug=slug)
    context = {"partnership": found, "events": timeline(found), "citations": numbered_sources(facts(found))}
    return render(request, "partnerships/partnership.html", context)


@login_not_required
@require_safe
def conventions(request: HttpRequest) -> HttpResponse:
    rows = Convention.objects.with_state(timezone.localdate()).select_related("partnership")
    latest_first = rows.order_by(F("signed_on").desc(nulls_last=True), Fold("title"), "pk")
    return render_list(request, "partnerships/conventions.html", ConventionFilter(request.GET, latest_first))


@login_not_required
@require_safe
def convention(request: HttpRequest, slug: str) -> HttpResponse:
    today = timezone.localdate()
    found = get_object_or_404(Convention.objects.with_state(today).for_page(), slug=slug)
    context = {
        "convention": found,
        "french_clock": clocks.french(found, today),
        "mexican_clock": clocks.mexican(found, today),
        "mexican_state": law.sre_state(found.terms, today).label,
        "next_term": clocks.next_term(found, today),
        "checks": law.checks(found.terms, found.charges),
        "commitments": charts.commitments(found),
        "chain": chain_of(found),
        "citations": numbered_sources([found]),
    }
    return render(request, "partnerships/convention.html", context)


def chain_of(convention: Convention) -> list[Convention]:
    """The convention among those it renews and those that renew it, oldest first; alone, nothing."""
    held = {row.pk: row for row in convention.partnership.conventions.all()}
    after = {row.renews_id: row for row in held.values() if row.renews_id}
    first = held[convention.pk]
    met = {first.pk}
    while first.renews_id in held and first.renews_id not in met:
        first = held[first.renews_id]
        met.add(first.pk)
    links = [first]
    while (following := after.get(links[-1].pk)) and following not in links:
        links.append(following)
    return links if len(links) > 1 else []


@login_not_required
@require_safe
def collectivities(request: HttpRequest) -> HttpResponse:
    filterset = CollectivityFilter(request.GET, Organisation.objects.collectivities().for_list().alphabetical())
    return render_list(request, "partnerships/collectivities.html", filterset)


@login_not_required
@require_safe
def organisation(request: HttpRequest, slug: str, *, is_local: bool) -> HttpResponse:
    """A local government, or any other body; each kind has its own address, and the other one leads there."""
    found = get_object_or_404(Organisation.objects.for_page(), slug=slug)
    if found.is_local != is_local:
        return redirect(found, permanent=True)
    rows = Partnership.objects.for_list().alphabetical()
    context = {
        "organisation": found,
        "citations": numbered_sources(chain(found.came_from.all(), found.became.all(), found.names.all())),
        "as_party": rows.filter(parties__organisation=found, parties__role=PartyRole.PARTY),
        "as_actor": rows.filter(parties__organisation=found, parties__role=PartyRole.ACTOR),
    }
    return render(request, "partnerships/organisation.html", context)


class Event(NamedTuple):
    """One line of a timeline; `when` is the date as it is known, `fact` the row that says so."""

    happened_on: date
    when: str
    kind: str
    title: str
    fact: Sourced
    description: str = ""
    status: str = ""


def milestone_event(milestone: Milestone) -> Event:
    return Event(
        milestone.happened_on,
        milestone.happened,
        milestone.get_kind_display(),
        milestone.title,
        milestone,
        milestone.description,
        milestone.get_status_after_display() if milestone.status_after else "",
    )


def convention_events(convention: Convention, told: Container[date]) -> Iterable[Event]:
    """Its signature, unless a milestone has `told` of an agreement on that day, and its end."""
    if convention.signed_on and convention.signed_on not in told:
        yield Event(convention.signed_on, convention.signed, _("Signature"), convention.title, convention)
    if convention.ends_on:
        yield Event(convention.ends_on, convention.ends, _("Échéance"), convention.title, convention)


def timeline(partnership: Partnership) -> list[Event]:
    """Milestones and conventions together, oldest first."""
    milestones = partnership.milestones.all()
    told = {milestone.happened_on for milestone in milestones if milestone.kind == MilestoneKind.AGREEMENT}
    conventions = (convention_events(convention, told) for convention in partnership.conventions.all())
    events = chain(chain.from_iterable(conventions), map(milestone_event, milestones))
    return sorted(events, key=lambda event: event.happened_on)


def facts(partnership: Partnership) -> Iterable[Sourced]:
    """Every sourced fact of a partnership's page, in the order in which the page tells them."""
    actions = partnership.actions.all()
    indicators = chain.from_iterable(action.indicators.all() for action in actions)
    parties = partnership.parties.all()
    return chain(
        [partnership], parties, partnership.milestones.all(), partnership.conventions.all(), actions, indicators
    )


def numbered_sources(facts: Iterable[Sourced]) -> dict[int, tuple[int, Source]]:
    """`{source id: (number, source)}`, numbered in the order of first mention."""
    ids = list(dict.fromkeys(fact.source_id for fact in facts if fact.source_id))
    sources = Source.objects.in_bulk(ids)
    return {pk: (number, sources[pk]) for number, pk in enumerate(ids, start=1)}
