"""The home page."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partnerships import charts
from partnerships.models import Milestone
from partnerships.permissions import visible_partnerships
from partnerships.views.facts import milestone_event, numbered_sources

LATEST = 6  # dates shown; the earlier ones unfold


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    rows = visible_partnerships(request.user).real().alphabetical()
    milestones = Milestone.objects.filter(partnership__isnull=True).order_by("-happened_on", "-pk")
    events = [milestone_event(milestone) for milestone in milestones]
    context = {
        "figures": rows.figures(),
        "chart": charts.links_map(rows.with_parties(), QueryDict("fictifs=sans")),
        "events": events[:LATEST],
        "earlier": events[LATEST:],
        "citations": numbered_sources(milestones),
    }
    return render(request, "home.html", context)
