"""The Celery application. Redis is a doorbell: the `Job` rows hold the truth (see `aect.jobs`)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aect.settings")

app = Celery("aect")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
