"""A mail server of the tests' own: it speaks as much SMTP as `smtplib` needs, and keeps what it was given."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class MailServer(socketserver.ThreadingTCPServer):
    """`received` holds the messages; `on_connect` and `on_message` are called before it answers."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.received: list[str] = []
        self.on_connect: Callable[[], object] = lambda: None
        self.on_message: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        try:
            self.server.on_connect()
            self.say("220 ready")
            while line := self.rfile.readline():
                self.answer(line.decode().strip().upper())
        except OSError:  # whoever called is gone
            pass

    def answer(self, said: str) -> None:
        if said == "DATA":
            self.say("354 go on")
            lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
            self.server.received.append("\n".join(lines))
            self.server.on_message()
        self.say("221 bye" if said == "QUIT" else "250 ok")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
