"""Forms for officers: records, the rows that hang on them, deletion and its undoing."""

from datetime import timedelta
from functools import partial
from typing import Any, cast

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aect import editing, trash
from aect.accounts.models import User
from aect.changes import Deletions
from aect.filters import render_list
from partnerships.editable import Kind, Part, models_edited
from partnerships.permissions import edits
from partnerships.views.gone import keeping_text
from partnerships.views.history import HistoryFilter

DELETIONS_A_PAGE = 50
form_page = require_http_methods(["GET", "HEAD", "POST"])


def allowed(request: HttpRequest) -> None:
    if not edits(request.user):
        raise Http404


def locked(request: HttpRequest, kind: Kind, slug: str) -> Any:
    """The record, locked until the end of the transaction when the form is sent."""
    rows = kind.rows(cast(User, request.user))
    return get_object_or_404(held(rows, request), slug=slug)


def held(rows: Any, request: HttpRequest) -> Any:
    return rows.select_for_update(of=("self",), no_key=True) if request.method == "POST" else rows


def part_of(kind: Kind, name: str) -> Part:
    if name not in kind.parts:
        raise Http404
    return kind.parts[name]


def saved(request: HttpRequest, record: Any) -> str:
    messages.success(request, _("« %(name)s » est enregistré.") % {"name": record})
    return str(record.get_absolute_url())


def part_saved(request: HttpRequest, kind: Kind, record: Any, name: str, row: Any) -> str:
    messages.success(request, _("« %(name)s » est enregistré.") % {"name": row})
    return reverse(f"{kind.name}-edit", args=[record.slug]) + f"#{name}"


@never_cache
@form_page
@transaction.atomic
def add(request: HttpRequest, *, kind: Kind) -> HttpResponse:
    allowed(request)
    record = kind.form._meta.model()
    return editing.edit(request, record, kind.form, title=kind.add, after=partial(saved, request), cancel=_list(kind))


def _list(kind: Kind) -> str:
    return reverse("collectivities" if kind.name == "organisation" else f"{kind.name}s")


@never_cache
@form_page
@keeping_text
@transaction.atomic
def edit(request: HttpRequest, slug: str, *, kind: Kind) -> HttpResponse:
    """The record's own fields, and below them what hangs on it, each with a page of its own."""
    record = locked(request, kind, slug)
    return editing.edit(
        request,
        record,
        kind.form,
        title=_("Modifier : %(record)s") % {"record": record},
        record=record,
        kind=kind,
        sections=[(name, part, part.of(record)) for name, part in kind.parts.items()],
        after=partial(saved, request),
        cancel=record.get_absolute_url(),
    )


@never_cache
@form_page
@keeping_text
@transaction.atomic
def add_part(request: HttpRequest, slug: str, part: str, *, kind: Kind) -> HttpResponse:
    record, found = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug), part_of(kind, part)
    return _edit_part(request, kind, record, part, found.new(record), found.add)


@never_cache
@form_page
@keeping_text
@transaction.atomic
def edit_part(request: HttpRequest, slug: str, part: str, pk: int, *, kind: Kind) -> HttpResponse:
    record, found = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug), part_of(kind, part)
    row = get_object_or_404(held(found.of(record), request), pk=pk)
    return _edit_part(request, kind, record, part, row, _("Modifier : %(record)s") % {"record": row})


def _edit_part(request: HttpRequest, kind: Kind, record: Any, part: str, row: Any, title: Any) -> HttpResponse:
    form = kind.parts[part].form
    return editing.edit(
        request,
        row,
        form,
        prepare=lambda bound: bound.under(record) if hasattr(bound, "under") else None,
        title=title,
        parent=record,
        after=partial(part_saved, request, kind, record, part),
        cancel=reverse(f"{kind.name}-edit", args=[record.slug]) + f"#{part}",
    )


@never_cache
@form_page
@transaction.atomic
def delete(request: HttpRequest, slug: str, *, kind: Kind) -> HttpResponse:
    return _delete(request, locked(request, kind, slug), after=_list(kind))


@never_cache
@form_page
@transaction.atomic
def delete_part(request: HttpRequest, slug: str, part: str, pk: int, *, kind: Kind) -> HttpResponse:
    record = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug)
    row = get_object_or_404(held(part_of(kind, part).of(record), request), pk=pk)
    back = reverse(f"{kind.name}-edit", args=[record.slug]) + f"#{part}"
    return _delete(request, row, after=back, parent=record)


def _delete(request: HttpRequest, row: Any, *, after: str, parent: Any = None) -> HttpResponse:
    """Asks first; refuses what others depend on, and a record that changed since the question was shown."""
    found, is_sent = trash.dependants(row), request.method == "POST"
    is_stale = is_sent and editing.is_stale(row, request.POST)
    if is_sent and not is_stale and not found.protected:
        name, model, pk = str(row), row._meta.label_lower, row.pk
        row.delete()
        event = trash.latest_deletion(type(row), pk)
        messages.success(request, undoable(_("« %(name)s » est supprimé.") % {"name": name}, model, event))
        return redirect(after)
    context = {"row": row, "parent": parent, "dependants": found, "is_stale": is_stale, "cancel": after}
    if parent is None:
        context["cancel"] = row.get_absolute_url()
    return render(request, "editing/delete.html", context, status=409 if is_sent else 200)


def undoable(text: str, model: str, event: int) -> str:
    return render_to_string("editing/_undo.html", {"text": text, "model": model, "event": event})


@never_cache
@require_safe
def trash_can(request: HttpRequest) -> HttpResponse:
    """What was deleted in the last month and can be put back."""
    allowed(request)
    filterset = HistoryFilter(request.GET, queryset=User.objects.none())
    filterset.changes = Deletions(models_edited(), timezone.now() - trash.KEPT)
    days = trash.KEPT // timedelta(days=1)
    return render_list(request, "editing/trash.html", filterset, per_page=DELETIONS_A_PAGE, days=days)


@require_POST
def restore(request: HttpRequest, model: str, event: int) -> HttpResponse:
    allowed(request)
    edited = {each._meta.label_lower: each for each in models_edited()}
    if model not in edited:
        raise Http404
    try:
        row: Any = trash.restore(cast(Any, apps.get_model(model)), event)
    except ObjectDoesNotExist as unknown:
        raise Http404 from unknown
    except trash.NotRestored as refusal:
        messages.error(request, _("La suppression n’a pas pu être annulée : %(reason)s") % {"reason": refusal})
        return redirect("trash")
    messages.success(request, _("« %(name)s » est rétabli.") % {"name": row})
    above = getattr(row, "partnership", None) or getattr(row, "organisation", None) or getattr(row, "convention", None)
    return redirect(row if hasattr(row, "get_absolute_url") else above or "trash")
