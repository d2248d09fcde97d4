"""What the weekly alert says, found out when it is sent."""

from typing import Any

from aect.mail.models import Message
from aect.saved.models import Alert, SavedView
from aect.saved.services import ALERT_MAIL, stop_link

MOST_ROWS = 50  # told in one message


def alert(message: Message) -> dict[str, Any] | None:
    """The rows that its reader may still see; nothing to say when there are none, or nobody wants it any more."""
    found = Alert.objects.select_related("view__user").filter(pk=message.context["alert"]).first()
    if found is None or not SavedView.objects.alerting().filter(pk=found.view_id).exists():
        return None
    view = found.view
    rows = view.rows.filter(pk__in=found.row_ids)
    count, shown = rows.count(), list(rows[:MOST_ROWS])
    stop = stop_link(view)
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    context = {"view": view, "rows": shown, "count": count, "more": count - len(shown), "stop": stop}
    return {**context, "criteria": view.filterset.criteria, "headers": headers} if count else None


CONTENTS = {ALERT_MAIL: alert}
