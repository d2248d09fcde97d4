from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from aect.celery import app


class JobsConfig(AppConfig):
    name = "aect.jobs"
    verbose_name = _("Tâches")

    def ready(self) -> None:
        """Registers every application's tasks, so that the web process knows their titles too."""
        app.autodiscover_tasks(force=True)
