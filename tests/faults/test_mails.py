"""Messages while workers race and die."""

import re

import pytest
from django.core import mail
from django.utils import timezone

from aect.jobs.models import Job
from aect.mail import services
from aect.mail.models import PAUSES, Message, MessageState
from aect.saved.models import Alert
from aect.saved.services import note_news, save_view
from tests import factories
from tests.children import worker
from tests.faults.conftest import in_threads, wait_until
from tests.mailserver import mail_server


@pytest.fixture
def message() -> Message:
    """About what is new to a view."""
    view = save_view(by=factories.UserFactory(), list_name="partnerships", query="q=eau", name="L’eau", is_alert=True)
    factories.PartnershipFactory(name="Eau nouvelle")
    in_threads(*[lambda: note_news(view.pk, "2026-W48")] * 4)
    assert Alert.objects.count() == 1
    return Message.objects.get()


def test_of_many_processes_one_sends(message):
    sent = in_threads(*[lambda: services.try_sending(message.pk)] * 4)
    assert sorted(sent) == [False, False, False, True]
    assert len(mail.outbox) == 1


def test_control_without_the_guards_each_sends(message):
    def unguarded() -> None:
        services.written(message, services.content_of(message)).send()

    in_threads(*[unguarded] * 4)
    assert len(mail.outbox) == 4


def test_two_that_queue_one_key_queue_one_message():
    def ask() -> Message:
        return services.queue("accounts/password_reset", to="a@demo.test", language="fr", key="same")

    assert len({asked.pk for asked in in_threads(*[ask] * 4)}) == 1


def make_due() -> None:
    Message.objects.update(due_at=timezone.now())


def test_the_message_of_a_killed_worker_is_sent_by_another(message):
    """Killed before the server has it, it is sent later; killed after, it is sent again and known by its id."""
    Job.objects.all().delete()
    with mail_server() as server:
        with worker(EMAIL_URL=server.url) as first:
            server.on_connect = first.kill
            services.request_sending()
            assert wait_until(lambda: first.poll() is not None)
        message.refresh_from_db()
        assert (message.state, message.attempts, server.received) == (MessageState.WAITING, 1, [])
        assert message.due_at > timezone.now()
        assert services.request_sending() is None  # the control: until the pause is over, nobody takes it

        server.on_connect = lambda: None
        make_due()
        with worker(EMAIL_URL=server.url) as second:
            server.on_message = second.kill
            services.request_sending()
            assert wait_until(lambda: second.poll() is not None)
        message.refresh_from_db()
        assert (message.state, message.attempts, len(server.received)) == (MessageState.WAITING, 2, 1)

        server.on_message = lambda: None
        make_due()
        with worker(EMAIL_URL=server.url):
            services.request_sending()
            assert wait_until(lambda: Message.objects.filter(state=MessageState.SENT).exists())
    message.refresh_from_db()
    assert (message.attempts, message.context) == (3, {})
    ids = [re.search(r"^Message-ID: (.*)$", text, re.MULTILINE)[1] for text in server.received]
    assert ids == [message.message_id] * 2


def test_a_message_that_kills_its_worker_each_time_is_set_aside(message):
    for _death in PAUSES:
        make_due()
        Message.objects.due().update(attempts=Message.objects.get().attempts + 1)  # claimed, then silence
    make_due()
    assert services.request_sending() is None
    assert Message.objects.get().state == MessageState.FAILED
