"""How long a session lasts, and who closes it."""

import datetime

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from aect.accounts.models import Session
from aect.accounts.sessions import SEEN_AT, SIGNED_IN_AT

pytestmark = pytest.mark.django_db


def set_back(client: Client, **clocks: datetime.timedelta) -> None:
    """Makes a session older than it is, as the clock would."""
    session = client.session
    for clock, age in clocks.items():
        session[clock] = (timezone.now() - age).isoformat()
    session.save()


def is_in(client: Client) -> bool:
    return client.get("/compte/").status_code == 200


@pytest.mark.parametrize(
    ("clock", "age", "stays"),
    [
        (SEEN_AT, settings.SESSION_IDLE_SECONDS - 30, True),
        (SEEN_AT, settings.SESSION_IDLE_SECONDS + 1, False),
        (SIGNED_IN_AT, settings.SESSION_COOKIE_AGE - 30, True),
        (SIGNED_IN_AT, settings.SESSION_COOKIE_AGE + 1, False),
    ],
)
def test_a_session_ends_when_idle_and_after_a_working_day(client, agent, clock, age, stays):
    client.force_login(agent)
    set_back(client, **{clock: datetime.timedelta(seconds=age)})
    assert is_in(client) is stays
    assert Session.objects.filter(user=agent).exists() is stays


def test_a_session_without_clocks_is_over(client, agent):
    client.force_login(agent)
    session = client.session
    del session[SIGNED_IN_AT]
    session.save()
    assert not is_in(client)


def test_visits_keep_a_session_awake_but_never_past_its_day(client, agent):
    client.force_login(agent)
    set_back(client, seen_at=datetime.timedelta(minutes=20))
    assert is_in(client)
    assert timezone.now() - datetime.datetime.fromisoformat(client.session[SEEN_AT]) < datetime.timedelta(minutes=1)
    set_back(client, signed_in_at=datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
    assert not is_in(client)


def test_a_disabled_account_loses_its_sessions_at_once_and_for_good(client, agent):
    client.force_login(agent)
    assert is_in(client)
    agent.is_active = False
    agent.save()
    assert not is_in(client)
    agent.is_active = True
    agent.save()
    assert not is_in(client)


def test_disabled_without_its_form_an_account_is_shut_out_too(client, agent):
    client.force_login(agent)
    type(agent).objects.update(is_active=False)
    assert not is_in(client)


def test_a_person_closes_their_other_sessions_only(client, agent, officer):
    here, there, elsewhere = client, Client(), Client()
    for browser, user in [(here, agent), (there, agent), (elsewhere, officer)]:
        browser.force_login(user)
    assert "Fermer les autres sessions" in here.get("/compte/").content.decode()
    assert here.post("/compte/sessions/fermer/").url == "/compte/"
    assert "1 session fermée." in here.get("/compte/").content.decode()
    assert is_in(here)
    assert not is_in(there)
    assert is_in(elsewhere)


def test_the_account_page_lists_the_browsers(client, agent):
    client.force_login(agent)
    session = client.session
    session["agent"] = "Navigateur <b>d’essai</b>"
    session.save()
    page = client.get("/compte/").content.decode()
    assert "Navigateur &lt;b&gt;d’essai&lt;/b&gt;" in page
    assert "cette session" in page
    assert "Fermer les autres sessions" not in page


def test_the_account_page_asks_for_sign_in(client):
    assert client.get("/compte/").url == "/connexion/?next=/compte/"
