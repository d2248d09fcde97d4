"""Projects: the list, its files, and a page each."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aect.accounts.models import User
from aect.filters import render_list
from aect.limits.rooms import heavy
from aect.lists import download, place_of
from funding import filing, rules
from funding.choices import StepKind
from funding.filters.projects import ProjectFilter
from funding.forms import AttachmentForm, CommentForm, GuestForm, HandOverForm, ReturnForm, instructors
from funding.models import Project
from funding.permissions import (
    editable_projects,
    filed_projects,
    readable_attachments,
    removable_attachments,
    removed_attachments,
    signed_projects,
    visible_projects,
    worked_projects,
)
from partnerships.choices import MemberRole
from partnerships.models import Membership
from partnerships.permissions import edits
from partnerships.views.facts import cited_by, numbered_sources


def listed(request: HttpRequest) -> ProjectFilter:
    rows = visible_projects(request.user).for_list().latest_first()
    return ProjectFilter(request.GET, rows, may_hold_drafts=request.user.is_authenticated)


@login_not_required
@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    return render_list(request, "funding/projects.html", listed(request))


@login_not_required
@require_safe
@heavy
def projects_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    filterset = listed(request)
    sources = partial(cited_by, filterset.rows)
    return download(request, filterset, extension, name="projets", title=_("Projets"), sources=sources)


@never_cache
@login_not_required
@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    return page_of(request, slug)


def page_of(request: HttpRequest, slug: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A project's page; for who works on its record, with what is left to do and what may be done."""
    found = get_object_or_404(visible_projects(request.user).for_page(), slug=slug)
    context = {
        "project": found,
        "place": place_of(found, listed(request)) if status == 200 else None,
        "citations": numbered_sources([found, *found.cofinancings.all()]),
        **context,
    }
    context |= {name: value for name, value in work_on(found, request.user).items() if name not in context}
    return render(request, "funding/project.html", context, status=status)


def work_on(project: Project, user: User | AnonymousUser) -> dict[str, Any]:
    """What who works on a record sees of it besides, and may do; nothing for others."""
    if not worked_projects(user).filter(pk=project.pk).exists():
        return {}
    may_file = filed_projects(user).filter(pk=project.pk).exists()
    colleagues = filing.colleagues(project).exclude(pk=project.holder_id or 0)
    signatories = Membership.objects.filter(organisation=project.collectivity_id, role=MemberRole.SIGNATORY)
    return {
        "is_worked_on": True,
        "may_edit": editable_projects(user).filter(pk=project.pk).exists(),
        "may_file": may_file,
        "may_sign": signed_projects(user).filter(pk=project.pk).exists(),
        "may_instruct": edits(user),
        "problems": rules.to_submit(filing.dossier(project)) if project.is_in_hand else [],
        "signatories": signatories.select_related("user"),
        "was_submitted": project.steps.filter(kind=StepKind.SUBMITTED).exists(),
        "steps": project.steps.select_related("by", "concerns"),
        "attachments": project.attachments.select_related("uploaded_by"),
        "removable": set(removable_attachments(user).filter(project=project).values_list("pk", flat=True)),
        "removed": removed_attachments(user).filter(project=project),
        "guests": project.guests.all() if may_file or edits(user) else [],
        "attachment_form": AttachmentForm(),
        "comment_form": CommentForm(),
        "guest_form": GuestForm(),
        "return_form": ReturnForm(),
        "hand_over_form": HandOverForm(colleagues=colleagues),
        "instructors": instructors() if edits(user) else [],
    }


@never_cache
@require_safe
def attachment(request: HttpRequest, slug: str, pk: UUID) -> HttpResponseBase:
    """The file as it was sent, never shown in the browser, kept by no cache."""
    found = get_object_or_404(readable_attachments(request.user), pk=pk, project__slug=slug)
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(file, as_attachment=True, filename=found.name, content_type="application/octet-stream")
