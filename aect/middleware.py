"""What every answer carries."""

import re
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.utils.cache import patch_cache_control

from aect.hanging import watch

METHODS = ("GET", "HEAD", "OPTIONS", "POST")
#: The pages that take files, in any language.
UPLOADS = re.compile(r"(/[a-z]{2})?/(imports/nouveau|projets/[^/]+/pieces)/")
Handler = Callable[[HttpRequest], HttpResponse]


def security_headers(get_response: Handler) -> Handler:
    """Outermost, so that no answer lacks them: errors raised by the other middleware and static files have them too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in settings.SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def known_methods(get_response: Handler) -> Handler:
    """Pages are read and posted to: with any other method a view that does not look would take it for reading."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)

    return middleware


def health(get_response: Handler) -> Handler:
    """Answers those who watch the service, by whatever name they call it: they learn nothing else."""
    from aect.views import healthz, readyz  # noqa: PLC0415  # they need the applications

    views = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        view = views.get(request.path_info)
        return view(request) if view else get_response(request)

    return middleware


def refused(request: HttpRequest, status: int) -> HttpResponse:
    """The error's page, before anything looked at the request: in the language of its address."""
    from aect.views import error  # noqa: PLC0415  # it needs the applications

    with translation.override(translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE):
        return error(request, status)


def bounded_bodies(get_response: Handler) -> Handler:
    """Refuses a body that is too long by what it says of its length, before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > longest_body(request):
            return refused(request, 413)
        return get_response(request)

    return middleware


def longest_body(request: HttpRequest) -> int:
    """In bytes; files are taken on their own pages, from somebody who says they have a session."""
    if UPLOADS.fullmatch(request.path_info) and settings.SESSION_COOKIE_NAME in request.COOKIES:
        return int(max(settings.IMPORT_MAX_BYTES, settings.ATTACHMENT_MAX_BYTES) + settings.BODY_MAX_BYTES)
    return int(settings.BODY_MAX_BYTES)


def files_of_people(get_response: Handler) -> Handler:
    """Takes no file from a session that is none, or over: it leads to sign-in before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_long = int(request.META.get("CONTENT_LENGTH") or "0") > settings.BODY_MAX_BYTES
        if is_long and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return get_response(request)

    return middleware


def private_pages(get_response: Handler) -> Handler:
    """What somebody sees who is signed in is kept by no cache, their own browser's either."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def answering_database(get_response: Handler) -> Handler:
    """Answers 503 while the database hangs; a statement that it left hanging fails, see `aect.hanging`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not watch.answers():
            return refused(request, 503)
        with watch.over():
            return get_response(request)

    return middleware
