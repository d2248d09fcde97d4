"""A project's record in the hands of those who file it: its form, which saves itself, and what is done with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aect import editing, trash, typed
from aect.accounts.models import User
from aect.editing import Difference
from aect.limits.answers import told
from aect.limits.services import Exceeded
from funding import filing
from funding.forms import AttachmentForm, CommentForm, GuestForm, HandOverForm, NewProjectForm, Plan, ProjectForm
from funding.models import Attachment, Project
from funding.permissions import (
    editable_projects,
    filed_projects,
    invited_to,
    removable_attachments,
    removed_attachments,
    worked_projects,
)
from funding.views.projects import page_of
from partnerships.permissions import edits
from partnerships.views.editing import held, undoable
from partnerships.views.gone import texts

form_page = require_http_methods(["GET", "HEAD", "POST"])
MORE_ROWS = 2

# Writing


@never_cache
@form_page
def add(request: HttpRequest) -> HttpResponse:
    """Its title and whose it is; the rest is typed in the draft that this makes."""
    user = cast(User, request.user)
    form = NewProjectForm(request.POST if request.method == "POST" else None, user=user)
    if not form.fields["collectivity"].queryset.exists():
        raise Http404
    if form.is_valid():
        project = filing.create_draft(**form.cleaned_data, by=user)
        return redirect("project-edit", project.slug)
    return render(request, "funding/project_new.html", {"form": form}, status=400 if form.is_bound else 200)


def keeping_text(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What was typed for a record that is no longer this person's to write is shown to be copied."""

    @wraps(view)
    def answered(request: HttpRequest, slug: str) -> HttpResponse:
        try:
            return view(request, slug)
        except Http404:
            if (data := typed.own(request)) is None:
                raise
        return render(request, "editing/gone.html", {"texts": list(texts(ProjectForm, data))}, status=404)

    return answered


def opened(request: HttpRequest, slug: str) -> Project:
    """The record, when this person may write it now; locked when something is sent."""
    rows = editable_projects(request.user).select_related("collectivity")
    return cast(Project, get_object_or_404(held(rows, request), slug=slug))


def forms_of(request: HttpRequest, project: Project, data: QueryDict | None) -> tuple[Any, Any]:
    is_guest = invited_to(cast(User, request.user)).filter(project=project).exists()
    return ProjectForm(data, instance=project, is_guest=is_guest), Plan(data, project=project)


@never_cache
@form_page
@keeping_text
@transaction.atomic
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole record in one form, saved over the version that it was opened on only."""
    project = opened(request, slug)
    if request.method != "POST":
        return _show(request, project, typed.take_back(request), 200)
    if "more" in request.POST:
        return _show(request, project, with_more_rows(request.POST), 200)
    theirs = Project.objects.get(pk=project.pk)
    form, plan = forms_of(request, project, request.POST)
    is_valid = form.is_valid() and plan.is_valid()
    if editing.is_stale(theirs, request.POST):
        found = differences(form, plan, theirs, request.POST)
        return _page(request, theirs, form, plan, 409, version=theirs.version, differences=found)
    if not is_valid:
        return _page(request, project, form, plan, 400, version=theirs.version)
    if form.has_changed() or plan.has_changes:
        form.save()
        plan.save_valid()
    messages.success(request, _("« %(name)s » est enregistré.") % {"name": project})
    return redirect(project)


def with_more_rows(data: QueryDict) -> QueryDict:
    more, count = data.copy(), data.get("plan-TOTAL_FORMS", "")
    more["plan-TOTAL_FORMS"] = str((int(count) if count.isascii() and count.isdigit() else 0) % 1000 + MORE_ROWS)
    return more


def differences(form: Any, plan: Any, theirs: Project, data: QueryDict) -> list[Difference]:
    """The fields in which what is stored and what is sent differ, and the two plans when they do."""
    found = editing.differences(form, theirs, data)
    saved = Plan(project=theirs).texts
    if plan.texts != saved:
        found.append(Difference(_("Plan de financement"), "…", saved, plan.texts))
    return found


def _show(request: HttpRequest, project: Project, kept: QueryDict | None, status: int) -> HttpResponse:
    """The form as the record is, or as it was typed: before a session that ran out, or before more lines."""
    form, plan = forms_of(request, project, kept)
    version = editing.sent_version(kept) if kept is not None else project.version
    is_kept = kept is not None and request.method != "POST"
    return _page(request, project, form, plan, status, version=version, is_kept=is_kept)


def _page(request: HttpRequest, project: Project, form: Any, plan: Any, status: int, **context: Any) -> HttpResponse:
    token = typed.token(cast(User, request.user))
    context |= {"project": project, "form": form, "plan": plan, "status": status, "typed_by": token}
    return render(request, "funding/project_form.html", context, status=status)


@never_cache
@require_POST
@transaction.atomic
def autosave(request: HttpRequest, slug: str) -> HttpResponse:
    """Saves what is right of a form that is being typed; says when, what is not saved, and the version to go on with.

    409 over another version, and nothing is written; but what is stored already, whoever stored it, is saved: so a
    sending whose answer was lost can be repeated.
    """
    project = opened(request, slug)
    theirs = Project.objects.get(pk=project.pk)
    form, plan = forms_of(request, project, request.POST)
    form.is_valid(), plan.is_valid()
    if plan.non_form_errors():
        return JsonResponse({"message": " ".join(plan.non_form_errors())}, status=400)
    if not editing.is_stale(theirs, request.POST):
        wrong = [str(form[name].label) for name in form.save_valid() if name in form.fields]
        wrong += [_("Plan de financement")] * bool(plan.save_valid()) + form.wrong_together
    elif differences(form, plan, theirs, request.POST):
        message = _("Quelqu’un a enregistré une autre version. La vôtre n’est pas enregistrée : comparez-les.")
        return JsonResponse({"message": message}, status=409)
    else:
        wrong = []
    now, version = timezone.localtime(), Project.objects.values_list("version", flat=True).get(pk=project.pk)
    time = {"hours": now.hour, "minutes": f"{now.minute:02}"}
    told = _("Enregistré à %(hours)s h %(minutes)s") % time
    if wrong:
        told += " " + _("sauf : %(fields)s.") % {"fields": ", ".join(wrong)}
    return JsonResponse({"message": told, "version": version, "rows": plan.rows, "is_whole": not wrong})


# Acting


def refused(request: HttpRequest, project: Project, reason: Exception, **context: Any) -> HttpResponse:
    """The record as it now is, with what stands in the way: a state (409), a limit (429), what is missing (400)."""
    if isinstance(reason, filing.Incomplete):
        refusal, status = _("Le dossier n’est pas complet : il n’est pas déposé."), 400
    elif isinstance(reason, Exceeded):
        refusal, status = told(request, reason), 429
    else:
        refusal, status = str(reason), 409
    return page_of(request, project.slug, status=status, refusal=refusal, **context)


@require_POST
def act(
    request: HttpRequest, slug: str, *, rows: Callable[[User], Any], do: Callable[..., Any], done: Any
) -> HttpResponse:
    """One of the services of `funding.filing`, on one of the `rows` with which this person may do that."""
    project = get_object_or_404(rows(cast(User, request.user)), slug=slug)
    try:
        left = do(project, by=cast(User, request.user), version=editing.sent_version(request.POST) or 0)
    except (filing.NotNow, filing.Incomplete, Exceeded) as reason:
        return refused(request, project, reason)
    messages.success(request, done % {"title": project})
    return redirect(address_after(request, project) if left else "space")


def address_after(request: HttpRequest, project: Project) -> str:
    """The record's page, or for an officer the one of the queue, among the rows around it."""
    if not edits(request.user):
        return project.get_absolute_url()
    query = request.GET.urlencode()
    return reverse("instruct", args=[project.slug]) + (f"?{query}" if query else "")


@require_POST
def hand_over(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_object_or_404(filed_projects(request.user), slug=slug)
    form = HandOverForm(request.POST, colleagues=filing.colleagues(project))
    if not form.is_valid():
        return page_of(request, slug, status=400, hand_over_form=form)
    try:
        filing.hand_over(project, to=form.cleaned_data["to"], by=cast(User, request.user))
    except (filing.NotNow, Exceeded) as reason:
        return refused(request, project, reason)
    messages.success(request, _("Le dossier est confié à %(who)s.") % {"who": form.cleaned_data["to"]})
    return redirect(project)


@require_POST
def comment(request: HttpRequest, slug: str) -> HttpResponse:
    project, form = get_object_or_404(worked_projects(request.user), slug=slug), CommentForm(request.POST)
    if not form.is_valid():
        return page_of(request, slug, status=400, comment_form=form)
    try:
        filing.comment_on(project, form.cleaned_data["comment"], by=cast(User, request.user))
    except Exceeded as limit:
        form.add_error("comment", told(request, limit))
        return page_of(request, slug, status=429, comment_form=form)
    messages.success(request, _("Votre commentaire est enregistré."))
    return redirect(f"{project.get_absolute_url()}#suivi")


# Attachments


@require_POST
def attach(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_object_or_404(editable_projects(request.user), slug=slug)
    form = AttachmentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            filing.attach(
                project, form.cleaned_data["file"], kind=form.cleaned_data["kind"], by=cast(User, request.user)
            )
        except ValidationError as error:
            form.add_error("file", error.messages)
        except filing.NotNow as reason:
            return refused(request, project, reason)
    if form.errors:
        return page_of(request, slug, status=400, attachment_form=form)
    messages.success(request, _("La pièce est jointe."))
    return redirect(f"{project.get_absolute_url()}#pieces")


@require_POST
def detach(request: HttpRequest, slug: str, pk: Any) -> HttpResponse:
    project = get_object_or_404(editable_projects(request.user), slug=slug)
    attachment = get_object_or_404(removable_attachments(request.user), pk=pk, project=project)
    try:
        filing.detach(attachment, by=cast(User, request.user))
    except filing.NotNow as reason:
        return refused(request, project, reason)
    event = trash.latest_deletion(Attachment, pk)
    said = _("La pièce « %(name)s » est retirée.") % {"name": attachment}
    messages.success(request, undoable(said, Attachment._meta.label_lower, event))
    return redirect(f"{project.get_absolute_url()}#pieces")


@require_POST
def reattach(request: HttpRequest, slug: str, event: int) -> HttpResponse:
    """Puts back a file that was taken off, whoever took it off."""
    project = get_object_or_404(editable_projects(request.user), slug=slug)
    removed = get_object_or_404(removed_attachments(request.user), project=project, pgh_id=event)
    try:
        attachment = trash.restore(Attachment, removed.pgh_id)
    except trash.NotRestored as refusal:
        messages.error(request, _("La suppression n’a pas pu être annulée : %(reason)s") % {"reason": refusal})
    else:
        messages.success(request, _("« %(name)s » est rétabli.") % {"name": attachment})
    return redirect(f"{project.get_absolute_url()}#pieces")


# Guests


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    project, form = get_object_or_404(filed_projects(request.user), slug=slug), GuestForm(request.POST)
    if not form.is_valid():
        return page_of(request, slug, status=400, guest_form=form)
    try:
        filing.invite(project, **form.cleaned_data, by=cast(User, request.user))
    except filing.NotNow as reason:
        return refused(request, project, reason)
    except Exceeded as limit:
        form.add_error("email", told(request, limit))
        return page_of(request, slug, status=429, guest_form=form)
    messages.success(request, _("L’invitation part à %(email)s.") % {"email": form.cleaned_data["email"]})
    return redirect(f"{project.get_absolute_url()}#invites")


@require_POST
def dismiss(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    project = get_object_or_404(filed_projects(request.user), slug=slug)
    guest = get_object_or_404(project.guests, pk=pk)
    filing.dismiss(guest, by=cast(User, request.user))
    messages.success(request, _("%(email)s ne lit plus ce dossier.") % {"email": guest.email})
    return redirect(f"{project.get_absolute_url()}#invites")
