"""What happens to saved views, and the weekly alert.

What holds of an alert: each new row is told in one message a view and week; its row and its message (`aect.mail`) are
made in one transaction, once.
"""

from datetime import date, timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.jobs.models import Job
from aect.jobs.services import advance, finish, request_job
from aect.mail.services import queue
from aect.saved.models import Alert, SavedView

ALERT_MAIL = "saved/alert"
ALERTS_TASK = "aect.saved.tasks.send_alerts"
MOST_VIEWS = 50  # of one person
REGRET = timedelta(days=1)  # how long a deleted view can be taken back
SALT = "aect.saved.unsubscribe"


@transaction.atomic
def save_view(*, by: User, list_name: str, query: str, name: str, is_alert: bool = False) -> SavedView:
    """Keeps a view whose query `SaveViewForm` has cleaned. Raises ValidationError when it is one too many, or there."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if SavedView.objects.kept().filter(user=by).count() >= MOST_VIEWS:
        raise ValidationError(
            _("Vous avez déjà %(most)s vues : supprimez-en une d’abord."), params={"most": MOST_VIEWS}
        )
    view = SavedView(user=by, list_name=list_name, query=query, name=name, language=(get_language() or "fr")[:2])
    view.full_clean()
    view.save()
    return follow(view, is_alert=is_alert)


@transaction.atomic
def follow(view: SavedView, *, is_alert: bool) -> SavedView:
    """Begins or ends the alert; what is there when it begins is no news."""
    view.is_alert = is_alert
    view.seen_ids = _ids(view) if is_alert else []
    view.save()
    return view


def delete_view(view: SavedView) -> None:
    view.deleted_at = timezone.now()
    view.save()


@transaction.atomic
def restore_view(view: SavedView) -> None:
    """Takes a deleted view back. Raises ValidationError when the same was saved meanwhile."""
    view.deleted_at = None
    view.validate_constraints()
    view.save()


def week_of(day: date) -> str:
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02}"


def request_alerts() -> Job | None:
    """What the clock does: asks for this week's alerts, once a week however often it is asked."""
    key = f"alerts-{week_of(timezone.localdate())}"
    return None if Job.objects.filter(key=key).exists() else request_job(ALERTS_TASK, key=key, by=None)


def run_alerts(job: Job) -> None:
    """The job's work: each view's news is noted, and its message queued, in a transaction of its own."""
    SavedView.objects.filter(deleted_at__lt=timezone.now() - REGRET).delete()
    week = week_of(timezone.localdate())
    views = list(SavedView.objects.alerting().values_list("pk", flat=True))
    for done, pk in enumerate(views):
        advance(job, done=done, total=len(views))
        note_news(pk, week)
    with transaction.atomic():
        finish(job)


@transaction.atomic
def note_news(pk: int, week: str) -> None:
    """Notes the rows that are new to a view and queues their message, unless this week's are noted already."""
    view = SavedView.objects.alerting().select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if view is None or Alert.objects.filter(view=view, week=week).exists():
        return
    now = _ids(view)
    alert = Alert.objects.create(view=view, week=week, row_ids=sorted(set(now) - set(view.seen_ids)))
    view.seen_ids = now
    view.save(update_fields=["seen_ids"])
    if alert.row_ids:
        key = f"alert-{alert.pk}"
        language = view.user.language or view.language
        queue(ALERT_MAIL, to=view.user.email, language=language, context={"alert": alert.pk}, key=key)


def stop_link(view: SavedView) -> str:
    return f"{settings.SITE_URL}{reverse('stop-alert', args=[signing.dumps(view.pk, salt=SALT)])}"


def view_of(token: str) -> int:
    """The id of the view whose alert this signed link stops. Raises `signing.BadSignature`."""
    return int(signing.loads(token, salt=SALT))


def _ids(view: SavedView) -> list[int]:
    return sorted(view.rows.order_by().values_list("pk", flat=True))
