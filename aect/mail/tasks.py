"""Background work on messages."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from aect.jobs.models import Job
from aect.jobs.services import job_task
from aect.mail import services


@job_task(_("Envoi des messages"))
def send(job: Job) -> None:
    services.run_sending(job)


@shared_task
def request_sending() -> None:
    """Every 20 seconds (see CELERY_BEAT_SCHEDULE): what failed is tried again, what was missed is found."""
    services.request_sending()


@shared_task
def forget() -> None:
    """Every night."""
    services.forget()
