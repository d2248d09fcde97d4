"""An agent's own space: what is due, and the project records of a collectivity, by how far they are."""

from datetime import date
from typing import Any, NamedTuple, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aect.accounts.models import User
from funding.campaign import campaign
from funding.choices import ProjectState
from funding.filters.space import SpaceFilter
from funding.models import ApdLine, Project
from funding.permissions import visible_projects
from partnerships.filters.conventions import ENDING_SOON
from partnerships.law import months_later
from partnerships.models import Organisation
from partnerships.permissions import edited_by, edits, partnerships_of, visible_conventions

DECIDED_SHOWN = 10


class Due(NamedTuple):
    """Something to do: what, why, until when as far as that is known, and where."""

    title: str
    detail: str
    on: date | None
    url: str
    is_late: bool = False


@never_cache
@require_safe
def space(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if edits(user):
        return redirect("queue")
    filterset = SpaceFilter(request.GET, Project.objects.none(), user=user)
    place, today = filterset.collectivity, timezone.localdate()
    rows = (
        Project.objects.filter(collectivity=place).select_related("holder", "partnership").prefetch_related("steps__by")
    )
    by_state: dict[str, list[Project]] = {state: [] for state in ProjectState.values}
    for project in rows.order_by("-pk") if place else Project.objects.none():
        by_state[project.state].append(project)
    context = {
        "filterset": filterset,
        "collectivity": place,
        "may_edit": place is not None and edited_by(user).filter(pk=place.pk).exists(),
        "due": due(place, by_state[ProjectState.RETURNED], user, today) if place else [],
        "records": by_state,
        "decided": by_state[ProjectState.PUBLISHED][:DECIDED_SHOWN],
        "invited": visible_projects(user).filter(guests__user=user).select_related("collectivity"),
    }
    return render(request, "funding/space.html", context, status=filterset.status)


def due(place: Organisation, returned: list[Project], user: User, today: date) -> list[Due]:
    """What is dated soonest first; what has no date ends the list."""
    found = [
        *proposed(place),
        *declaration(place, today),
        *map(returned_record(today), returned),
        *endings(place, user, today),
    ]
    return sorted(found, key=lambda each: (each.on is None, each.on or today))


def proposed(place: Organisation) -> list[Due]:
    """Places in partnerships that are offered to the collectivity."""
    rows = place.proposals.select_related("partnership")
    return [
        Due(str(row.partnership), _("Place proposée à votre collectivité"), None, reverse("proposals")) for row in rows
    ]


def declaration(place: Organisation, today: date) -> list[Due]:
    """The yearly declaration, from the day on which its campaign opens until some line is there."""
    asked = campaign(today)
    if today < asked.opens_on or ApdLine.objects.filter(collectivity=place, year=asked.year).exists():
        return []
    title = _("Déclaration d’APD de l’année %(year)s") % {"year": asked.year}
    detail = _("Aucune ligne n’est encore déclarée (CGCT, art. L. 1115-6).")
    return [Due(title, detail, asked.closes_on, reverse("apd"), asked.is_over(today))]


def returned_record(today: date) -> Any:
    def told(project: Project) -> Due:
        is_late = project.due_on is not None and project.due_on < today
        return Due(project.title, _("Dossier à compléter"), project.due_on, project.get_absolute_url(), is_late)

    return told


def endings(place: Organisation, user: User, today: date) -> list[Due]:
    """Conventions that end within six months."""
    own = partnerships_of(Organisation.objects.filter(pk=place.pk))
    rows = visible_conventions(user).filter(partnership__in=own.order_by().values("pk"))
    soon = rows.not_over(today).ending_before(months_later(today, ENDING_SOON)).order_by("ends_on", "pk")
    return [Due(row.title, _("Convention qui prend fin"), row.ends_on, row.get_absolute_url()) for row in soon]
