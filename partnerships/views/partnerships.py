"""Partnerships: the list, and a page each."""

from collections.abc import Collection, Container, Iterable
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aect.filters import render_list
from aect.limits.rooms import heavy, heavy_map
from aect.lists import download, place_of
from partnerships import charts
from partnerships.choices import MilestoneKind, Outcome, Side
from partnerships.filters import CompareFilter, PartnershipFilter
from partnerships.models import Action, Convention, Milestone, Partnership, Sourced, StaffContribution
from partnerships.permissions import visible_conventions, visible_partnerships
from partnerships.views.facts import Event, cited_by, milestone_event, numbered_sources


def listed(request: HttpRequest) -> PartnershipFilter:
    rows = visible_partnerships(request.user).for_table().alphabetical()
    return PartnershipFilter(request.GET, rows, may_hold_drafts=request.user.is_authenticated)


@login_not_required
@require_safe
@heavy_map
def partnerships(request: HttpRequest) -> HttpResponse:
    filterset = listed(request)
    chart = charts.links_map(filterset.rows, filterset.chosen) if filterset.display == "carte" else None
    return render_list(request, "partnerships/partnerships.html", filterset, chart=chart)


@login_not_required
@require_safe
@heavy
def partnerships_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    filterset = listed(request)
    return download(
        request,
        filterset,
        extension,
        name="partenariats",
        title=_("Partenariats"),
        sources=lambda: cited_by(filterset.rows),
    )


@login_not_required
@require_safe
def partnership(request: HttpRequest, slug: str) -> HttpResponse:
    conventions = visible_conventions(request.user)
    rows = visible_partnerships(request.user).for_page(timezone.localdate(), conventions)
    found = get_object_or_404(rows, slug=slug)
    context = {
        "partnership": found,
        "standing": standing(found),
        "actions": sorted(found.actions.all(), key=outcome_order),
        "on_french_soil": [action for action in found.actions.all() if action.soil == Side.FRENCH],
        "staff_totals": staff_totals(found.staff_contributions.all()),
        "events": timeline(found),
        "citations": numbered_sources(facts(found)),
        "place": place_of(found, listed(request)),
    }
    return render(request, "partnerships/partnership.html", context)


@login_not_required
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four partnerships side by side; what differs is said."""
    asked = CompareFilter(request.GET, visible_partnerships(request.user).for_table())
    context = {"filterset": asked, "comparison": asked.comparison}
    return render(request, "partnerships/compare.html", context, status=asked.status)


def standing(partnership: Partnership) -> Milestone | None:
    """The milestone since which the status is what it is."""
    changes = [milestone for milestone in partnership.milestones.all() if milestone.status_after]
    since = None
    for milestone in reversed(changes):
        if milestone.status_after != changes[-1].status_after:
            break
        since = milestone
    return since


#: Actions as a reader asks for them: what goes on, what is to come, what came of the others.
OUTCOMES = [*(Outcome.UNDER_WAY, Outcome.PLANNED, Outcome.CARRIED_OUT, Outcome.DELIVERED)]
OUTCOMES += [*(Outcome.NOT_FOLLOWED, Outcome.ABANDONED)]


def outcome_order(action: Action) -> int:
    return OUTCOMES.index(Outcome(action.outcome)) if action.outcome else len(OUTCOMES)


class StaffTotal(NamedTuple):
    """The sum of what is known: of `rows` rows, `known` tell their number."""

    label: str
    value: Decimal
    known: int
    rows: int


def staff_totals(rows: Collection[StaffContribution]) -> list[StaffTotal]:
    """Missions, people and days, each where at least one row tells it."""
    labels = {"missions": _("missions"), "people": _("agents"), "days": _("jours")}
    columns = {name: [v for row in rows if (v := getattr(row, name)) is not None] for name in labels}
    return [
        StaffTotal(labels[name], sum(values, Decimal()), len(values), len(rows))
        for name, values in columns.items()
        if values
    ]


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
    return chain(
        [partnership],
        partnership.parties.all(),
        partnership.sdg_contributions.all(),
        actions,
        indicators,
        partnership.staff_contributions.all(),
        partnership.conventions.all(),
        partnership.milestones.all(),
    )
