"""Background work on limits."""

from celery import shared_task

from aect.limits import services


@shared_task
def forget() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    services.forget()
