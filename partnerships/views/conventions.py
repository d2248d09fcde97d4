"""Conventions: the list, and a page each."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aect.filters import render_list
from partnerships import charts, clocks, law
from partnerships.filters import ConventionFilter
from partnerships.models import Convention
from partnerships.views.facts import numbered_sources


@login_not_required
@require_safe
def conventions(request: HttpRequest) -> HttpResponse:
    rows = Convention.objects.with_state(timezone.localdate()).select_related("partnership")
    latest_first = rows.order_by(F("signed_on").desc(nulls_last=True), "folded", "pk")
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
