from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aect.accounts.models import User
from aect.jobs.models import JobState
from aect.jobs.permissions import visible_jobs
from aect.jobs.services import request_job
from aect.mail.models import Message, MessageState

LATEST = 50


@require_safe
@never_cache
def jobs(request: HttpRequest) -> HttpResponse:
    """The reader's latest jobs. The page follows those under way without being reloaded."""
    user = cast(User, request.user)
    abandoned = Message.objects.filter(state=MessageState.FAILED).count() if user.oversees else 0
    return render(request, "jobs/jobs.html", {**_latest(request), "abandoned": abandoned})


@require_safe
@never_cache
def job_rows(request: HttpRequest) -> HttpResponse:
    """The list alone, for the page that follows it."""
    return render(request, "jobs/_rows.html", _latest(request))


@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks again for the work of a job that failed."""
    user = cast(User, request.user)
    job = get_object_or_404(visible_jobs(user), pk=pk, state=JobState.FAILED)
    request_job(job.task, key=job.key, by=user, **job.arguments)
    messages.success(request, _("La tâche est relancée."))
    return redirect("jobs")


def _latest(request: HttpRequest) -> dict[str, Any]:
    latest = list(visible_jobs(cast(User, request.user)).select_related("requested_by")[:LATEST])
    return {"jobs": latest, "has_unfinished": any(job.is_unfinished for job in latest)}
