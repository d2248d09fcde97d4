"""Background work on imports."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from aect.batches import services
from aect.jobs.models import Job
from aect.jobs.services import job_task


@job_task(_("Vérification d’un import"))
def check_batch(job: Job) -> None:
    services.run_check(job)


@job_task(_("Écriture d’un import"))
def write_batch(job: Job) -> None:
    services.run_write(job)


@job_task(_("Annulation d’un import"))
def undo_batch(job: Job) -> None:
    services.run_undo(job)


@shared_task
def forget() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    services.forget()
