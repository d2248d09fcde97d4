"""What happened to each record."""

from collections.abc import Callable
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from aect.accounts.models import User
from aect.changes import Changes
from aect.filters import UrlFilterSet, render_list

CHANGES_A_PAGE = 50


class HistoryFilter(UrlFilterSet):
    """Only the page's number; its rows come from the history."""

    changes: Changes

    @property
    def rows(self) -> Any:
        return self.changes if self.status == 200 else []


@require_safe
def history(request: HttpRequest, slug: str, *, rows: Callable[[User], QuerySet[Any]]) -> HttpResponse:
    """Every change of a record and of what hangs on it, for those who may edit it (`rows`)."""
    record = get_object_or_404(rows(cast(User, request.user)), slug=slug)
    filterset = HistoryFilter(request.GET, queryset=rows(cast(User, request.user)).none())
    filterset.changes = Changes(record)
    return render_list(request, "partnerships/history.html", filterset, per_page=CHANGES_A_PAGE, record=record)
