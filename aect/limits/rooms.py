"""Work of which only so much goes on at once, in all and for each reader: places in rooms.

A place is a session's advisory lock of PostgreSQL: it is held by the connection, and free again when its process dies.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from aect.accounts.throttling import counted_address

View = Callable[..., HttpResponseBase]
FIRST_FREE = "SELECT place FROM unnest(%s::bigint[]) AS place WHERE pg_try_advisory_lock(place) LIMIT 1"
FREE = "SELECT pg_advisory_unlock(place) FROM unnest(%s::bigint[]) AS place"
PAUSE = 0.05  # seconds between two looks for a free place


class Busy(Exception):
    """No place is free just now. Answered by `aect.limits.middleware`."""

    template = "limits/busy.html"
    again_in = 10  # seconds


def places_of(room: str, count: int) -> list[int]:
    """The numbers of a room's locks, which no other room has."""
    texts = (f"aect.limits {room} {number}" for number in range(count))
    return [int.from_bytes(sha256(text.encode()).digest()[:8], signed=True) for text in texts]


def enter(room: str, count: int, *, patience: float = 0) -> int:
    """Takes one of the room's places, after waiting so many seconds at most. Raises Busy."""
    end, places = time.monotonic() + patience, places_of(room, count)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(FIRST_FREE, [places])
            if found := cursor.fetchone():
                return int(found[0])
        if time.monotonic() >= end:
            raise Busy(room)
        time.sleep(PAUSE)


def leave(places: list[int]) -> None:
    """Frees the places; where that cannot be said, the connection that holds them is closed."""
    if places and connection.connection is not None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(FREE, [places])
        except DatabaseError:
            connection.close()


@contextmanager
def within(*rooms: tuple[str, int], patience: float = 0) -> Iterator[None]:
    """A place in each of these rooms for as long as the block lasts; one waits for the last room's only."""
    held: list[int] = []
    try:
        for number, (room, count) in enumerate(rooms, start=1):
            held.append(enter(room, count, patience=patience if number == len(rooms) else 0))
        yield
    finally:
        leave(held)


def reader_of(request: HttpRequest) -> str:
    """Whose work it is: a person's, or an address's."""
    return f"person {request.user.pk}" if request.user.is_authenticated else f"address {counted_address(request)}"


def heavy(view: View) -> View:
    """Makes a file, or anything as costly: some at once, so that there is always a worker for the others.

    One of the places in all is for people who are signed in. A place is held until the last byte has left.
    """

    return _guarded(view, "heavy", 0)


def heavy_map(view: View) -> View:
    """The same for a list, where it is asked for as a map: of all its rows, not of a page.

    One more at once for each reader than of files: a browser that is told to reload leaves the first one going on.
    """
    guarded = _guarded(view, "map", 1)

    @wraps(view)
    def chosen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_map = "carte" in request.GET.getlist("affichage")
        return (guarded if is_map else view)(request, *args, **kwargs)

    return chosen


def _guarded(view: View, kind: str, more: int) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        own = (f"{kind} {reader_of(request)}", settings.HEAVY_PER_READER + more)
        everyone = ("heavy", settings.HEAVY_AT_ONCE - (not request.user.is_authenticated))
        with ExitStack() as stack:
            stack.enter_context(within(own, everyone))
            response = view(request, *args, **kwargs)
            return _closing(response, stack.pop_all().close)

    return guarded


def _closing(response: HttpResponseBase, then: Callable[[], Any]) -> HttpResponseBase:
    """The response, after whose end `then` is done; at once when it is whole already."""
    if not response.streaming:
        then()
        return response
    close = response.close

    def closed() -> None:
        try:
            then()
        finally:
            close()

    response.close = closed  # type: ignore[method-assign]
    return response
