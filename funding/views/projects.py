"""Projects: the list, its files, and a page each."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aect.filters import render_list
from aect.lists import download, place_of
from funding.filters.projects import ProjectFilter
from funding.permissions import visible_projects
from partnerships.views.facts import cited_by, numbered_sources


def listed(request: HttpRequest) -> ProjectFilter:
    return ProjectFilter(request.GET, visible_projects(request.user).for_list().latest_first())


@login_not_required
@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    return render_list(request, "funding/projects.html", listed(request))


@login_not_required
@require_safe
def projects_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    filterset = listed(request)
    sources = partial(cited_by, filterset.rows)
    return download(request, filterset, extension, name="projets", title=_("Projets"), sources=sources)


@login_not_required
@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(visible_projects(request.user).for_page(), slug=slug)
    context = {
        "project": found,
        "place": place_of(found, listed(request)),
        "citations": numbered_sources([found, *found.cofinancings.all()]),
    }
    return render(request, "funding/project.html", context)
