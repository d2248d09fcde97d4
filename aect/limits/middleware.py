"""Answers 429 to whatever met a limit that its view did not answer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from aect.limits.answers import page
from aect.limits.rooms import Busy
from aect.limits.services import Exceeded

Handler = Callable[[HttpRequest], HttpResponse]


class LimitsMiddleware:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return page(request, exception) if isinstance(exception, Busy | Exceeded) else None
