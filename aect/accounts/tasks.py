"""Background work on accounts."""

from celery import shared_task

from aect.accounts import services


@shared_task
def forget() -> None:
    """Every night (see CELERY_BEAT_SCHEDULE)."""
    services.forget()
