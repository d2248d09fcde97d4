"""A form whose record is there no longer: what was typed is shown to be copied, and how to put the record back."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NamedTuple

from django import forms
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from aect import history, trash, typed
from partnerships.editable import Kind
from partnerships.forms.base import EditForm
from partnerships.permissions import edits

View = Callable[..., HttpResponse]


class Typed(NamedTuple):
    """One field of the form: its name on screen and what was written in it."""

    label: Any
    text: str

    @property
    def lines(self) -> int:
        return min(12, 1 + self.text.count("\n") + len(self.text) // 80)


class Deletion(NamedTuple):
    """A deletion that this person may take back: see the page `restore`."""

    model: str
    event: int


def keeping_text(view: View, *, form: type[EditForm] | None = None) -> View:
    """Answers with the text of a form that arrives too late: 410 when its record is known to be deleted, else 404.

    The text is the reader's own, so that the page tells nothing of a record that they may not see. `form` is the one
    that was filled in, when it is not that of the record, or part, in the address.
    """

    @wraps(view)
    def answered(request: HttpRequest, *, kind: Kind, **given: Any) -> HttpResponse:
        try:
            return view(request, kind=kind, **given)
        except Http404:
            if (data := typed.own(request)) is None:
                raise
        part = kind.parts.get(given.get("part", ""))
        deletion = deletion_of(kind, given) if edits(request.user) else None
        filled_in = form or (part.form if part else kind.form)
        context = {"texts": list(texts(filled_in, data)), "deletion": deletion}
        return render(request, "editing/gone.html", context, status=410 if deletion else 404)

    return answered


def texts(form: type[EditForm], data: QueryDict) -> Iterator[Typed]:
    """What was written, but the records chosen from a list: their names are not the reader's own words."""
    for name, field in form.base_fields.items():
        if isinstance(field, forms.ModelChoiceField):
            continue
        labels = {str(code): label for code, label in getattr(field, "choices", ())}
        if told := [str(labels.get(value, value)) for value in data.getlist(name) if value.strip()]:
            yield Typed(field.label, ", ".join(told))


def deletion_of(kind: Kind, given: dict[str, Any]) -> Deletion | None:
    """The deletion of the record or, while that one is there, of the row that hangs on it."""
    record = kind.form._meta.model
    slug = given.get("slug")
    if not record._default_manager.filter(slug=slug).exists():
        return latest(record, slug=slug)
    part = kind.parts.get(given.get("part", ""))
    return latest(part.model, pgh_obj=given["pk"]) if part and "pk" in given else None


def latest(model: type[Model], **which: Any) -> Deletion | None:
    deletions = history.events_of(model).objects.filter(trash.deleted_lately(), **which)
    event = deletions.order_by("-pgh_id").values_list("pgh_id", flat=True).first()
    return Deletion(model._meta.label_lower, event) if event else None
