"""Local governments and other bodies: the list, and a page each."""

from collections.abc import Iterable
from itertools import chain

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aect.filters import render_list
from aect.limits.rooms import heavy, heavy_map
from aect.lists import download, place_of
from partnerships import charts
from partnerships.choices import PartyRole
from partnerships.filters import CollectivityFilter
from partnerships.models import Organisation, Sourced
from partnerships.permissions import visible_conventions, visible_partnerships
from partnerships.views.facts import milestone_event, numbered_sources


def listed(request: HttpRequest, *, is_file: bool = False) -> CollectivityFilter:
    among = visible_partnerships(request.user)
    rows = Organisation.objects.collectivities().alphabetical()
    rows = rows.for_file(among) if is_file else rows.for_list(among)
    return CollectivityFilter(request.GET, rows, among=among)


@login_not_required
@require_safe
@heavy_map
def collectivities(request: HttpRequest) -> HttpResponse:
    """The map is that of the partnerships in which these collectivities take part."""
    filterset = listed(request)
    chart = None
    if filterset.display == "carte":
        among = visible_partnerships(request.user)
        links = among.of_parties(filterset.rows).with_parties().alphabetical()
        chart = charts.links_map(links, None if filterset.chips else QueryDict())
    return render_list(request, "partnerships/collectivities.html", filterset, chart=chart)


@login_not_required
@require_safe
@heavy
def collectivities_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    filterset = listed(request, is_file=True)
    return download(request, filterset, extension, name="collectivites", title=_("Collectivités"))


@login_not_required
@require_safe
def organisation(request: HttpRequest, slug: str, *, is_local: bool) -> HttpResponse:
    """A local government, or any other body; each kind has its own address, and the other one leads there."""
    among = visible_partnerships(request.user)
    found = get_object_or_404(Organisation.objects.for_page(among), slug=slug)
    if found.is_local != is_local:
        return redirect(found, permanent=True)
    conventions = visible_conventions(request.user).with_state(timezone.localdate())
    rows = among.for_list().alphabetical()
    places = {role: rows.filter(parties__organisation=found, parties__role=role) for role in PartyRole}
    context = {
        "organisation": found,
        "place": place_of(found, listed(request)),
        "as_party": places[PartyRole.PARTY],
        "as_associate": places[PartyRole.ASSOCIATE],
        "as_actor": places[PartyRole.ACTOR],
        "map": charts.place_map(found, chain(places[PartyRole.PARTY], places[PartyRole.ASSOCIATE])),
        "territories": Organisation.objects.filter(region=found).collectivities().partnered(among).alphabetical(),
        "conventions": conventions.signed_by(found).select_related("partnership"),
        "events": [milestone_event(milestone) for milestone in found.milestones.all()],
        "citations": numbered_sources(facts(found)),
    }
    return render(request, "partnerships/organisation.html", context)


def facts(organisation: Organisation) -> Iterable[Sourced]:
    """Every sourced fact of an organisation's page, in the order in which the page tells them."""
    return chain(
        [organisation],
        organisation.became.all(),
        organisation.came_from.all(),
        organisation.names.all(),
        organisation.network_memberships.all(),
        organisation.memberships_held.all(),
        organisation.milestones.all(),
        organisation.staff_contributions.all(),
    )
