"""A person's data, copied and erased."""

import json
from io import StringIO

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.test import Client

from aect.accounts.models import Session, User
from aect.jobs.models import Job
from aect.mail.services import queue

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture
def person() -> User:
    user = User.objects.create_user("person@demo.test", PASSWORD, first_name="Camille")
    client = Client()
    client.post("/connexion/", {"username": "person@demo.test", "password": PASSWORD}, HTTP_USER_AGENT="Navigateur")
    client.post("/deconnexion/")
    client.force_login(user)
    Client().post("/connexion/", {"username": "person@demo.test", "password": "wrong"})
    Job.objects.create(task="t", key="k", requested_by=user)
    queue("accounts/password_reset", to="Person@demo.test", language="fr", context={"secret": "s3cr3t"}, key="m")
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), object_repr=str(user), action_flag=CHANGE
    )
    return user


def exported() -> str:
    out = StringIO()
    call_command("export_person", "Person@demo.test", stdout=out)
    return out.getvalue()


def test_a_copy_holds_all_that_is_kept_but_the_secrets(person):
    told = exported()
    rows = json.loads(told)
    assert rows["accounts.user"][0]["email"] == "person@demo.test"
    assert rows["accounts.user"][0]["first_name"] == "Camille"
    assert len(rows["accounts.session"]) == 1
    assert len(rows["axes.accessattempt"]) == 1
    assert rows["jobs.job"][0]["requested_by"] == person.pk
    assert len(rows["mail.message"]) == 1
    assert "s3cr3t" not in told
    assert person.password not in told
    assert Session.objects.get().session_key not in told


def test_an_erased_person_is_nowhere_and_what_they_did_keeps_a_number(person):
    call_command("erase_person", "person@demo.test", stdout=StringIO())
    person.refresh_from_db()
    assert not person.is_active
    assert not person.has_usable_password()
    assert not Session.objects.exists()
    assert Job.objects.get(key="k").requested_by_id == person.pk
    assert LogEntry.objects.get().user_id == person.pk
    dump = StringIO()
    call_command("dumpdata", stdout=dump, exclude=["contenttypes", "auth.permission", "pghistory"])
    assert "person@demo.test" not in dump.getvalue().lower()
    assert "Camille" not in dump.getvalue()


def test_others_are_left_alone(person, agent):
    other = Client()
    other.force_login(agent)
    call_command("erase_person", "person@demo.test", stdout=StringIO())
    assert other.get("/compte/").status_code == 200
    agent.refresh_from_db()
    assert agent.is_active


@pytest.mark.parametrize("command", ["export_person", "erase_person"])
def test_an_unknown_address_is_said(command):
    with pytest.raises(CommandError, match=r"nobody@demo\.test"):
        call_command(command, "nobody@demo.test")
