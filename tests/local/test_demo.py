"""The runner of `make demo`, with stand-ins for the application's programs."""

import os
import signal
import socket
import sys

import pytest

from aect.local import demo, places, processes
from aect.local.services import Failed, Services
from tests.children import free_port

WEB = """
import http.server, sys
class Ok(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ok).serve_forever()
"""


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout, and a signal table that the tests of this process keep to themselves."""
    monkeypatch.setattr(demo, "CHECKOUT", tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return tmp_path


def test_one_program_that_ends_is_named_and_takes_the_others_along(checkout, monkeypatch, capsys, port):
    started = []
    start = processes.start
    monkeypatch.setattr(
        processes, "start", lambda *args, **kwargs: started.append(start(*args, **kwargs)) or started[-1]
    )
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    stand_ins = {
        "web": [sys.executable, "-c", WEB, str(port)],
        "worker": [sys.executable, "-c", stubborn],
        "beat": [sys.executable, "-c", "import time; print('boum', flush=True); time.sleep(2); raise SystemExit(3)"],
    }
    monkeypatch.setattr(demo, "_programs", lambda _: stand_ins)
    monkeypatch.setattr(demo, "GRACE", 1)
    with pytest.raises(Failed, match=r"beat s'est arrêté \(code 3\)"):
        demo._serve(Services("", ""), port, dict(os.environ))
    assert [child.name for child in started if child.ended] == ["web", "worker", "beat"]
    printed = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/" in printed
    assert "[beat] boum" in printed


def test_a_port_in_use_is_said_before_anything_starts(checkout, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo.demo(port=port, reset=False) == 1
    assert f"le port {port} est déjà pris" in capsys.readouterr().out
    assert [path.name for path in (checkout / "var").iterdir()] == ["demo.lock"]


def test_a_second_demo_says_which_process_is_the_first(checkout, capsys):
    (checkout / "var").mkdir()
    with places.locked(checkout / "var/demo.lock"):
        assert demo.demo(port=0, reset=False) == 1
    assert f"(processus {os.getpid()})" in capsys.readouterr().out


def test_reset_never_touches_a_database_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    with pytest.raises(Failed, match="DATABASE_URL"):
        demo._forget(tmp_path)


def test_the_digest_tells_changed_fixtures(tmp_path):
    (tmp_path / "a.json").write_text("1")
    first = demo.digest(tmp_path)
    assert demo.digest(tmp_path) == first
    (tmp_path / "a.json").rename(tmp_path / "b.json")
    assert demo.digest(tmp_path) != first
