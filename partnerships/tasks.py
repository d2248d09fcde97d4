"""Background work on the registry."""

from celery import shared_task
from django.utils import timezone

from partnerships import joining, reminders


@shared_task
def forget() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    joining.forget()


@shared_task
def remind() -> None:
    """Every morning (see CELERY_BEAT_SCHEDULE)."""
    reminders.remind(timezone.localdate())
