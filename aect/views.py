"""What belongs to no application: the site's context, the search over everything, health, and errors."""

import sys
from datetime import UTC, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from aect.accounts.models import User
from aect.filters import PAGE_SIZE
from aect.hanging import watch
from aect.jobs.models import Job
from aect.journal.services import refused
from aect.search import SearchFilter, find
from aect.storage import is_full

SUGGESTED = 5  # of each kind, under the search box
NEAREST_SHOWN = 10  # of each kind, on the page of results


def site(request: HttpRequest) -> dict[str, object]:
    """Context of every template."""
    return {
        "is_demo": settings.AECT_DEMO,
        "has_state_branding": settings.AECT_STATE_BRANDING,
        "site_url": settings.SITE_URL,
    }


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What is found, by kind; with `genre`, all of one kind, page by page."""
    filterset = SearchFilter(request.GET, User.objects.none())
    context: dict[str, Any] = {"filterset": filterset, "text": filterset.text, "kind": filterset.kind}
    if filterset.text:
        groups, needle = find(filterset.text, request.user, each=NEAREST_SHOWN)
        context |= {"groups": groups, "needle": needle}
        if group := next((group for group in groups if group.kind == filterset.kind), None):
            rows = group.found.nearest_first(group.needle)
            page = Paginator(rows, PAGE_SIZE).get_page(filterset.form.cleaned_data["page"] or 1)
            context |= {"page": page, "results": group.told(page.object_list)}
    return render(request, "search/search.html", context, status=filterset.status)


@login_not_required
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """The nearest of each kind, as the options of the search box."""
    filterset = SearchFilter(request.GET, User.objects.none())
    groups = find(filterset.text, request.user, each=SUGGESTED, is_counted=False)[0] if filterset.text else []
    context = {"groups": groups, "text": filterset.text, "count": sum(len(group.results) for group in groups)}
    return render(request, "search/_suggestions.html", context, status=filterset.status)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether the services behind answer: 503 and the names of those that do not.

    `oldest_job_seconds` is the age of the oldest job still to be done, or null.
    """
    checks: dict[str, object] = {"database": "ok", "redis": "ok", "oldest_job_seconds": None}
    try:
        if not watch.answers():
            raise OperationalError
        with watch.over():
            oldest = Job.objects.unfinished().order_by("created_at").values_list("created_at", flat=True).first()
        checks["oldest_job_seconds"] = oldest and round((timezone.now() - oldest).total_seconds())
    except DatabaseError:
        checks["database"] = "down"
    try:
        Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except RedisError:
        checks["redis"] = "down"
    return JsonResponse(checks, status=503 if "down" in checks.values() else 200)


@login_not_required
@require_safe
def page(request: HttpRequest, template: str) -> HttpResponse:
    """A page of text: legal notices, privacy, accessibility, site map."""
    context = {
        "publisher": settings.LEGAL_PUBLISHER,
        "director": settings.LEGAL_DIRECTOR,
        "host": settings.LEGAL_HOST,
        "contact": settings.CONTACT_EMAIL,
    }
    return render(request, template, context)


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a vulnerability (RFC 9116); 404 while nobody is named to answer."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=180)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _ in settings.LANGUAGES)}",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    refused(by=getattr(request, "user", None), why="forbidden", path=request.path)
    return error(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    refused(by=getattr(request, "user", None), why="csrf", path=request.path)
    return error(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 when the database did not answer, which is worth trying again; 507 when a disk is full."""
    problem = sys.exc_info()[1]
    if is_full(problem):
        return error(request, 507)
    is_database = isinstance(problem, OperationalError | InterfaceError)
    if is_database:
        connection.close()
    return error(request, 503 if is_database else 500)


def error(request: HttpRequest, status: int) -> HttpResponse:
    """A page that needs neither the database nor the session."""
    response = render(request, f"errors/{status}.html", {"status": status}, status=status)
    if status == 503:
        response["Retry-After"] = "30"
    return response
