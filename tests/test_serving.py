"""How the web stands what arrives from outside: long bodies, slow visitors, other names; and what no cache keeps."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.test.client import FakePayload

from tests import factories
from tests.children import child_environment, free_port

COMPOSE = (Path(settings.BASE_DIR) / "docker-compose.yml").read_text()


@contextmanager
def gunicorn(*options: str) -> Iterator[int]:
    """A real one, as the demonstration and the image start it; gives its port."""
    port = free_port()
    program = str(Path(sys.executable).with_name("gunicorn"))
    command = [program, "--config", "aect/gunicorn.py", "--bind", f"127.0.0.1:{port}", "--workers", "1", *options]
    process = subprocess.Popen(command, env=child_environment(HTTPS="0"), cwd=settings.BASE_DIR)
    try:
        assert any(answers(port) or time.sleep(0.2) for _try in range(300))
        yield port
    finally:
        process.kill()
        process.wait()


def asked(port: int, head: str, patience: float = 30) -> bytes:
    """What is answered to these words, as far as it comes within the patience."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as link:
        link.sendall(head.encode())
        try:
            return link.recv(65536)
        except TimeoutError:
            return b""


def answers(port: int, patience: float = 5) -> bool:
    try:
        return b" 200 " in asked(port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", patience)[:20]
    except OSError:
        return False


@pytest.mark.django_db
def test_a_long_body_is_refused_before_it_is_sent():
    head = "POST /connexion/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 157286400\r\n\r\n"
    with gunicorn() as port:
        assert b" 413 " in asked(port, head)[:20]
        assert answers(port)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "length", "is_signed_in", "status"),
    [
        ("/connexion/", 3_000_000, False, 413),
        ("/imports/nouveau/", 3_000_000, False, 413),
        ("/imports/nouveau/", 23_000_000, True, 200),
        ("/es/projets/un-projet/pieces/", 9_000_000, True, 200),
        ("/imports/nouveau/", 25_000_000, True, 413),
        ("/partenariats/nouveau/", 3_000_000, True, 413),
        ("/connexion/", -1, False, 413),
    ],
)
def test_each_page_takes_so_much_and_no_more(client, path, length, is_signed_in, status):
    if is_signed_in:
        client.force_login(factories.UserFactory())
    response = client.generic("POST", path, b"", CONTENT_LENGTH=str(length))
    assert (response.status_code == 413) is (status == 413)
    if status == 413:
        assert "dépasse ce que cette page accepte" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/imports/nouveau/", "/projets/un-projet/pieces/"])
def test_a_session_that_is_none_leads_to_sign_in_before_its_file_is_read(client, path):
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    form = FakePayload(b"--x\r\n" + b"0" * 3_000_000)
    response = client.generic(
        "POST",
        path,
        CONTENT_TYPE="multipart/form-data; boundary=x",
        **{
            "CONTENT_LENGTH": str(len(form)),
            "wsgi.input": form,
        },
    )
    assert response.status_code == 302
    assert response["Location"] == f"/connexion/?next={path}"
    assert len(form.read()) == int(response.wsgi_request.META["CONTENT_LENGTH"])


def test_every_image_is_the_one_that_was_chosen():
    """By its digest: a tag may lead to another image tomorrow."""
    built = re.findall(r"^FROM (\S+)", (Path(settings.BASE_DIR) / "Dockerfile").read_text(), re.MULTILINE)
    images = {*built, *re.findall(r"^\s+image: (\S+)", COMPOSE, re.MULTILINE)} - {"aect"}
    assert len(images) == 4
    assert all(re.fullmatch(r"\S+:\S+@sha256:[0-9a-f]{64}", image) for image in images)


def dribbling(port: int, count: int) -> ExitStack:
    """So many visitors who never finish their first line."""
    stack = ExitStack()
    for _visitor in range(count):
        link = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        link.sendall(b"GET /healthz HT")
    time.sleep(0.5)  # until they are taken; nothing says so
    return stack


@pytest.mark.django_db
@pytest.mark.parametrize(("options", "stands"), [((), True), (("--worker-class", "sync", "--threads", "1"), False)])
def test_two_slow_visitors_do_not_stop_the_site(options, stands):
    """The control is the worker that answers one visitor after the other."""
    with gunicorn(*options) as port, dribbling(port, 2):
        assert answers(port, 20 if stands else 2) is stands


@pytest.mark.django_db
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_proxy_of_compose_keeps_many_slow_visitors_away(tmp_path):
    with gunicorn() as port:
        front = free_port()
        config = re.search(r"  proxy:\n    content: \|\n((?:      .*\n)+)", COMPOSE)[1].replace("$$", "$")
        config = config.replace("listen 8080", f"listen 127.0.0.1:{front}").replace("web:8000", f"127.0.0.1:{port}")
        logs = f"error_log {tmp_path}/error.log; pid {tmp_path}/pid; daemon off; master_process off;"
        paths = "".join(
            f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (tmp_path / "nginx.conf").write_text(f"{logs} events {{}} http {{ access_log off; {paths} {config} }}")
        proxy = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)])
        try:
            assert any(answers(front) or time.sleep(0.2) for _try in range(100))
            with dribbling(front, 30):
                assert answers(front, 20)
                body = "POST /connexion/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 157286400\r\n\r\n"
                assert b" 413 " in asked(front, body)[:20]
        finally:
            proxy.kill()
            proxy.wait()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_who_watches_the_service_needs_no_name_of_it(client, path):
    assert client.get(path, HTTP_HOST="10.0.0.7:8000").status_code in {200, 503}
    assert client.get("/", HTTP_HOST="10.0.0.7:8000").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/partenariats/", "/compte/", "/rien/", "/apd/export.csv"])
def test_no_cache_keeps_what_a_signed_in_person_sees(agent, path):
    client = Client()
    client.force_login(agent)
    told = client.get(path).headers["Cache-Control"]
    assert {"private", "no-store"} <= set(told.split(", "))
    assert "no-store" not in Client().get("/partenariats/").headers.get("Cache-Control", "")
