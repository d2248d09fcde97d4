"""A database that hangs: it is stopped, not closed, so that its connections stand and nothing answers.

A server that is stopped still takes connections, by its kernel, and says nothing. So it is asked for a first word, now
and then, and waited for no longer than it takes people to lose patience. A statement that was sent before is cut off
at its connection: libpq would wait for its answer for ever.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import connections
from psycopg2 import InterfaceError

PATIENCE = 2.0  # seconds that the server has for its first word
EVERY = 2.0  # seconds between two questions, while requests come
LONG = 1.0  # seconds after which a request is worth a question of its own
#: PostgreSQL's SSLRequest: any server answers it with one letter before anything else.
GREETING = struct.pack("!II", 8, 80877103)


def says_a_word(patience: float = PATIENCE) -> bool:
    """Whether the database's server answers. One that refuses the connection does: Django says what is wrong."""
    given = connections["default"].settings_dict
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


@dataclass(eq=False)
class Waiting:
    """A request that may wait for the database, by the connection of its thread."""

    began: float
    connection: Any

    def cut(self) -> None:
        """Ends the connection under the statement, which then fails at once."""
        held = self.connection.connection
        with suppress(AttributeError, InterfaceError, OSError):  # there is none, it is closed, or gone meanwhile
            link = socket.socket(fileno=held.fileno())
            try:
                link.shutdown(socket.SHUT_RDWR)
            finally:
                link.detach()


class Watch:
    """Of one process: whether the database answers, and the requests that wait for it."""

    def __init__(self) -> None:
        self.asked_at, self.is_up = -EVERY, True
        self.asking, self.changing = threading.Lock(), threading.Condition()
        self.waiting: set[Waiting] = set()
        self.thread: threading.Thread | None = None

    def answers(self) -> bool:
        """What was found last; one request at a time asks anew, and the others do not wait for it."""
        if time.monotonic() - self.asked_at >= EVERY and self.asking.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self.asking.release()
        return self.is_up

    def _ask(self) -> None:
        self.is_up = says_a_word()
        self.asked_at = time.monotonic()

    @contextmanager
    def over(self) -> Iterator[None]:
        """Watches over what this thread asks of the database."""
        mine = Waiting(time.monotonic(), connections["default"])
        with self.changing:
            self.waiting.add(mine)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._look, name="hanging-database", daemon=True)
                self.thread.start()
            self.changing.notify()
        try:
            yield
        finally:
            with self.changing:
                self.waiting.discard(mine)

    def _look(self) -> None:
        while True:
            with self.changing:
                self.changing.wait_for(lambda: self.waiting)
                first = min(each.began for each in self.waiting)
            pause = first + LONG - time.monotonic()
            if pause > 0:
                time.sleep(pause)
                continue
            with self.asking:
                self._ask()
            if not self.is_up:
                self._cut(before=self.asked_at - PATIENCE)
            time.sleep(LONG)

    def _cut(self, *, before: float) -> None:
        """The requests that waited already when the server was asked."""
        with self.changing:
            cut = [each for each in self.waiting if each.began < before]
        for each in cut:
            each.cut()


watch = Watch()
