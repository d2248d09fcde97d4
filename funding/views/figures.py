"""The money on screen: the APD dashboard and its export, who finances what, asking for a computation."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aect.accounts.models import User
from aect.filters import UrlFilterSet
from aect.limits.rooms import heavy
from funding import charts, exports, services
from funding.filters.figures import ApdFilter, IndicatorFilter
from funding.indicators import INDICATORS
from funding.models import Call, Cofinancing, PublishedFigure
from funding.models.totals import ApdTotalQuerySet
from funding.permissions import may_recompute, reads_unpublished, visible_marks, visible_totals
from partnerships.permissions import counted_partnerships, is_analyst, visible_partnerships


@login_not_required
@require_safe
@heavy
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """The summary that the dashboard shows, as a file; a bad parameter is named, in plain text."""
    filterset = asked_totals(request)
    return refusal(filterset) or exports.summary(filterset).response()


def asked_totals(request: HttpRequest) -> ApdFilter:
    """What the address asks of the totals that this reader may see."""
    return ApdFilter(
        request.GET, visible_totals(request.user), request=request, unpublished=reads_unpublished(request.user)
    )


def refusal(filterset: UrlFilterSet) -> HttpResponse | None:
    """What a file's address answers when one of its parameters is wrong."""
    if filterset.status == 200:
        return None
    text = "".join(f"{problem}\n" for problem in filterset.problems)
    return HttpResponse(text, status=filterset.status, content_type="text/plain; charset=utf-8")


@require_POST
def recompute(request: HttpRequest) -> HttpResponse:
    """Asks for the totals to be computed now."""
    if not may_recompute(request.user):
        raise PermissionDenied
    services.request_totals(by=cast(User, request.user), full=True)
    messages.success(request, _("Le calcul des totaux est demandé."))
    return redirect("jobs")


@login_not_required
@require_safe
def apd(request: HttpRequest) -> HttpResponse:
    """The dashboard: one filter → totals → charts and the tables they are drawn from."""
    filterset = asked_totals(request)
    language = get_language() or "fr"
    totals = cast(ApdTotalQuerySet, filterset.rows)
    total = totals.grand_total()
    years, countries, sectors, types = (
        list(totals.summed(dimension, language=language)) for dimension in ("annee", "pays", "secteur", "type")
    )
    context = {
        "filterset": filterset,
        "total": total,
        "period": _period(years),
        "is_fictitious": bool(total["fictitious_lines"]),
        "computed_at": visible_totals(request.user).computed_at(),
        "stale_since": visible_marks(request.user).since(),
        "charts": [
            charts.by_year(years, total),
            charts.by_country(countries, total),
            charts.by_sector(sectors, total),
            charts.by_type(types, total),
        ],
        "published": charts.published(list(PublishedFigure.objects.yearly().select_related("source"))),
        "others": charts.other_published(list(PublishedFigure.objects.others().select_related("source"))),
    }
    return render(request, "funding/apd.html", context, status=filterset.status)


def _period(years: list[dict[str, Any]]) -> str:
    """`2016–2024`, `2018`, or nothing."""
    return "–".join(map(str, sorted({years[0]["year"], years[-1]["year"]}))) if years else ""


@login_not_required
@require_safe
def financing(request: HttpRequest) -> HttpResponse:
    """Who pays: shares by project, the State's part in calls, each type of collectivity's part in the APD."""
    totals = visible_totals(request.user)
    total = totals.grand_total()
    shares = [{**row, "url": reverse("partnership", args=[row["slug"]])} for row in Cofinancing.objects.shares()]
    context = {
        "shares": charts.funding_shares(shares),
        "calls": charts.calls_table(list(Call.objects.with_state_support())),
        "told": Call.objects.exclude(description="").select_related("source"),
        "by_type": charts.by_type(list(totals.summed("type")), total),
        "total": total,
        "is_fictitious": bool(total["fictitious_lines"]),
    }
    return render(request, "funding/financing.html", context)


@login_not_required
@require_safe
def indicators(request: HttpRequest) -> HttpResponse:
    """What the registry says of partnerships as a whole: one filter → figures → charts and their tables."""
    filterset = counted(request)
    filterset.count_facets(*filterset.panel)
    found = [build(filterset) for build in INDICATORS.values()] if filterset.status == 200 and filterset.total else []
    unlisted = filterset.partnerships.filter(published_at=None).count() if is_analyst(request.user) else 0
    context = {"filterset": filterset, "indicators": found, "unlisted": unlisted}
    return render(request, "funding/indicators.html", context, status=filterset.status)


def counted(request: HttpRequest) -> IndicatorFilter:
    """What the address asks of the partnerships that figures count for this reader."""
    rows = counted_partnerships(request.user).real().with_status()
    return IndicatorFilter(request.GET, rows, readable=visible_partnerships(request.user))


@login_not_required
@require_safe
@heavy
def indicator_csv(request: HttpRequest, key: str) -> HttpResponseBase:
    """One indicator's table as a file, with the headers and labels of readers in French."""
    if (build := INDICATORS.get(key)) is None:
        raise Http404
    filterset = counted(request)
    if refused := refusal(filterset):
        return refused
    with override("fr"):
        return exports.indicator(filterset, build(filterset)).response()
