"""What happens to accounts: links by mail, sessions closed, what is old forgotten."""

import hashlib
from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.db import transaction
from django.utils import timezone, translation

from aect.accounts.models import Session, User
from aect.jobs.models import Job
from aect.jobs.services import finish, request_job

RESET_TASK = "aect.accounts.tasks.mail_password_reset"
RESET_PAUSE = timedelta(minutes=5)  # between two messages to one address
ATTEMPTS_KEPT = timedelta(days=30)


def ask_password_reset(email: str, *, host: str, is_secure: bool, language: str) -> None:
    """Asks for the message, whether or not the account exists: both take the same time and give the same answer."""
    key = f"password-reset-{hashlib.sha256(email.lower().encode()).hexdigest()[:32]}"
    if not Job.objects.filter(key=key, created_at__gt=timezone.now() - RESET_PAUSE).exists():
        request_job(RESET_TASK, key=key, by=None, email=email, host=host, is_secure=is_secure, language=language)


@transaction.atomic
def mail_password_reset(job: Job) -> None:
    """The job's work; the address typed is then forgotten."""
    form = PasswordResetForm({"email": job.arguments["email"]})
    if form.is_valid():
        with translation.override(job.arguments["language"]):
            form.save(
                domain_override=job.arguments["host"],
                use_https=job.arguments["is_secure"],
                subject_template_name="accounts/password_reset_subject.txt",
                email_template_name="accounts/password_reset_email.txt",
            )
    Job.objects.filter(pk=job.pk).update(arguments={})
    finish(job)


def close_other_sessions(user: User, *, current: str | None) -> int:
    """Closes the sessions of this person but the `current` one; returns how many."""
    closed: int = Session.objects.filter(user=user).exclude(session_key=current).delete()[0]
    return closed


def forget() -> None:
    """Deletes what is kept for a time only: sessions that are over, old failed sign-ins."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - ATTEMPTS_KEPT).delete()
