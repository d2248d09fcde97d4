"""Background work on accounts."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from aect.accounts import services
from aect.jobs.models import Job
from aect.jobs.services import job_task


@job_task(_("Envoi d’un lien de mot de passe"))
def mail_password_reset(job: Job) -> None:
    services.mail_password_reset(job)


@shared_task
def forget() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    services.forget()
