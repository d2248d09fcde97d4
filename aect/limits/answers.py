"""What is read by who asked too much."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from aect.journal.services import refused
from aect.limits.rooms import Busy
from aect.limits.services import Exceeded


def told(request: HttpRequest, limit: Exceeded) -> str:
    """Notes the refusal in the journal; returns what the form that was sent then says."""
    refused(by=request.user, why="limit", limit=limit.name)
    until = time_format(timezone.localtime(limit.until), "H:i")
    if limit.name == "mails-recipient":
        text = _(
            "Plusieurs messages sont déjà partis à cette adresse : le dernier reçu est valable. "
            "Vous pourrez en demander un autre à %(until)s (heure de Paris)."
        )
    else:
        text = _(
            "Trop de messages sont partis en peu de temps : celui-ci n’est pas envoyé. "
            "Gardez cette page et réessayez à %(until)s (heure de Paris)."
        )
    return text % {"until": until}


def page(request: HttpRequest, met: Busy | Exceeded) -> HttpResponse:
    """A page of its own, for a limit that the view did not answer."""
    if isinstance(met, Busy):
        return _page(request, met.template, met.again_in)
    refused(by=request.user, why="limit", limit=met.name)
    wait = max(1, round((met.until - timezone.now()) / timedelta(seconds=1)))
    return _page(request, met.template, wait, until=met.until)


def _page(request: HttpRequest, template: str, wait: int, **context: Any) -> HttpResponse:
    response = render(request, template, {"seconds": wait, "status": 429, **context}, status=429)
    response["Retry-After"] = str(wait)
    return response
