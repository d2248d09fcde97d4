"""Places in partnerships that wait for an answer."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aect.accounts.models import User
from partnerships import parties
from partnerships.permissions import answerable_proposals, withdrawable_proposals


@never_cache
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Those that this person may answer, and those that they may take back."""
    links = ("partnership", "organisation", "proposed_by")
    answerable = answerable_proposals(request.user).select_related(*links)
    own = withdrawable_proposals(request.user).exclude(pk__in=answerable.values("pk")).select_related(*links)
    return render(request, "partnerships/proposals.html", {"answerable": answerable, "own": own})


@require_POST
def answer(request: HttpRequest, pk: int, *, is_accepted: bool) -> HttpResponse:
    proposal = get_object_or_404(answerable_proposals(request.user).select_related("organisation"), pk=pk)
    try:
        party = parties.answer(proposal, is_accepted=is_accepted, by=cast(User, request.user))
    except parties.Answered as refusal:
        return refused(request, refusal)
    said = _("« %(name)s » prend maintenant part au partenariat.") if party else _("La proposition est déclinée.")
    messages.success(request, said % {"name": proposal.organisation})
    return redirect("proposals")


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    proposal = get_object_or_404(withdrawable_proposals(request.user), pk=pk)
    try:
        parties.withdraw(proposal, by=cast(User, request.user))
    except parties.Answered as refusal:
        return refused(request, refusal)
    messages.success(request, _("La proposition est retirée."))
    return redirect("proposals")


def refused(request: HttpRequest, refusal: parties.Answered) -> HttpResponse:
    messages.warning(request, str(refusal))
    return redirect("proposals")
