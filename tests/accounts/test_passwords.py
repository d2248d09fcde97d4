"""Passwords forgotten, changed, guessed."""

import datetime
import json
import re

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from aect.accounts import services
from aect.accounts.models import Session, User
from aect.mail.models import Message
from aect.mail.services import send_waiting

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
NEW = "another sound password"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("a@demo.test", PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, email: str = "a@demo.test", **request: str):
    return client.post("/connexion/", {"username": email, "password": password}, **request)


def asked(client: Client, email: str, prefix: str = "") -> str:
    response = client.post(f"{prefix}/mot-de-passe-oublie/", {"email": email}, follow=True)
    send_waiting()
    return response.content.decode()


def test_a_forgotten_password_is_replaced_by_a_mailed_link(client, user):
    Client().force_login(user)
    asked(client, "A@demo.test")
    (message,) = mail.outbox
    assert message.to == ["a@demo.test"]
    assert message.subject == "Choisir un nouveau mot de passe"
    link = re.search(r"http://127.0.0.1:8000(/mot-de-passe-oublie/\S+)", message.body)[1]
    form = client.get(link, follow=True)
    assert form.context["validlink"]
    done = client.post(form.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW})
    assert done.url == "/connexion/"
    assert sign_in(client, PASSWORD).status_code == 200
    assert sign_in(client, NEW).status_code == 302
    again = Client().get(link, follow=True)
    assert not again.context["validlink"]
    assert "déjà servi" in again.content.decode()


def test_the_answer_does_not_tell_who_has_an_account(client, user):
    known, unknown = asked(client, "a@demo.test"), asked(Client(), "nobody@demo.test")
    said = "Si un compte a cette adresse"
    assert said in known
    assert said in unknown
    assert len(mail.outbox) == 1
    assert Message.objects.count() == 2  # the same work whichever it was


def test_an_unknown_address_is_not_kept(client):
    asked(client, "nobody@demo.test")
    message = Message.objects.get()
    assert (message.to, message.context, message.state) == ("", {}, "dropped")
    assert "nobody" not in message.key


def test_no_link_is_kept_before_or_after_it_is_sent(client, user):
    client.post("/mot-de-passe-oublie/", {"email": "a@demo.test"})
    assert Message.objects.get().context == {}
    send_waiting()
    token = re.search(r"/mot-de-passe-oublie/\S+/(\S+)/", mail.outbox[0].body)[1]
    assert token not in json.dumps(list(Message.objects.values()), default=str)


def test_a_look_alike_address_gets_no_link(client, user):
    """Their capitals would be equal; the mail would go elsewhere."""
    User.objects.create_user("mike@example.org", PASSWORD)
    asked(client, "m\u0131ke@example.org")
    assert mail.outbox == []


def test_nobody_is_flooded_with_links(client, user):
    for _attempt in range(5):
        asked(client, "a@demo.test")
    assert len(mail.outbox) == 1


def test_a_disabled_account_gets_no_link(client, user):
    user.is_active = False
    user.save()
    asked(client, "a@demo.test")
    assert mail.outbox == []


def test_the_message_speaks_the_language_of_the_page(client, user):
    asked(client, "a@demo.test", prefix="/en")
    assert "http://127.0.0.1:8000/en/mot-de-passe-oublie/" in mail.outbox[0].body


def test_a_changed_password_closes_the_other_sessions(client, user):
    other = Client()
    sign_in(other)
    sign_in(client)
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/compte/mot-de-passe/", fields).url == "/compte/"
    assert client.get("/compte/").status_code == 200
    assert other.get("/compte/").status_code == 302


@pytest.mark.parametrize("password", ["short", "123456789012", "password1234"])
def test_a_weak_password_is_refused_with_a_reason(client, user, password):
    client.force_login(user)
    fields = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    response = client.post("/compte/mot-de-passe/", fields)
    assert response.status_code == 200
    assert response.context["form"].errors["new_password2"]


def fail(client: Client, times: int, **request: str):
    for _attempt in range(times):
        response = sign_in(client, "wrong", **request)
    return response


def test_too_many_failures_are_told_when_to_try_again(client, user):
    assert fail(client, 4).status_code == 200
    locked = fail(client, 1)
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 15 * 60
    page = locked.content.decode()
    assert re.search(r"réessayer à \d\d:\d\d", page)
    assert sign_in(client).status_code == 429  # the right password too


def test_the_owner_is_not_locked_out_by_who_guesses(client, user):
    assert fail(client, 6, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.2").status_code == 302


@pytest.mark.parametrize("proxied", [True, False])
def test_inventing_addresses_does_not_help(client, user, proxied):
    """A proxy adds what it saw at the end of the header; without one the header is not read at all."""
    with override_settings(BEHIND_PROXY=proxied):
        for n in range(6):
            response = sign_in(
                client, "wrong", REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}, 192.0.2.1"
            )
    assert response.status_code == 429


@override_settings(BEHIND_PROXY=True)
def test_behind_the_proxy_visitors_are_told_apart(client, user):
    assert fail(client, 6, HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 429
    assert sign_in(client, HTTP_X_FORWARDED_FOR="192.0.2.2").status_code == 302


@override_settings(BEHIND_PROXY=True)
def test_a_header_that_is_no_address_is_no_failure(client, user):
    assert sign_in(client, "wrong", HTTP_X_FORWARDED_FOR="'; DROP TABLE x").status_code == 200


def test_other_capitals_are_not_another_account(client, user):
    for email in ("a@demo.test", "A@demo.test", "a@DEMO.test", " a@demo.test ", "A@DEMO.TEST"):
        response = sign_in(client, "wrong", email=email)
    assert response.status_code == 429


def test_the_time_that_was_told_comes(client, user):
    fail(client, 6)
    fail(client, 3)  # during the lock: not counted
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - datetime.timedelta(minutes=16))
    assert sign_in(client).status_code == 302


def test_the_administration_has_no_sign_in_of_its_own(client):
    response = client.get("/admin/login/?next=/admin/")
    assert response.status_code == 302
    assert response.url == "/connexion/?next=/admin/"


def test_what_is_kept_for_a_time_is_forgotten(client, user):
    sign_in(Client())
    fail(client, 1)
    fail(Client(), 1, REMOTE_ADDR="192.0.2.1")
    long_ago = timezone.now() - datetime.timedelta(days=31)
    AccessAttempt.objects.filter(ip_address="192.0.2.1").update(attempt_time=long_ago)
    Session.objects.create(session_key="old", session_data="", expire_date=long_ago)
    services.forget()
    assert AccessAttempt.objects.get().ip_address == "127.0.0.1"
    assert Session.objects.get().user == user


def test_a_signed_in_person_is_known_after_sign_in(client, user):
    sign_in(client)
    assert get_user(client) == user
