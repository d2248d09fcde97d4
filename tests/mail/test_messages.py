"""Messages are queued with what they tell of, written when they are sent, and forgotten."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.template import TemplateDoesNotExist
from django.test import Client, override_settings
from django.utils import timezone

from aect.accounts.models import Role, User
from aect.jobs.models import Job, JobState
from aect.jobs.services import claim
from aect.mail import contents, services
from aect.mail.models import MAX_ATTEMPTS, Message, MessageState
from tests import factories

pytestmark = pytest.mark.django_db
RESET = "accounts/password_reset"


@pytest.fixture
def reader() -> User:
    user = factories.UserFactory(email="a@demo.test")
    user.set_password("a long enough password")
    user.save()
    return user


def queue(key: str = "k", **more) -> Message:
    content = {"about": 1}
    return services.queue(RESET, **{"to": "a@demo.test", "language": "fr", "context": content, "key": key, **more})


def attempt(message: Message) -> Message:
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
    services.send_waiting()
    message.refresh_from_db()
    return message


def test_it_leaves_once_and_keeps_nothing_of_what_it_said(reader):
    message = attempt(queue())
    assert (message.state, message.attempts, message.context) == (MessageState.SENT, 1, {})
    assert attempt(queue()).attempts == 1  # the same key again
    (sent,) = mail.outbox
    assert sent.extra_headers["Message-ID"] == message.message_id == f"<{message.pk}@127.0.0.1>"
    assert sent.subject == "Choisir un nouveau mot de passe"
    assert sent.body.startswith("Bonjour,\n\nQuelqu’un")
    assert sent.body.endswith("Action extérieure des collectivités\nhttp://127.0.0.1:8000/\n")


def test_the_database_refuses_to_keep_what_a_sent_message_said(reader):
    message = attempt(queue())
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(context={"token": "x"})


@pytest.mark.parametrize(("language", "link"), [("es", "/es/"), ("en-gb", "/en/"), ("", "/"), ("xx", "/")])
def test_it_speaks_the_reader_s_language(reader, language, link):
    attempt(queue(language=language))
    assert f"http://127.0.0.1:8000{link}mot-de-passe-oublie/" in mail.outbox[0].body


def test_what_is_undone_is_not_sent(reader):
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert services.send_waiting() == 0


def test_the_bell_rings_on_commit(reader, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as rung:
        queue()
        queue("another")
    assert not Job.objects.exists()
    assert len(rung) == 1
    rung[0]()
    assert Job.objects.get().task == services.SEND_TASK


def test_a_template_that_is_not_there_is_said_at_once():
    with pytest.raises(TemplateDoesNotExist):
        services.queue("nowhere", to="a@demo.test", language="fr", key="k")


def test_what_fails_is_tried_later_then_set_aside_and_shown(reader):
    message = queue()
    with override_settings(EMAIL_BACKEND="nowhere.Backend"):
        assert attempt(message).state == MessageState.WAITING
        assert message.due_at > timezone.now()
        assert services.send_waiting() == 0  # not yet
        for _attempt in range(MAX_ATTEMPTS + 2):
            attempt(message)
    assert (message.state, message.attempts) == (MessageState.FAILED, MAX_ATTEMPTS)
    assert "nowhere" in message.last_error
    client = Client()
    client.force_login(factories.UserFactory(role=Role.OFFICER))
    assert "1 message n’a pas pu partir" in client.get("/taches/").content.decode()
    client.force_login(factories.UserFactory(role=Role.AGENT))
    assert "n’a pas pu partir" not in client.get("/taches/").content.decode()


def test_one_that_fails_keeps_no_other_back(reader):
    wrong = services.queue("saved/alert", to="a@demo.test", language="fr", key="first")
    queue("second")
    job = claim(services.request_sending().pk)
    services.run_sending(job)
    wrong.refresh_from_db()
    assert "KeyError" in wrong.last_error
    assert len(mail.outbox) == 1
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.DONE, {"sent": 1})


def test_an_administrator_sends_an_abandoned_one_again(reader):
    Message.objects.filter(pk=queue().pk).update(state=MessageState.FAILED, attempts=MAX_ATTEMPTS)
    client = Client()
    client.force_login(factories.UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True))
    page = client.get("/admin/mail/message/?state__exact=failed")
    assert "a@demo.test" in page.content.decode()
    chosen = {"action": "again", "_selected_action": [str(Message.objects.get().pk)]}
    client.post("/admin/mail/message/", chosen)
    assert services.send_waiting() == 1
    assert not services.send_again(Message.objects.get().pk)


def test_the_administration_does_not_show_what_a_message_holds(reader):
    message = queue(context={"token": "s3cr3t"})
    client = Client()
    client.force_login(factories.UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True))
    assert "s3cr3t" not in client.get(f"/admin/mail/message/{message.pk}/change/").content.decode()


def test_what_is_old_is_forgotten(reader):
    old, failed, kept = queue("old"), queue("failed"), queue("kept")
    Message.objects.filter(pk=old.pk).update(created_at=timezone.now() - services.KEPT - timedelta(hours=1))
    week = timezone.now() - services.FAILED_KEPT - timedelta(hours=1)
    Message.objects.filter(pk=failed.pk).update(created_at=week, state=MessageState.FAILED)
    services.forget()
    assert {message.key: bool(message.context) for message in Message.objects.all()} == {"failed": False, "kept": True}
    assert kept.context
    assert not services.send_again(failed.pk)


def test_the_language_of_the_first_sign_in_is_kept_until_another_is_chosen(reader):
    client = Client()
    for address, language in (("/es/connexion/", "es"), ("/connexion/", "es")):
        client.post(address, {"username": "a@demo.test", "password": "a long enough password"})
        reader.refresh_from_db()
        assert reader.language == language
    assert client.post("/compte/", {"language": "en"}).status_code == 302
    reader.refresh_from_db()
    assert reader.language == "en"
    assert client.post("/compte/", {"language": "xx", "role": "officer"}).status_code == 200
    reader.refresh_from_db()
    assert (reader.language, reader.role) == ("en", Role.AGENT)


def test_every_message_is_a_template_that_exists():
    for template in contents.contents():
        assert (settings.BASE_DIR / "templates" / "mail" / f"{template}.txt").exists()
