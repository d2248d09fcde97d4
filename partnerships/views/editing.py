"""Forms on records and the rows that hang on them, for officers and the agents whose they are; deletion, undone."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Q
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
from partnerships import parties, services
from partnerships.choices import FRENCH_KINDS
from partnerships.editable import CONVENTION, PARTNERSHIP, Kind, Part
from partnerships.models import Convention, Party
from partnerships.permissions import adds, deletable, edited_by, edits
from partnerships.views.gone import keeping_text
from partnerships.views.history import HistoryFilter

DELETIONS_A_PAGE = 50
form_page = require_http_methods(["GET", "HEAD", "POST"])


def allowed(request: HttpRequest, who: Callable[[User | AnonymousUser], bool] = edits) -> None:
    if not who(request.user):
        raise Http404


@require_POST
def publish(request: HttpRequest, slug: str, *, kind: Kind, is_published: bool) -> HttpResponse:
    """Puts a record before everybody, or takes it back; the other button undoes it."""
    allowed(request)
    record = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug)
    try:
        services.publish(record, by=cast(User, request.user), is_published=is_published)
    except services.NotPublished as refusal:
        messages.error(request, str(refusal))
        return redirect(record)
    said = _("« %(name)s » est publié.") if is_published else _("« %(name)s » est redevenu un brouillon.")
    messages.success(request, said % {"name": record})
    return redirect(record)


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
    if isinstance(row, Party) and not row.pk:
        said = _("« %(name)s » est proposée : elle prendra part au partenariat si elle, ou la délégation, l’accepte.")
        messages.success(request, said % {"name": row.organisation})
    elif is_kept(request, kind, record):
        messages.success(request, _("« %(name)s » est enregistré.") % {"name": row})
    return reverse(f"{kind.name}-edit", args=[record.slug]) + f"#{name}"


def is_kept(request: HttpRequest, kind: Kind, record: Any) -> bool:
    """Whether the record is still this person's to edit; else what they did is undone, and they are told."""
    if kind.holds(record, cast(User, request.user)):
        return True
    transaction.set_rollback(True)
    messages.error(request, _("Rien n’a changé : votre collectivité doit rester partie à ce partenariat."))
    return False


@never_cache
@form_page
@keeping_text
@transaction.atomic
def add(request: HttpRequest, *, kind: Kind) -> HttpResponse:
    allowed(request, kind.adds)
    record = kind.form._meta.model()
    return editing.edit(
        request,
        record,
        kind.form,
        prepare=partial(bound_by, request),
        title=kind.add,
        after=partial(saved, request),
        cancel=_list(kind),
    )


keeping_convention = partial(keeping_text, form=CONVENTION.form)


@never_cache
@form_page
@keeping_convention
@transaction.atomic
def add_convention(request: HttpRequest, slug: str, *, kind: Kind) -> HttpResponse:
    partnership = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug)
    return _add_convention(request, Convention(partnership=partnership), CONVENTION.add, above=partnership)


@never_cache
@form_page
@keeping_text
@transaction.atomic
def renew(request: HttpRequest, slug: str, *, kind: Kind) -> HttpResponse:
    """A convention that goes on with another, and starts with what that one said."""
    former = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug)
    title = _("Renouveler : %(record)s") % {"record": former}
    return _add_convention(request, former.next_one(), title, above=former, is_renewal=True)


@never_cache
@form_page
@keeping_text
@transaction.atomic
def amend(request: HttpRequest, slug: str, *, kind: Kind) -> HttpResponse:
    former = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug)
    title = _("Ajouter un avenant : %(record)s") % {"record": former}
    return _add_convention(request, former.next_amendment(), title, above=former)


def _add_convention(request: HttpRequest, row: Convention, title: Any, *, above: Any, **shown: Any) -> HttpResponse:
    def prepare(form: Any) -> None:
        form.follow(row.renews or row.amends)
        bound_by(request, form)

    return editing.edit(
        request,
        row,
        CONVENTION.form,
        prepare=prepare,
        title=title,
        parent=above,
        after=partial(saved, request),
        cancel=above.get_absolute_url(),
        **shown,
    )


def bound_by(request: HttpRequest, form: Any) -> None:
    form.by(request.user)


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
        prepare=partial(bound_by, request),
        title=_("Modifier : %(record)s") % {"record": record},
        record=record,
        kind=kind,
        sections=[
            (name, part, part.of(record), set(changeable(part.of(record), record, request.user)))
            for name, part in kind.parts.items()
        ],
        proposals=record.proposals.select_related("organisation") if kind is PARTNERSHIP else (),
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
    row = get_object_or_404(held(changeable(found.of(record), record, request.user), request), pk=pk)
    return _edit_part(request, kind, record, part, row, _("Modifier : %(record)s") % {"record": row})


def bound_under(request: HttpRequest, record: Any, form: Any) -> None:
    form.by(request.user)
    if hasattr(form, "under"):
        form.under(record)


def changeable(rows: Any, record: Any, user: Any) -> Any:
    """Of the rows that hang on a record which this person edits, those that they may change and delete."""
    if rows.model is not Party or edits(user):
        return rows
    free = Q(organisation__in=edited_by(user).values("pk"))
    return rows.filter(free | ~Q(organisation__kind__in=FRENCH_KINDS) if record.is_draft else free)


def _edit_part(request: HttpRequest, kind: Kind, record: Any, part: str, row: Any, title: Any) -> HttpResponse:
    form = kind.parts[part].form
    return editing.edit(
        request,
        row,
        form,
        prepare=partial(bound_under, request, record),
        title=title,
        parent=record,
        after=partial(part_saved, request, kind, record, part),
        cancel=reverse(f"{kind.name}-edit", args=[record.slug]) + f"#{part}",
    )


@never_cache
@form_page
@transaction.atomic
def delete(request: HttpRequest, slug: str, *, kind: Kind) -> HttpResponse:
    rows = deletable(kind.rows(cast(User, request.user)), request.user)
    return _delete(request, get_object_or_404(held(rows, request), slug=slug), after=_list(kind))


@never_cache
@form_page
@transaction.atomic
def delete_part(request: HttpRequest, slug: str, part: str, pk: int, *, kind: Kind) -> HttpResponse:
    record = get_object_or_404(kind.rows(cast(User, request.user)), slug=slug)
    rows = changeable(part_of(kind, part).of(record), record, request.user)
    row = get_object_or_404(held(rows, request), pk=pk)
    back = reverse(f"{kind.name}-edit", args=[record.slug]) + f"#{part}"
    return _delete(request, row, after=back, parent=record, kind=kind)


def _delete(
    request: HttpRequest, row: Any, *, after: str, parent: Any = None, kind: Kind | None = None
) -> HttpResponse:
    """Asks first; refuses what others depend on, and a record that changed since the question was shown."""
    found, is_sent = trash.dependants(row), request.method == "POST"
    is_stale = is_sent and editing.is_stale(row, request.POST)
    if is_sent and not is_stale and not found.protected:
        name, model, pk = str(row), row._meta.label_lower, row.pk
        row.delete()
        if kind and not is_kept(request, kind, parent):
            return redirect(after)
        event = trash.latest_deletion(type(row), pk)
        if isinstance(row, Party):
            parties.tell_removed(parent, row.organisation, event=event, by=cast(User, request.user))
        messages.success(request, undoable(_("« %(name)s » est supprimé.") % {"name": name}, model, event))
        return redirect(after)
    context = {"row": row, "parent": parent, "dependants": found, "is_stale": is_stale, "cancel": after}
    context["names_them"] = edits(
        request.user
    )  # an agent may not read all that hangs on a record of two collectivities
    if parent is None:
        context["cancel"] = row.get_absolute_url()
    return render(request, "editing/delete.html", context, status=409 if is_sent else 200)


#: The records on which a restored row may hang.
ABOVE = ("project", "partnership", "organisation", "convention")


def undoable(text: str, model: str, event: int) -> str:
    return render_to_string("editing/_undo.html", {"text": text, "model": model, "event": event})


@never_cache
@require_safe
def trash_can(request: HttpRequest) -> HttpResponse:
    """What was deleted in the last month and can be put back."""
    allowed(request, adds)
    filterset = HistoryFilter(request.GET, queryset=User.objects.none())
    filterset.changes = Deletions(trash.BINS, timezone.now() - trash.KEPT, by=deleter(request))
    days = trash.KEPT // timedelta(days=1)
    return render_list(request, "editing/trash.html", filterset, per_page=DELETIONS_A_PAGE, days=days)


def deleter(request: HttpRequest) -> User | None:
    """Whose deletions this person sees and takes back: an agent their own, an officer everybody's (None)."""
    return None if edits(request.user) else cast(User, request.user)


@require_POST
@transaction.atomic
def restore(request: HttpRequest, model: str, event: int) -> HttpResponse:
    """One takes back what one deleted, as long as it would be one's to edit; an officer whatever was deleted."""
    binned = {each._meta.label_lower: each for each in trash.BINS}
    if model not in binned:
        raise Http404
    try:
        row: Any = trash.restore(binned[model], event, by=deleter(request))
        if not trash.BINS[binned[model]](row, cast(User, request.user)):
            raise Http404
    except ObjectDoesNotExist as unknown:
        raise Http404 from unknown
    except trash.NotRestored as refusal:
        transaction.set_rollback(True)
        messages.error(request, _("La suppression n’a pas pu être annulée : %(reason)s") % {"reason": refusal})
        return redirect("trash")
    messages.success(request, _("« %(name)s » est rétabli.") % {"name": row})
    above = next(filter(None, (getattr(row, name, None) for name in ABOVE)), None)
    return redirect(row if hasattr(row, "get_absolute_url") else above or "trash")
