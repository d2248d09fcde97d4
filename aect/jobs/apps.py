from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.signals import task_failure
from django.apps import AppConfig
from django.db import connection
from django.utils.translation import gettext_lazy as _

from aect.celery import app


class JobsConfig(AppConfig):
    name = "aect.jobs"
    verbose_name = _("Tâches")

    def ready(self) -> None:
        """Registers every application's tasks, so that the web process knows their titles too."""
        app.autodiscover_tasks(force=True)
        task_failure.connect(child_died, dispatch_uid="aect.jobs")


def child_died(args: list[Any] | None = None, exception: BaseException | None = None, **signal: Any) -> None:
    """The worker's parent tells that the child which had a job was killed; it holds no connection of its own."""
    from aect.jobs.services import abandoned  # noqa: PLC0415  # models are loaded by now

    if isinstance(exception, WorkerLostError | TimeLimitExceeded) and args:
        try:
            abandoned(args[0])
        finally:
            connection.close()
