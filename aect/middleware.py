"""What every answer carries."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.utils.cache import patch_cache_control

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
    """In bytes; files are taken on their own pages, from somebody who has a session."""
    if UPLOADS.fullmatch(request.path_info) and settings.SESSION_COOKIE_NAME in request.COOKIES:
        return int(max(settings.IMPORT_MAX_BYTES, settings.ATTACHMENT_MAX_BYTES) + settings.BODY_MAX_BYTES)
    return int(settings.BODY_MAX_BYTES)


def private_pages(get_response: Handler) -> Handler:
    """What somebody sees who is signed in is kept by no cache, their own browser's either."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


class AnsweringDatabase:
    """Answers 503 while the database hangs, which a connection that stands does not notice by itself.

    A server that is stopped still takes connections, by its kernel, and says nothing: so it is asked for a first word,
    now and then, and waited for no longer than it takes people to lose patience.
    """

    WAIT, EVERY = 2.0, 2.0  # seconds to wait for the word, and between two questions

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.asked_at, self.is_up, self.lock = -self.EVERY, True, threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if self.answers() else refused(request, 503)

    def answers(self) -> bool:
        """What was found last; one request at a time asks anew, and the others do not wait for it."""
        if time.monotonic() - self.asked_at >= self.EVERY and self.lock.acquire(blocking=False):
            try:
                self.is_up = says_a_word(self.WAIT)
                self.asked_at = time.monotonic()
            finally:
                self.lock.release()
        return self.is_up


#: PostgreSQL's SSLRequest: any server answers it with one letter before anything else.
GREETING = struct.pack("!II", 8, 80877103)


def says_a_word(patience: float) -> bool:
    """Whether the database's server answers. One that refuses the connection does: Django says what is wrong."""
    given = connection.settings_dict
    host, port = given["HOST"] or "localhost", int(given["PORT"] or 5432)
    is_local = host.startswith("/")
    link = socket.socket(socket.AF_UNIX if is_local else socket.AF_INET)
    try:
        with link:
            link.settimeout(patience)
            link.connect(f"{host}/.s.PGSQL.{port}" if is_local else (host, port))
            link.sendall(GREETING)
            return bool(link.recv(1))
    except TimeoutError:
        return False
    except OSError:
        return True
