from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aect.filters import render_list
from aect.journal.filters import LineFilter
from aect.journal.models import Line
from aect.journal.permissions import administrators_only
from aect.limits.rooms import heavy
from aect.lists import download

MOST_IN_FILE = 300_000  # lines, of which ten thousand take five seconds


@never_cache
@administrators_only
@require_safe
def journal(request: HttpRequest) -> HttpResponse:
    """Everything that was done or refused, and every change of data, latest first."""
    return render_list(request, "journal/journal.html", LineFilter(request.GET, Line.objects.all()))


@never_cache
@administrators_only
@require_safe
@heavy
def journal_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    filterset = LineFilter(request.GET, Line.objects.all())
    if filterset.rows[: MOST_IN_FILE + 1].count() > MOST_IN_FILE:
        most = number_format(MOST_IN_FILE, force_grouping=True)
        text = _("Plus de %(most)s lignes : resserrez les dates.") % {"most": most}
        return HttpResponse(f"{text}\n", status=400, content_type="text/plain; charset=utf-8")
    return download(request, filterset, extension, name="journal", title=_("Journal"))
