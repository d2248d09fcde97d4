"""Background work on saved views."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from aect.jobs.models import Job
from aect.jobs.services import job_task
from aect.saved import services


@job_task(_("Alertes de la semaine"))
def send_alerts(job: Job) -> None:
    services.run_alerts(job)


@shared_task
def request_alerts() -> None:
    """Every Monday morning (see CELERY_BEAT_SCHEDULE)."""
    services.request_alerts()
