"""Background work on the registry."""

from celery import shared_task

from partnerships import joining


@shared_task
def forget() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    joining.forget()
