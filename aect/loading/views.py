"""Where officers take or leave what the files say otherwise."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aect.accounts.models import User
from aect.batches.permissions import officers_only
from aect.filters import render_list
from aect.loading import services
from aect.loading.filters import DifferenceFilter
from aect.loading.models import Difference, DifferenceState, LoadedRow

PER_PAGE = 25
STATE = DifferenceState


@never_cache
@officers_only
@require_safe
def differences(request: HttpRequest) -> HttpResponse:
    """By record, field by field: what stands here and what the files say."""
    filterset = DifferenceFilter(request.GET, LoadedRow.objects.all())
    return render_list(request, "loading/differences.html", filterset, per_page=PER_PAGE)


@officers_only
@require_POST
def decide(request: HttpRequest, pk: int, choice: DifferenceState) -> HttpResponse:
    """Takes, leaves or reopens some differences of one row, all or none."""
    stamps = stamps_of(request.POST)
    asked = list(Difference.objects.filter(row=pk, pk__in=stamps).values_list("pk", flat=True))
    back = back_to(request.POST.get("query", ""))
    try:
        services.decide(asked, choice, stamps=stamps, by=cast(User, request.user))
    except Difference.DoesNotExist as unknown:
        raise Http404 from unknown
    except services.Stale:
        messages.error(
            request,
            _(
                "Rien n’a changé : entre-temps la fiche, le fichier ou un collègue a changé la donne. "
                "Relisez la différence, puis décidez."
            ),
        )
    except services.Refused as refusal:
        words = _("Rien n’a changé : %(reason)s Corrigez la fiche, ou laissez cette différence.") % {"reason": refusal}
        messages.error(request, words)
    else:
        messages.success(request, said(choice))
    return redirect(back)


def said(choice: DifferenceState) -> str:
    return {
        STATE.TAKEN: _("Pris. Le choix se reprend dans la liste « Prises »."),
        STATE.LEFT: _("Laissé. Le choix se reprend dans la liste « Laissées »."),
        STATE.OPEN: _("Choix repris : la différence est de nouveau à décider."),
    }[choice]


def stamps_of(data: QueryDict) -> dict[int, str]:
    """`number:stamp`, one a difference."""
    pairs = (text.partition(":") for text in data.getlist("difference")[: 10 * PER_PAGE])
    return {
        int(number): mark
        for number, _colon, mark in pairs
        if number.isascii() and number.isdecimal() and len(number) < 19
    }


def back_to(query: str) -> str:
    """The list as it was, by its own parameters only."""
    params = QueryDict(mutable=True)
    for name, value in QueryDict(query[:500]).items():
        if name in DifferenceFilter.base_filters:
            params[name] = str(value)
    return f"{reverse('differences')}?{params.urlencode()}" if params else reverse("differences")
