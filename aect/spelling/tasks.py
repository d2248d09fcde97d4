"""Background work on the words of names."""

from celery import shared_task

from aect.spelling import services


@shared_task
def gather() -> None:
    """Every ten minutes (see CELERY_BEAT_SCHEDULE)."""
    services.gather()
