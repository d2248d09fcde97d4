"""The register of know-how: offers, needs, what answers them, and the partnership prepared from a match."""

from functools import partial
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aect import editing
from aect.accounts.models import User
from aect.filters import render_list
from aect.limits.rooms import heavy
from aect.lists import Place, download, place_of
from partnerships import proposals, services
from partnerships.choices import FRENCH_KINDS
from partnerships.editable import NEED, OFFER
from partnerships.filters import NeedFilter, OfferFilter
from partnerships.models import Need, Offer
from partnerships.permissions import (
    editable_needs,
    editable_offers,
    edits,
    knowhow_places,
    visible,
    visible_partnerships,
)
from partnerships.views.editing import bound_by, form_page, saved
from partnerships.views.facts import numbered_sources

LIST = "partnerships/knowhow.html"
RECORD = "partnerships/entry.html"


def listed_offers(request: HttpRequest) -> OfferFilter:
    rows = visible(Offer.objects.for_list(), request.user, timezone.localdate()).latest_first()
    is_known = request.user.is_authenticated
    return OfferFilter(request.GET, rows, all_states=edits(request.user), may_hold_drafts=is_known)


def listed_needs(request: HttpRequest) -> NeedFilter:
    rows = visible(Need.objects.for_list(), request.user, timezone.localdate()).latest_first()
    is_known = request.user.is_authenticated
    return NeedFilter(request.GET, rows, all_states=edits(request.user), may_hold_drafts=is_known)


@login_not_required
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    return render_list(request, LIST, listed_offers(request), shows_offers=True, edits=edits(request.user))


@login_not_required
@require_safe
def needs(request: HttpRequest) -> HttpResponse:
    return render_list(request, LIST, listed_needs(request), shows_offers=False, edits=edits(request.user))


@login_not_required
@require_safe
@heavy
def offers_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    return download(request, listed_offers(request), extension, name="savoir-faire-offres", title=_("Offres"))


@login_not_required
@require_safe
@heavy
def needs_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    return download(request, listed_needs(request), extension, name="savoir-faire-besoins", title=_("Besoins"))


@login_not_required
@require_safe
def offer(request: HttpRequest, slug: str) -> HttpResponse:
    today, among = timezone.localdate(), visible_partnerships(request.user)
    found = get_object_or_404(visible(Offer.objects.for_page(among), request.user, today), slug=slug)
    return record(request, found, proposals.needs_for(found, today, among), place_of(found, listed_offers(request)))


@login_not_required
@require_safe
def need(request: HttpRequest, slug: str) -> HttpResponse:
    today, among = timezone.localdate(), visible_partnerships(request.user)
    found = get_object_or_404(visible(Need.objects.for_page(), request.user, today), slug=slug)
    return record(request, found, proposals.offers_for(found, today, among), place_of(found, listed_needs(request)))


def record(
    request: HttpRequest, entry: Offer | Need, proposed: list[proposals.Proposal], place: Place | None
) -> HttpResponse:
    context = {
        "entry": entry,
        "place": place,
        "proposals": proposed,
        "citations": numbered_sources([entry]),
        "edits": edits(request.user),
    }
    return render(request, RECORD, context)


@never_cache
@form_page
@transaction.atomic
def add_entry(request: HttpRequest, slug: str) -> HttpResponse:
    """A French collectivity offers, a foreign authority needs."""
    organisation = get_object_or_404(knowhow_places(request.user), slug=slug)
    kind = OFFER if organisation.kind in FRENCH_KINDS else NEED
    return editing.edit(
        request,
        kind.form._meta.model(organisation=organisation),
        kind.form,
        prepare=partial(bound_by, request),
        title=kind.add,
        parent=organisation,
        after=partial(saved, request),
        cancel=organisation.get_absolute_url(),
    )


@require_POST
def prepare(request: HttpRequest, slug: str, need_slug: str) -> HttpResponse:
    """The partnership of a match: made by the first click, found by the next ones."""
    offered = get_object_or_404(editable_offers(request.user), slug=slug)
    needed = get_object_or_404(editable_needs(request.user), slug=need_slug)
    try:
        partnership = services.prepare_partnership(offered, needed, by=cast(User, request.user))
    except services.NoMatch:
        messages.error(request, _("Cette offre ne répond plus à ce besoin : l’un des deux a changé entre-temps."))
        return redirect(offered)
    return redirect(partnership)
