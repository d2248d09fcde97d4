"""Background work on money."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from aect.jobs.models import Job
from aect.jobs.services import job_task
from funding import filing, services


@job_task(_("Calcul des totaux d’APD"))
def rebuild_totals(job: Job) -> None:
    services.run_totals(job)


@shared_task
def refresh_stale_totals() -> None:
    """Every minute (see CELERY_BEAT_SCHEDULE)."""
    services.request_stale_totals()


@shared_task
def forget_files() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    filing.forget_files()
