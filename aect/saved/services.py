"""What happens to saved views, and the weekly alert.

What holds of an alert: each new row is told at least once, in one message a view and week. Two jobs never send the
same one: its row is made once and stays locked while it is sent. A message goes out twice only when the process dies
between the mail server's consent and the commit; both then bear one Message-ID.
"""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.jobs.models import Job
from aect.jobs.services import advance, finish, request_job
from aect.saved.models import Alert, SavedView

log = logging.getLogger(__name__)

ALERTS_TASK = "aect.saved.tasks.send_alerts"
MOST_VIEWS = 50  # of one person
MOST_ROWS = 50  # told in one message
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
    """The job's work: each view's news is noted in a transaction of its own, then each message sent in another.

    A message that does not leave keeps no other back; the job then fails, and its next attempt sends the rest.
    """
    SavedView.objects.filter(deleted_at__lt=timezone.now() - REGRET).delete()
    week = week_of(timezone.localdate())
    for pk in SavedView.objects.alerting().values_list("pk", flat=True):
        note_news(pk, week)
    waiting = list(Alert.objects.filter(sent_at=None).exclude(row_ids=[]).values_list("pk", flat=True))
    errors: list[Exception] = []
    for done, pk in enumerate(waiting):
        advance(job, done=done, total=len(waiting))
        try:
            send_alert(pk)
        except Exception as error:  # the mail server's, of whatever kind
            log.exception("The alert %s did not leave.", pk)
            errors.append(error)
    if errors:
        raise errors[0]
    with transaction.atomic():
        finish(job, sent=len(waiting))


@transaction.atomic
def note_news(pk: int, week: str) -> None:
    """Notes the rows that are new to a view, unless this week's are noted already."""
    view = SavedView.objects.alerting().select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if view is None or Alert.objects.filter(view=view, week=week).exists():
        return
    now = _ids(view)
    Alert.objects.create(view=view, week=week, row_ids=sorted(set(now) - set(view.seen_ids)))
    view.seen_ids = now
    view.save(update_fields=["seen_ids"])


@transaction.atomic
def send_alert(pk: int) -> None:
    """Sends what is new, unless it is sent, or another job is sending it, or nobody wants it any more."""
    waiting = Alert.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    alert = waiting.select_related("view__user").filter(pk=pk, sent_at=None).first()
    if alert is None:
        return
    if SavedView.objects.alerting().filter(pk=alert.view_id).exists():
        message(alert).send()
    alert.sent_at = timezone.now()
    alert.save(update_fields=["sent_at"])


def message(alert: Alert) -> EmailMultiAlternatives:
    """The alert in the language in which the view was saved."""
    view = alert.view
    with override(view.language):
        rows: Sequence[Any] = list(view.rows.filter(pk__in=alert.row_ids)[:MOST_ROWS])
        stop = settings.SITE_URL + reverse("stop-alert", args=[signing.dumps(view.pk, salt=SALT)])
        count = len(alert.row_ids)
        context = {
            "view": view,
            "site": settings.SITE_URL,
            "rows": rows,
            "count": count,
            "more": count - len(rows),
            "stop": stop,
            "language": view.language,
        }
        subject = ngettext("%(name)s : %(n)s nouveauté", "%(name)s : %(n)s nouveautés", count)
        mail = EmailMultiAlternatives(
            " ".join((subject % {"name": view.name, "n": count}).split()),
            render_to_string("saved/alert.txt", context),
            to=[view.user.email],
            headers={
                "List-Unsubscribe": f"<{stop}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Message-ID": f"<alert-{alert.pk}-{alert.week}@{settings.SITE_URL.partition('://')[2].partition(':')[0]}>",
            },
        )
        mail.attach_alternative(render_to_string("saved/alert.html", context), "text/html")
    return mail


def view_of(token: str) -> int:
    """The id of the view whose alert this signed link stops. Raises `signing.BadSignature`."""
    return int(signing.loads(token, salt=SALT))


def _ids(view: SavedView) -> list[int]:
    return sorted(view.rows.order_by().values_list("pk", flat=True))
