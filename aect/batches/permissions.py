"""Who may import and export."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from aect.accounts.models import Role, User
from aect.batches.models import Batch

View = Callable[..., HttpResponseBase]


def visible_batches(user: User) -> QuerySet[Batch]:
    """An officer's own imports; administrators see all."""
    rows = Batch.objects.select_related("job", "uploaded_by")
    if user.role == Role.ADMINISTRATOR:
        return rows
    return rows.filter(uploaded_by=user) if user.oversees else rows.none()


def officers_only(view: View) -> View:
    """For others the page is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not cast(User, request.user).oversees:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
