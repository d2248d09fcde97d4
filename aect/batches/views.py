"""Imports on screen: one's own, a new one, what it would do, its errors, its undoing; and the exports."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aect.accounts.models import User
from aect.batches import exports, services
from aect.batches.columns import EMPTIES, SEPARATOR
from aect.batches.filters import BatchFilter, ExportFilter, RowFilter
from aect.batches.forms import LineForm, UploadForm
from aect.batches.kinds import KINDS
from aect.batches.models import Batch, BatchState
from aect.batches.permissions import officers_only, visible_batches
from aect.filters import render_list
from aect.limits.rooms import heavy

PROBLEMS_SHOWN = 100  # of the file as a whole
TWINS_SHOWN = 3
read_or_send = require_http_methods(["GET", "HEAD", "POST"])


def batch_of(request: HttpRequest, pk: UUID) -> Batch:
    return get_object_or_404(visible_batches(cast(User, request.user)), pk=pk)


@officers_only
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    rows = visible_batches(cast(User, request.user))
    return render_list(request, "batches/batches.html", BatchFilter(request.GET, rows), kinds=KINDS)


@officers_only
@read_or_send
def new(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        sent = form.cleaned_data["file"]
        kind, mode = form.cleaned_data["kind"], form.cleaned_data["mode"]
        batch = services.send_file(sent, name=sent.name, kind=kind, mode=mode, by=cast(User, request.user))
        return redirect("batch", pk=batch.pk)
    context = {"form": form, "kinds": [kind() for kind in KINDS.values()], "empties": EMPTIES, "separator": SEPARATOR}
    return render(request, "batches/new.html", context, status=400 if form.is_bound else 200)


@never_cache
@officers_only
@require_safe
def batch(request: HttpRequest, pk: UUID, *, template: str = "batches/batch.html") -> HttpResponse:
    """What the file would do, or did. The page follows the work under way without being reloaded."""
    found = batch_of(request, pk)
    kind, rows = KINDS[found.kind](), RowFilter(request.GET, found.rows.all(), batch=found)
    twins = visible_batches(cast(User, request.user)).filter(sha256=found.sha256, state=BatchState.WRITTEN)
    context = {
        "batch": found,
        "labels": {name: capfirst(str(column.label)) for name, column in kind.columns.items()},
        "problems": found.problems[:PROBLEMS_SHOWN],
        "twins": twins.exclude(pk=found.pk)[:TWINS_SHOWN],
    }
    return render_list(request, template, rows, **context)


@officers_only
@require_POST
def act(request: HttpRequest, pk: UUID, *, service: Callable[..., None]) -> HttpResponse:
    """Writes, abandons, checks again or tries again; says why when the import is no longer in a state for it."""
    found = batch_of(request, pk)
    try:
        service(found, by=cast(User, request.user))
    except services.NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect("batch", pk=pk)


@officers_only
@read_or_send
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks before an import is taken back."""
    if request.method == "POST":
        return cast(HttpResponse, act(request, pk, service=services.undo_soon))
    found = get_object_or_404(visible_batches(cast(User, request.user)), pk=pk, state=BatchState.WRITTEN)
    return render(request, "batches/undo.html", {"batch": found})


@officers_only
@read_or_send
def mend(request: HttpRequest, pk: UUID, line: int) -> HttpResponse:
    """Corrects the cells of one line; the whole file is then checked again."""
    found = batch_of(request, pk)
    row = get_object_or_404(found.rows.select_related("batch"), line=line)
    kind = KINDS[found.kind]()
    is_sent = request.method == "POST"
    form = LineForm(request.POST if is_sent else None, kind=kind, row=row)
    if is_sent and form.is_valid():
        try:
            services.mend_line(row, form.cleaned_data, by=cast(User, request.user))
        except services.NotNow as refusal:
            messages.warning(request, str(refusal))
        return redirect("batch", pk=pk)
    told = [(name, kind.columns[name].header, message) for name, message in row.problems]
    context = {"batch": found, "row": row, "form": form, "told": told}
    return render(request, "batches/mend.html", context, status=400 if is_sent else 200)


@officers_only
@require_safe
@heavy
def refused(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    return exports.refused_lines(batch_of(request, pk)).response()


@officers_only
@require_safe
def original(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file as it was sent, never shown in the browser."""
    found = batch_of(request, pk)
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(file, as_attachment=True, filename=found.name, content_type="application/octet-stream")


@officers_only
@require_safe
def template(request: HttpRequest, kind: str, form: str) -> HttpResponseBase:
    if kind not in KINDS:
        raise Http404
    return exports.template(kind, form).response()


@officers_only
@require_safe
@heavy
def export(request: HttpRequest, kind: str, form: str) -> HttpResponseBase:
    if kind not in KINDS:
        raise Http404
    filterset = ExportFilter(request.GET, Batch.objects.none())
    if filterset.status != 200:
        text = "".join(f"{problem}\n" for problem in filterset.problems)
        return HttpResponse(text, status=filterset.status, content_type="text/plain; charset=utf-8")
    return exports.export(kind, form, filterset.form.cleaned_data["profil"] or "standard").response()
