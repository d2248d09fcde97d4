"""The Celery application. Redis is a doorbell: the `Job` rows hold the truth (see `aect.jobs`)."""

import os
import tempfile
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aect.settings")

app = Celery("aect")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def say_alive(**signal: Any) -> None:
    """For whoever watches the worker (see docker-compose.yml)."""
    Path(tempfile.gettempdir(), "worker-alive").touch()
