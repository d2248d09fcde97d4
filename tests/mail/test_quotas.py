"""How many messages strangers and people cause, and whose words go with them."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from aect.accounts.models import Role, User
from aect.journal.models import Entry
from aect.mail.models import Message
from aect.mail.services import send_waiting
from partnerships.choices import MemberRole
from partnerships.models import JoinRequest
from tests import factories
from tests.funding.test_filing import whole_draft

pytestmark = pytest.mark.django_db
SPAM = "Votre compte est suspendu https://mauvais.test"
STRANGERS = ["/inscription/", "/mot-de-passe-oublie/"]


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(page: str, email: str, address: str = "192.0.2.1", **more: str):
    return Client().post(page, {"email": email}, REMOTE_ADDR=address, **more)


# Strangers


@pytest.mark.parametrize("page", STRANGERS)
def test_one_address_writes_to_so_many_strangers_only(settings, page):
    settings.MAILS_PER_ADDRESS = 3
    statuses = [ask(page, f"{n}@demo.test").status_code for n in range(5)]
    assert statuses == [302] * 3 + [429] * 2
    assert Message.objects.count() == 3
    refused = ask(page, "typed@demo.test")
    assert 'value="typed@demo.test"' in refused.content.decode()  # nothing typed is lost
    assert re.search(r"réessayez à \d\d:\d\d", refused.content.decode())
    assert Entry.objects.filter(action="refused", details__limit="mails-address").count() == 1


@pytest.mark.parametrize("page", STRANGERS)
def test_control_without_the_quota_to_all(settings, page):
    settings.MAILS_PER_ADDRESS = 9999
    assert [ask(page, f"{n}@demo.test").status_code for n in range(25)] == [302] * 25


@pytest.mark.parametrize("page", STRANGERS)
def test_one_network_too(settings, page):
    settings.MAILS_PER_NETWORK = 3
    assert [ask(page, f"{n}@demo.test", f"192.0.2.{n}").status_code for n in range(5)] == [302] * 3 + [429] * 2


@pytest.mark.parametrize("page", STRANGERS)
def test_nobody_is_flooded_from_many_addresses(settings, page):
    settings.MAILS_PER_RECIPIENT = 3
    statuses = [ask(page, "victim@demo.test", f"192.0.{n}.1").status_code for n in range(5)]
    assert statuses == [302] * 3 + [429] * 2
    assert Message.objects.count() == 3


def test_a_stranger_s_request_does_not_hold_back_the_owner_s():
    factories.UserFactory(email="a@demo.test").set_password("x")
    User.objects.create_user("b@demo.test", "a long enough password")
    ask("/mot-de-passe-oublie/", "b@demo.test", "192.0.2.1")
    ask("/mot-de-passe-oublie/", "b@demo.test", "192.0.9.1")
    assert send_waiting() == 2


def test_nor_does_a_thousand(settings):
    """The owner, where they signed in before, is not counted with who floods them."""
    settings.MAILS_PER_RECIPIENT = 2
    user = User.objects.create_user("b@demo.test", "a long enough password")
    Entry.objects.create(action="signed_in", actor_id=user.pk, address="192.0.9.0/24")
    for n in range(4):
        ask("/mot-de-passe-oublie/", "b@demo.test", f"203.0.{n}.1")
    assert ask("/mot-de-passe-oublie/", "b@demo.test", "192.0.9.1").status_code == 302
    assert send_waiting() == 3


def test_the_link_is_the_site_s_whatever_host_is_asked(settings):
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], "https://aect.test"
    User.objects.create_user("b@demo.test", "a long enough password")
    ask("/mot-de-passe-oublie/", "b@demo.test", HTTP_HOST="mauvais.test")
    send_waiting()
    assert "https://aect.test/mot-de-passe-oublie/" in mail.outbox[0].body
    assert "mauvais" not in mail.outbox[0].body


# People


@pytest.fixture
def signatory() -> User:
    return factories.MembershipFactory(role=MemberRole.SIGNATORY).user


def place_of(user: User) -> str:
    return user.memberships.get().organisation.slug


def invite(user: User, email: str):
    page = reverse("member-invite", args=[place_of(user)])
    return signed_in(user).post(page, {"email": email, "role": "editor", "language": "fr"})


def guest(user: User, project, email: str):
    return signed_in(user).post(reverse("guest-add", args=[project.slug]), {"email": email, "language": "fr"})


def joining(place, message: str) -> dict[str, object]:
    sought = {"organisation": place.name, "organisation_sought": place.name, "organisation_choice": place.pk}
    return {**sought, "message": message}


def test_a_member_invites_so_many(settings, signatory):
    settings.MAILS_PER_PERSON = 3
    answers = [invite(signatory, f"{n}@ville.test") for n in range(5)]
    assert [answer.status_code for answer in answers] == [302] * 3 + [429] * 2
    assert 'value="4@ville.test"' in answers[-1].content.decode()
    assert Entry.objects.filter(action="refused", details__limit="mails-person").exists()


def test_nobody_is_invited_too_often(settings, signatory):
    settings.MAILS_PER_RECIPIENT = 2
    assert [invite(signatory, "one@ville.test").status_code for _n in range(4)] == [302] * 2 + [429] * 2


def test_a_record_has_so_many_guests_invited(settings, signatory):
    settings.MAILS_PER_PERSON = 2
    project = whole_draft(signatory)
    answers = [guest(signatory, project, f"{n}@ville.test") for n in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 'value="2@ville.test"' in answers[-1].content.decode()


def test_a_guest_comments_so_often(settings, signatory):
    settings.MAILS_PER_RECIPIENT = 2
    project = whole_draft(signatory)
    stranger = factories.GuestFactory(project=project, user=factories.UserFactory(role=Role.AGENT)).user
    page = reverse("project-comment", args=[project.slug])
    answers = [signed_in(stranger).post(page, {"comment": f"Mot {n}"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 429, 429]
    assert "Mot 3</textarea>" in answers[-1].content.decode()


def test_somebody_asks_to_join_so_many(settings, agent):
    settings.MAILS_PER_RECIPIENT = 2
    factories.UserFactory(role=Role.OFFICER)
    answers = []
    for _n in range(3):
        place = factories.OrganisationFactory()
        data = joining(place, "Une phrase tapée")
        answers.append(signed_in(agent).post("/rejoindre/", data))
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "Une phrase tapée" in answers[-1].content.decode()
    assert JoinRequest.objects.count() == 2


def test_the_delegation_writes_as_much_as_its_work_asks(settings, officer):
    settings.MAILS_PER_PERSON = settings.MAILS_PER_RECIPIENT = 1
    project = whole_draft(factories.MembershipFactory(role=MemberRole.SIGNATORY).user)
    project.state = "submitted"
    project.save()
    page = reverse("project-comment", args=[project.slug])
    assert [signed_in(officer).post(page, {"comment": "Bien"}).status_code for _n in range(3)] == [302] * 3


# Their words


def test_words_of_strangers_do_not_travel(signatory, officer):
    """What somebody outside typed is read on the site; the message says only that it is there."""
    project = whole_draft(signatory)
    place = signatory.memberships.get().organisation
    stranger = factories.GuestFactory(project=project, user=factories.UserFactory(role=Role.AGENT)).user
    project.title = SPAM
    project.save()
    stranger.first_name = stranger.last_name = SPAM[:150]
    stranger.save()
    signed_in(stranger).post(reverse("project-comment", args=[project.slug]), {"comment": SPAM})
    guest(signatory, project, "dehors@ville.test")
    data = joining(place, SPAM)
    assert signed_in(factories.UserFactory(role=Role.AGENT)).post("/rejoindre/", data).status_code == 302
    assert send_waiting() >= 3
    for message in mail.outbox:
        assert "mauvais.test" not in message.subject + message.body, message.subject
