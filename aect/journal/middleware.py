"""From where a request comes, and the files that leave: what the journal notes of every request."""

import ipaddress
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from aect.accounts.throttling import client_address
from aect.journal import services
from aect.journal.models import Action

Handler = Callable[[HttpRequest], HttpResponse]


def journal(get_response: Handler) -> Handler:
    """Gives `record` the visitor's address; notes each file that somebody who is signed in takes away.

    A response may say by `count_rows`, a function, how many rows its file holds. What strangers take is public.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        token = services.address.set(shortened(client_address(request)))
        try:
            response = get_response(request)
            if response.status_code == 200 and is_file(response) and request.user.is_authenticated:
                note_export(request, response)
            return response
        finally:
            services.address.reset(token)

    return middleware


def is_file(response: HttpResponse) -> bool:
    return response.get("Content-Disposition", "").startswith("attachment")


def note_export(request: HttpRequest, response: HttpResponse) -> None:
    count = getattr(response, "count_rows", None)
    asked = {name: values for name, values in request.GET.lists() if any(values)}
    rows = {"rows": count()} if count else {}
    services.record(Action.EXPORTED, by=request.user, path=request.path, filters=asked, **rows)


def shortened(address: str | None) -> str:
    """The network of an address (/24, or /48 in IPv6): it tells places apart, not households."""
    if not address:
        return ""
    size = 24 if ipaddress.ip_address(address).version == 4 else 48
    return str(ipaddress.ip_network((address, size), strict=False))
