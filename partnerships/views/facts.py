"""What the registry's pages share: dated events, and the numbered sources at a page's end."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db.models import QuerySet

from partnerships.models import Milestone, Source, Sourced


class Event(NamedTuple):
    """One line of a timeline; `when` is the date as it is known, `fact` the row that says so."""

    happened_on: date
    when: str
    kind: str
    title: str
    fact: Sourced
    description: str = ""
    status: str = ""
    reason: str = ""


def milestone_event(milestone: Milestone) -> Event:
    return Event(
        milestone.happened_on,
        milestone.happened,
        milestone.get_kind_display(),
        milestone.title,
        milestone,
        milestone.description,
        milestone.get_status_after_display() if milestone.status_after else "",
        milestone.get_reason_display(),
    )


def numbered_sources(facts: Iterable[Sourced]) -> dict[int, tuple[int, Source]]:
    """`{source id: (number, source)}`, numbered in the order of first mention."""
    ids = list(dict.fromkeys(fact.source_id for fact in facts if fact.source_id))
    sources = Source.objects.in_bulk(ids)
    return {pk: (number, sources[pk]) for number, pk in enumerate(ids, start=1)}


def cited_by(rows: QuerySet[Any]) -> list[str]:
    """The sources of these rows, as a file names them."""
    return [str(source) for source in Source.objects.filter(pk__in=rows.order_by().values("source"))]
