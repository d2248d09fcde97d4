"""What holds on every answer: the content policy, errors in French, sign-in by default, health."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import override

POLICY = "Content-Security-Policy"


def assert_strict(response) -> None:
    policy = response.headers[POLICY]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/apd/", "/connexion/", "/healthz", "/rien/", "/es/rien/"])
def test_every_answer_carries_the_strict_policy(client, path):
    assert_strict(client.get(path))


@pytest.mark.django_db
def test_refusals_carry_the_policy_too(officer):
    client = Client(enforce_csrf_checks=True)
    assert_strict(client.get("/", HTTP_HOST="elsewhere.test"))  # 400
    client.force_login(officer)
    refused = client.post("/apd/recalculer/")  # 403: no CSRF token
    assert refused.status_code == 403
    assert_strict(refused)
    assert "Cette page ne vous est pas ouverte" in refused.content.decode()


@pytest.mark.django_db
def test_pages_travel_compressed(client):
    response = client.get("/apd/", HTTP_ACCEPT_ENCODING="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.django_db
def test_unknown_page_is_a_french_404(client):
    response = client.get("/page-qui-n-existe-pas/")
    assert response.status_code == 404
    assert "Page introuvable" in response.content.decode()
    assert '<html lang="fr"' in response.content.decode()


@pytest.mark.django_db
def test_unknown_page_speaks_the_language_of_its_address(client):
    assert '<html lang="es"' in client.get("/es/page-qui-n-existe-pas/").content.decode()


def ask(*paths: str, **environment: str) -> dict[str, dict[str, Any]]:
    """Asks a fresh process of the application for these pages; returns status, headers and body of each."""
    program = (
        "import django, json; django.setup()\n"
        "from django.test import Client\n"
        "client = Client(raise_request_exception=False)\n"
        f"answers = {{path: client.get(path, HTTP_HOST='localhost') for path in {paths!r}}}\n"
        "print(json.dumps({path: {'status': a.status_code, 'headers': dict(a.headers), 'body': a.content.decode()}"
        " for path, a in answers.items()}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "aect.settings", "HTTPS": "0", **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(said.stdout)


def test_a_database_that_is_down_gives_a_clear_503():
    """The database's port is closed for this process: a real failure, not a simulated one."""
    pages = ("/", "/partenariats/", "/apd/", "/apd/export.csv", "/es/financements/")
    for path, answer in ask(*pages, DATABASE_URL="postgres://aect@127.0.0.1:1/aect").items():
        assert answer["status"] == 503, path
        assert "Retry-After" in answer["headers"]
        assert POLICY in answer["headers"]
        assert "Traceback" not in answer["body"]
        assert ("momentanément indisponible" in answer["body"]) is not path.startswith("/es/")


def test_readiness_names_what_is_down():
    down = {"DATABASE_URL": "postgres://aect@127.0.0.1:1/aect", "REDIS_URL": "redis://127.0.0.1:1/0"}
    answer = ask("/readyz", **down)["/readyz"]
    assert answer["status"] == 503
    assert json.loads(answer["body"]) == {"database": "down", "redis": "down", "oldest_job_seconds": None}


@pytest.mark.django_db
def test_readiness_is_200_when_all_answers(client):
    assert client.get("/readyz").json() == {"database": "ok", "redis": "ok", "oldest_job_seconds": None}


def test_a_missing_secret_stops_the_start_and_is_named():
    said = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "SECRET_KEY": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode != 0
    assert "SECRET_KEY" in said.stderr.splitlines()[-1]


PUBLIC = {
    "",
    "healthz",
    "readyz",
    ".well-known/security.txt",
    "mentions-legales/",
    "donnees-personnelles/",
    "accessibilite/",
    "plan-du-site/",
    "connexion/",
    "inscription/",
    "inscription/<str:token>/",
    "invitations/<str:token>/",
    "connexion/second-facteur/",
    "connexion/proconnect/",
    "proconnect/retour/",
    "proconnect/deconnexion/",
    "connexion/second-facteur/activer/",
    "alertes/arret/<str:token>/",
    "recherche/",
    "recherche/suggestions/",
    "mot-de-passe-oublie/",
    "mot-de-passe-oublie/<uidb64>/<token>/",
    "admin/login/",
    "partenariats/",
    "partenariats/comparer/",
    "partenariats/export.csv",
    "partenariats/export.xlsx",
    "partenariats/<slug:slug>/",
    "conventions/",
    "conventions/export.csv",
    "conventions/export.xlsx",
    "conventions/<slug:slug>/",
    "collectivites/",
    "collectivites/export.csv",
    "collectivites/export.xlsx",
    "collectivites/<slug:slug>/",
    "organisations/<slug:slug>/",
    "savoir-faire/",
    "savoir-faire/export.csv",
    "savoir-faire/export.xlsx",
    "savoir-faire/besoins/export.csv",
    "savoir-faire/besoins/export.xlsx",
    "savoir-faire/besoins/",
    "savoir-faire/besoins/<slug:slug>/",
    "savoir-faire/offres/<slug:slug>/",
    "apd/",
    "apd/export.csv",
    "financements/",
    "indicateurs/",
    "indicateurs/<slug:key>.csv",
    "projets/",
    "projets/export.csv",
    "projets/export.xlsx",
    "projets/<slug:slug>/",
    "invitations/projet/<str:token>/",
}


def routes(resolver: URLResolver, prefix: str = ""):
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        elif pattern.app_name != "admin":
            yield from routes(pattern, path)


def test_only_the_listed_pages_are_open_without_sign_in():
    with override("fr"):  # the language of the test before would prefix every route
        open_pages = {path for path, view in routes(get_resolver()) if not getattr(view, "login_required", True)}
    assert open_pages == PUBLIC


@pytest.mark.django_db
def test_other_pages_lead_to_sign_in(client):
    response = client.get("/taches/")
    assert response.status_code == 302
    assert response.url == "/connexion/?next=/taches/"


@pytest.mark.django_db
@override_settings(AECT_STATE_BRANDING=False)
def test_without_state_branding_the_site_says_it_is_a_demonstration(client):
    page = client.get("/").content.decode()
    assert "fr-logo" not in page
    assert "démonstration" in page


@pytest.mark.django_db
@override_settings(AECT_STATE_BRANDING=True)
def test_the_state_s_brand_shows_only_when_asked_for(client):
    assert "fr-logo" in client.get("/").content.decode()
