"""Conventions: the list, and a page each."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aect.filters import render_list
from aect.limits.rooms import heavy
from aect.lists import download, place_of
from partnerships import charts, clocks, law
from partnerships.filters import ConventionFilter
from partnerships.models import Convention
from partnerships.permissions import visible_conventions
from partnerships.views.facts import cited_by, numbered_sources


def listed(request: HttpRequest) -> ConventionFilter:
    rows = visible_conventions(request.user).with_state(timezone.localdate()).select_related("partnership")
    return ConventionFilter(request.GET, rows.latest_first(), may_hold_drafts=request.user.is_authenticated)


@login_not_required
@require_safe
def conventions(request: HttpRequest) -> HttpResponse:
    return render_list(request, "partnerships/conventions.html", listed(request))


@login_not_required
@require_safe
@heavy
def conventions_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    filterset = listed(request)
    return download(
        request,
        filterset,
        extension,
        name="conventions",
        title=_("Conventions"),
        sources=lambda: cited_by(filterset.rows),
    )


@login_not_required
@require_safe
def convention(request: HttpRequest, slug: str) -> HttpResponse:
    today = timezone.localdate()
    among = visible_conventions(request.user)
    found = get_object_or_404(among.with_state(today).for_page(among), slug=slug)
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
        "place": place_of(found, listed(request)),
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
