"""The officers' queue: what was submitted, who instructs it, what becomes of it."""

from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aect import editing
from aect.accounts.models import User
from aect.filters import render_list
from aect.lists import place_of
from aect.loading.models import Difference
from funding import filing
from funding.filters.queue import QueueFilter, queue
from funding.forms import AssignForm, ReturnForm, instructors
from funding.permissions import instructed_projects
from funding.views.filing import address_after, refused
from funding.views.projects import page_of
from partnerships.models import Convention, Partnership
from partnerships.permissions import edits

DRAFTS_SHOWN = 20


def officers_only(view: Any) -> Any:
    """For others the page is not there."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not edits(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return answered


def listed(request: HttpRequest, data: QueryDict) -> QueueFilter:
    user = cast(User, request.user)
    return QueueFilter(data, queue(user), user=user)


@never_cache
@officers_only
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The records, and below them the drafts of the registry that somebody may publish."""
    partnerships = Partnership.objects.filter(published_at__isnull=True).order_by("-pk")
    conventions = Convention.objects.filter(published_at__isnull=True).order_by("-pk")
    context = {
        "officers": instructors(),
        "most": filing.MOST_AT_ONCE,
        "differences": Difference.objects.to_decide().count(),
        "drafts": [*partnerships[:DRAFTS_SHOWN], *conventions.select_related("partnership")[:DRAFTS_SHOWN]],
        "drafts_count": partnerships.count() + conventions.count(),
    }
    return render_list(request, "funding/queue.html", listed(request, request.GET), **context)


@never_cache
@officers_only
@require_safe
def instruct(request: HttpRequest, slug: str) -> HttpResponse:
    """A record among those around it in the queue."""
    project = get_object_or_404(queue(cast(User, request.user)), slug=slug)
    return page_of(request, slug, is_queue=True, place=place_of(project, listed(request, request.GET)))


@officers_only
@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    project, form = get_object_or_404(instructed_projects(request.user), slug=slug), ReturnForm(request.POST)
    if not form.is_valid():
        return page_of(request, slug, status=400, return_form=form, is_queue=True)
    version = editing.sent_version(request.POST) or 0
    try:
        filing.return_with_comment(project, **form.cleaned_data, version=version, by=cast(User, request.user))
    except filing.NotNow as reason:
        return refused(request, project, reason, return_form=form, is_queue=True)
    messages.success(request, _("Le dossier « %(title)s » est renvoyé à la collectivité.") % {"title": project})
    return redirect(address_after(request, project))


@officers_only
@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Gives what is ticked, or all that the list holds, to an officer; the message takes it back."""
    data, back = QueryDict(request.POST.get("query", "")), reverse("queue")
    filterset = listed(request, data)
    form = AssignForm(request.POST)
    is_all = "tous" in request.POST
    ticked = filterset.queryset.filter(slug__in=request.POST.getlist("projet")[: filing.MOST_AT_ONCE + 1])
    projects = list((filterset.rows if is_all else ticked)[: filing.MOST_AT_ONCE + 1])
    if not form.is_valid() or filterset.status != 200:
        messages.error(request, _("Choisissez à qui affecter ces dossiers."))
    elif not projects:
        messages.error(request, _("Cochez au moins un dossier."))
    elif len(projects) > filing.MOST_AT_ONCE:
        messages.error(request, _("On affecte %(n)s dossiers au plus à la fois.") % {"n": filing.MOST_AT_ONCE})
    else:
        at = filing.assign(projects, to=form.cleaned_data["to"], by=cast(User, request.user))
        _say_assigned(request, len(projects), form.cleaned_data["to"], at)
    return redirect(f"{back}?{data.urlencode()}" if data else back)


def _say_assigned(request: HttpRequest, count: int, to: User | None, at: datetime | None) -> None:
    if at is None:
        messages.info(request, _("Rien ne change : ces dossiers étaient affectés ainsi."))
        return
    if to is None:
        text = ngettext("%(n)s dossier n’est plus affecté.", "%(n)s dossiers ne sont plus affectés.", count)
    else:
        text = ngettext("%(n)s dossier est affecté à %(who)s.", "%(n)s dossiers sont affectés à %(who)s.", count)
    context = {"text": text % {"n": count, "who": to}, "at": at.isoformat()}
    messages.success(request, render_to_string("funding/_undo_assignment.html", context))


@officers_only
@require_POST
def take_back(request: HttpRequest, at: str) -> HttpResponse:
    try:
        instant = parse_datetime(at)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Http404
    count = filing.take_assignment_back(instant, by=cast(User, request.user))
    if count:
        text = ngettext("%(n)s affectation est annulée.", "%(n)s affectations sont annulées.", count)
        messages.success(request, text % {"n": count})
    else:
        messages.warning(request, _("Ces affectations ont changé depuis : rien n’est annulé."))
    return redirect("queue")
