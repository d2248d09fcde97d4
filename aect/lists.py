"""What follows from a list in its URL: a record's place among the rows around it, and the files of those rows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Model, RowRange, Window
from django.db.models.functions import FirstValue, Lag, Lead, RowNumber
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _

from aect.filters import PAGE_SIZE, ListFilterSet
from aect.tabular.writing import File, RowsCsv, Workbook

CHUNK = 1000  # rows in memory at once
SCOPE = 60  # characters of a file's name that tell its filters


class Place(NamedTuple):
    """Where a record stands among the rows of a query: counted from 1, with the identifiers of those beside it.

    `query` goes with a link to those, `list_query` leads back to the list, on the right page and at the row.
    """

    number: int
    total: int
    previous: str | None
    following: str | None
    slug: str
    query: str

    @property
    def list_query(self) -> str:
        page = (self.number - 1) // PAGE_SIZE + 1
        return f"{self.query}{f'&page={page}' if page > 1 else ''}#ligne-{self.slug}"


def place_of(record: Model, filterset: ListFilterSet) -> Place | None:
    """The record's place, in one query; None when the address asks for no list, a wrong one, or one without it."""
    if not set(filterset.data) & set(filterset.base_filters) or filterset.status != 200:
        return None
    order: Any = filterset.rows.query.order_by
    found = (
        filterset.rows.annotate(
            number=Window(RowNumber(), order_by=order),
            total=Window(Count("*")),
            previous=Window(Lag("slug"), order_by=order),
            following=Window(Lead("slug"), order_by=order),
            # Each row's own key as a window: the others are then counted before all rows but one are left out.
            own=Window(FirstValue("pk"), order_by=order, frame=RowRange(start=0, end=0)),
        )
        .filter(own=record.pk)
        .values_list("number", "total", "previous", "following", "slug")
        .first()
    )
    return Place._make((*found, filterset.link_query)) if found else None


def cells(filterset: ListFilterSet) -> Iterator[list[Any]]:
    """The values of all rows, in the columns shown, a chunk in memory at a time; in French, whoever reads them."""
    columns = filterset.shown_columns
    for row in filterset.rows.iterator(chunk_size=CHUNK):
        with translation.override("fr"):
            values = [column.written(row) for column in columns]
        yield values


def download(
    request: HttpRequest,
    filterset: ListFilterSet,
    extension: str,
    *,
    name: str,
    title: str,
    sources: Callable[[], Iterable[str]] = tuple,
) -> HttpResponseBase:
    """Exactly the rows and columns that the page with this query shows; a bad parameter is named, in plain text.

    `sources` are those that the rows cite, for a workbook's second sheet.
    """
    if filterset.status != 200:
        text = "".join(f"{problem}\n" for problem in filterset.problems)
        return HttpResponse(text, status=filterset.status, content_type="text/plain; charset=utf-8")
    columns = [column.in_files for column in filterset.shown_columns]
    filename = f"{name}{_scope(filterset)}-{timezone.localdate().isoformat()}.{extension}"
    file: File
    if extension == "xlsx":
        about = [*_about(request, filterset), *((_("Source citée"), source) for source in sources())]
        file = Workbook(filename=filename, columns=columns, rows=cells(filterset), title=title, about=about)
    else:
        profile = filterset.asked("profil") or "standard"
        file = RowsCsv(filename=filename, columns=columns, rows=cells(filterset), profile=profile)
    response = file.response()
    response.count_rows = filterset.rows.count  # type: ignore[attr-defined]  # for the journal
    return response


def _scope(filterset: ListFilterSet) -> str:
    """`-mx-active`: what the filters ask, in a file's name."""
    asked = filterset.tidy
    silent = filterset.presentation | filterset.switches
    names = (name for name in asked if name in filterset.base_filters and name not in silent)
    scope = slugify("-".join(value for name in names for value in asked.getlist(name)))[:SCOPE].strip("-")
    return f"-{scope}" if scope else ""


def _about(request: HttpRequest, filterset: ListFilterSet) -> Iterator[tuple[str, str]]:
    """What the rows are, a line each: filters, order, count, day, address, definitions."""
    page = request.path.rpartition("/")[0]
    yield _("Filtres"), " ; ".join(map(str, filterset.criteria)) or _("Aucun")
    yield _("Lignes"), str(filterset.rows.count())
    yield _("Date"), date_format(timezone.localtime(), "DATETIME_FORMAT")
    yield _("Adresse"), f"{settings.SITE_URL}{page}/?{filterset.tidy.urlencode()}"
    for column in filterset.shown_columns:
        if column.definition:
            yield str(column.label), str(column.definition)
