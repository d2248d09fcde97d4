"""Who may see which job."""

from django.db.models import QuerySet

from aect.accounts.models import User
from aect.jobs.models import Job


def visible_jobs(user: User) -> QuerySet[Job]:
    """One's own jobs; the delegation and the administrators see all, the system's own ones too."""
    return Job.objects.all() if user.oversees else Job.objects.filter(requested_by=user)
