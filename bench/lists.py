"""A page of the list of partnerships with its facets: counts by grouping against one count a choice."""

import os
import random
import sys
import time
from collections.abc import Callable
from datetime import date

from bench import scratch

PARTNERSHIPS = int(os.environ.get("BENCH_PARTNERSHIPS", "15000"))
ORGANISATIONS = int(os.environ.get("BENCH_ORGANISATIONS", "40000"))
QUERIES = ("", "pays=SN", "statut=active&type=commune", "q=ville", "pays=SN&pays=MX&tri=-depuis")
CEILING_MS = 300


def main() -> int:
    with scratch.database():
        from django.core.management import call_command
        from django.db import connection
        from django.http import QueryDict

        from aect.filters import PAGE_SIZE, Facet
        from aect.lists import place_of
        from partnerships.filters import PartnershipFilter
        from partnerships.models import Partnership

        call_command("load_reference", verbosity=0)
        masses()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

        def listed(query: str) -> PartnershipFilter:
            return PartnershipFilter(QueryDict(query), Partnership.objects.for_table().alphabetical())

        def page(query: str) -> None:
            filterset = listed(query)
            filterset.count_facets()
            list(filterset.paginator(PAGE_SIZE).page(1))

        def grouped() -> None:
            listed("pays=SN").count_facets()

        def choice_by_choice() -> None:
            filterset = listed("pays=SN")
            assert filterset.status == 200
            for name, facet in filterset.filters.items():
                if isinstance(facet, Facet):
                    rows = filterset.filter_queryset(filterset.queryset, but=name)
                    for code, _label in facet.field.choices:
                        facet.filter(rows, [code]).count()

        def neighbours() -> None:
            filterset = listed("tri=-depuis")
            place_of(Partnership.objects.earliest("pk"), filterset)

        ratios = {
            "grouped_vs_choice_by_choice": {
                "value": scratch.ratio(choice_by_choice, grouped, rounds=3),
                "goal": 3,
                "better": "higher",
                "against": "one COUNT for each choice of each facet",
            },
            "slowest_page_ms": {
                "value": max(median_ms(lambda query=query: page(query)) for query in QUERIES),
                "goal": CEILING_MS,
                "better": "lower",
                "against": "facets, count and rows of the slowest of five queries, median of 5",
            },
            "neighbours_ms": {
                "value": median_ms(neighbours),
                "goal": CEILING_MS,
                "better": "lower",
                "against": "a record's place among all partnerships, median of 5",
            },
        }
        return scratch.write("lists", PARTNERSHIPS, ratios)


def masses() -> None:
    """Partnerships of French communes with foreign authorities, half of them with a status, a third with a theme."""
    from partnerships.models import Country, Milestone, Organisation, Partnership, Party, Theme

    draw = random.Random(1)  # noqa: S311  # the same masses each time
    countries = list(Country.objects.exclude(iso2__in=["FR", "MX"]).values_list("pk", flat=True))
    foreign = Organisation.objects.bulk_create(
        Organisation(
            slug=f"bench-{n}", name=f"Autorité {n:x}", kind="foreign_authority", country_id=draw.choice(countries)
        )
        for n in range(max(0, ORGANISATIONS - Organisation.objects.count()) or 2000)
    )
    towns = list(Organisation.objects.filter(kind="commune").order_by("pk")[: ORGANISATIONS // 2])
    rows = Partnership.objects.bulk_create(
        Partnership(slug=f"bench-{n}", name=f"Ville {n:x}", began_on=date(1950 + n % 70, 1, 1))
        for n in range(PARTNERSHIPS)
    )
    Party.objects.bulk_create(
        Party(partnership=row, organisation=place, side=side)
        for row in rows
        for side, place in (("french", draw.choice(towns)), ("foreign", draw.choice(foreign)))
    )
    Milestone.objects.bulk_create(
        Milestone(
            partnership=row,
            happened_on=date(1990 + draw.randrange(30), 1, 1),
            kind="event",
            title="Repère",
            status_after=draw.choice(["active", "slowed", "ended"]),
        )
        for row in rows[::2]
    )
    themes = Theme.objects.bulk_create(Theme(slug=f"theme-{n}", name=f"Thème {n}") for n in range(12))
    through = Partnership.themes.through
    through.objects.bulk_create(through(partnership=row, theme=draw.choice(themes)) for row in rows[::3])


def median_ms(work: Callable[[], None]) -> float:
    times = []
    for _round in range(5):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return round(1000 * sorted(times)[2], 1)


if __name__ == "__main__":
    sys.exit(main())
