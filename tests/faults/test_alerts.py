"""Two jobs that send the same alert at once."""

from django.core import mail

from aect.saved import services
from aect.saved.models import Alert
from tests import factories
from tests.faults.conftest import in_threads


def noted() -> Alert:
    view = services.save_view(
        by=factories.UserFactory(), list_name="partnerships", query="q=eau", name="L’eau", is_alert=True
    )
    factories.PartnershipFactory(name="Eau nouvelle")
    in_threads(*[lambda: services.note_news(view.pk, "2026-W48")] * 4)
    return Alert.objects.get()


def test_of_many_jobs_one_sends():
    alert = noted()
    errors = in_threads(*[lambda: services.send_alert(alert.pk)] * 4)
    assert errors == [None] * 4
    assert len(mail.outbox) == 1


def test_control_without_the_lock_each_sends():
    alert = noted()
    in_threads(*[lambda: services.message(Alert.objects.get(pk=alert.pk, sent_at=None)).send()] * 4)
    assert len(mail.outbox) == 4
