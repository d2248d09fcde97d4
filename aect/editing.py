"""One form on one record, saved only over the version that it was opened on."""

from typing import Any, NamedTuple

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from aect import history, typed
from aect.changes import listed, said
from aect.fields import partial_date

VERSION_DIGITS = 9


class Difference(NamedTuple):
    """One field of a record that two people changed: as it was when the form was opened, theirs, and ours."""

    label: str
    before: str
    theirs: str
    ours: str


def sent_version(data: QueryDict) -> int | None:
    """The version that the form was opened on; None when it does not say, which no record has."""
    text = data.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= VERSION_DIGITS else None


def is_stale(record: Any, data: QueryDict) -> bool:
    """Whether the record, locked by now, has been written since the form was opened."""
    return bool(sent_version(data) != record.version)


def former(record: Any, version: int | None) -> Any:
    """The record as the history knows it at that version, or the nearest before it; None when it does not."""
    events = history.events_of(type(record))
    event = events.objects.filter(pgh_obj=record.pk, version__lte=version or 0).order_by("-pgh_id").first()
    names = [f.attname for f in record._meta.concrete_fields if event and hasattr(event, f.attname)]
    return type(record)(**{name: getattr(event, name) for name in names}) if event else None


def differences(form: Any, theirs: Any, data: QueryDict) -> list[Difference]:
    """The fields in which the saved record and the bound form differ, with the value that both started from."""
    before, found = former(theirs, sent_version(data)), []
    for name, bound in ((bound.name, bound) for bound in form.visible_fields()):
        is_wrong = name in form.errors
        ours = raw(bound) if is_wrong else shown(form.instance, name, form.cleaned_data.get(name))
        saved = shown(theirs, name)
        if ours != saved:
            found.append(Difference(str(bound.label), shown(before, name) if before else "", saved, ours))
    return found


def raw(bound: Any) -> str:
    value = bound.data
    return str(getattr(value, "text", value) or "")


def shown(record: Any, name: str, chosen: Any = None) -> str:
    """A field of a record as the reader knows it; `chosen` are the rows of a relation that is not saved yet."""
    field = record._meta.get_field(name)
    if field.many_to_many:
        rows = chosen if chosen is not None else getattr(record, name).all()
        return ", ".join(sorted(map(str, rows)))
    value = getattr(record, name)
    if value in (None, ""):
        return ""
    if hasattr(record, f"{name}_precision"):
        return partial_date(value, getattr(record, f"{name}_precision"))
    if isinstance(value, list):
        return listed(field, value)
    if field.choices:
        return str(getattr(record, f"get_{name}_display")())
    return str(value) if isinstance(field, models.ForeignKey) or isinstance(value, str) else said(value)


@transaction.atomic
def edit(
    request: HttpRequest, row: Any, form_class: Any, *, prepare: Any = None, after: Any, **shown: Any
) -> HttpResponse:
    """The form of a row, which the caller has locked when it is sent; a new row has no `pk`.

    Saved, it leads to `after(row)`. Answers 409 with what differs when somebody saved in between: the form keeps
    its text, and sent again it is saved over theirs, knowingly.
    """
    if request.method != "POST":
        return _open(request, row, form_class, prepare, **shown)
    theirs = type(row).objects.get(pk=row.pk) if row.pk else None
    form = _bound(form_class, request.POST, row, prepare)
    is_valid = form.is_valid()
    if theirs is not None and is_stale(theirs, request.POST):
        shown["differences"] = differences(form, theirs, request.POST)
        return show(request, form, 409, version=theirs.version, **shown)
    if not is_valid:
        return show(request, form, 400, version=row.version if row.pk else "", **shown)
    if form.has_changed() or not row.pk:
        form.save()
    return redirect(after(form.instance))


def _open(request: HttpRequest, row: Any, form_class: Any, prepare: Any, **shown: Any) -> HttpResponse:
    """The form as the row is, or as it was typed before a session that ran out, on the version of then."""
    kept = typed.take_back(request)
    form = _bound(form_class, kept, row, prepare)
    current = row.version if row.pk else ""
    version = sent_version(kept) if kept is not None and row.pk else current
    return show(request, form, 200, version=version, is_kept=kept is not None, **shown)


def _bound(form_class: Any, data: QueryDict | None, row: Any, prepare: Any) -> Any:
    form = form_class(data, instance=row)
    if prepare:
        prepare(form)
    return form


def show(request: HttpRequest, form: Any, status: int, **context: Any) -> HttpResponse:
    context = {
        "form": form,
        "status": status,
        "typed_by": typed.token(request.user),  # type: ignore[arg-type]  # signed in
        **context,
    }
    return render(request, "editing/form.html", context, status=status)
