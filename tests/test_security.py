"""Headers on every answer, the production settings, and the pages that the law asks for."""

import datetime
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.test_site import POLICY, ask

PRODUCTION = {
    "SECRET_KEY": "a-secret-that-is-long-enough-for-a-production-start-4f8e2a71c9",
    "ALLOWED_HOSTS": "localhost",
    "HTTPS": "1",
    "DEBUG": "0",
    "AECT_DEMO": "0",
    "SITE_URL": "https://aect.example.org",
}
HEADERS = {
    POLICY,
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
}


def assert_guarded(response) -> None:
    assert HEADERS - set(response.headers) == set()
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "geolocation=()" in response.headers["Permissions-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/healthz", 200),
        ("/apd/?annee=abc", 400),
        ("/rien/", 404),
        ("/taches/", 302),
        ("/static/img/favicon.svg", 200),
    ],
)
def test_every_answer_carries_the_headers(client, path, status):
    response = client.get(path)
    assert response.status_code == status
    assert_guarded(response)


@pytest.mark.django_db
def test_refusals_carry_the_headers(officer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    answers = [
        (client.get("/", HTTP_HOST="elsewhere.test"), 400),
        (client.post("/connexion/"), 403),
        (client.get("/deconnexion/"), 405),
    ]
    for response, status in answers:
        assert response.status_code == status
        assert_guarded(response)


@override_settings(SECURE_SSL_REDIRECT=True)
def test_the_turn_to_https_and_its_refusals_carry_the_headers(client):
    for response, status in [(client.get("/apd/"), 301), (client.get("/", HTTP_HOST="elsewhere.test"), 400)]:
        assert response.status_code == status
        assert_guarded(response)


@pytest.mark.django_db
def test_a_failure_carries_the_headers(client):
    """A real one: the session's row cannot be read by a table that is gone."""
    from django.db import connection

    client.raise_request_exception = False
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_session RENAME TO gone")
    response = client.get("/")
    assert response.status_code == 500
    assert_guarded(response)


def production(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, **PRODUCTION},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_production_settings_pass_the_deployment_check():
    said = production("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SECRET_KEY", "short", "aect.E002"),
        ("SECRET_KEY", "a" * 60, "aect.E002"),
        ("ALLOWED_HOSTS", "*", "aect.E001"),
        ("AECT_DEMO", "1", "aect.E003"),
        ("DEBUG", "1", "aect.E004"),
        ("SITE_URL", "http://aect.example.org", "aect.E005"),
        ("SITE_URL", "", "aect.E005"),
        ("HEAVY_AT_ONCE", "1", "HEAVY_AT_ONCE"),
        ("PASSWORDS_AT_ONCE", "0", "PASSWORDS_AT_ONCE"),
    ],
)
def test_the_deployment_check_refuses_what_is_unsafe(name, value, told, monkeypatch):
    monkeypatch.setitem(PRODUCTION, name, value)
    said = production("manage.py", "check", "--deploy")
    assert said.returncode != 0
    assert told in said.stderr


def test_production_cookies_belong_to_this_host_alone():
    said = production(
        "-c",
        "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'aect.settings'; django.setup()\n"
        "from django.test import Client\n"
        "for cookie in Client().get('/connexion/', HTTP_HOST='localhost', secure=True).cookies.values(): print(cookie)",
    )
    assert said.returncode == 0, said.stderr
    cookies = said.stdout.splitlines()
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("Set-Cookie: __Host-"), cookie
        assert "Secure" in cookie
        assert "Path=/;" in cookie
        assert "Domain" not in cookie


def test_production_asks_for_https_for_a_year():
    said = production(
        "-c",
        "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'aect.settings'; django.setup()\n"
        "from django.test import Client\n"
        "answer = Client().get('/mentions-legales/', HTTP_HOST='localhost', secure=True)\n"
        "print(answer.headers['Strict-Transport-Security'])",
    )
    assert said.stdout.strip() == "max-age=31536000; includeSubDomains; preload"


@override_settings(SECURITY_CONTACT="mailto:security@demo.test")
def test_security_txt_says_where_to_write_and_has_not_expired(client):
    response = client.get("/.well-known/security.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert fields["Contact"] == "mailto:security@demo.test"
    left = datetime.datetime.fromisoformat(fields["Expires"]) - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=150) < left < datetime.timedelta(days=365)
    assert fields["Canonical"] == "http://127.0.0.1:8000/.well-known/security.txt"


@override_settings(SECURITY_CONTACT="")
def test_security_txt_is_missing_while_nobody_answers(client):
    assert client.get("/.well-known/security.txt").status_code == 404


ABOUT = ["/plan-du-site/", "/accessibilite/", "/mentions-legales/", "/donnees-personnelles/"]


@pytest.mark.parametrize("path", ABOUT)
def test_each_page_leads_to_what_the_law_asks_for(client, path):
    page = client.get(path).content.decode()
    assert page.count("<h1>") == 1
    for address in ABOUT:
        assert f'href="{address}"' in page


def test_legal_pages_name_the_publisher_or_say_that_nobody_is_named(client):
    with override_settings(LEGAL_PUBLISHER="Ministère d’exemple", CONTACT_EMAIL="contact@demo.test"):
        page = client.get("/mentions-legales/").content.decode()
        assert "Ministère d’exemple" in page
        assert 'href="mailto:contact@demo.test"' in page
    with override_settings(LEGAL_PUBLISHER="", CONTACT_EMAIL=""):
        page = client.get("/mentions-legales/").content.decode()
        assert "Non renseigné pour cette installation." in page
        assert "mailto:" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/partenariats/"])
def test_the_footer_says_how_accessible_the_site_is(client, path):
    assert "Accessibilité : non conforme" in client.get(path).content.decode()


def test_a_closed_database_carries_the_headers():
    answer = ask("/", DATABASE_URL="postgres://aect@127.0.0.1:1/aect")["/"]
    assert answer["status"] == 503
    assert HEADERS - set(answer["headers"]) == set()
