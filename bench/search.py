"""The collectivities' search by its trigram indexes against the same queries without indexes, at 40 000 rows."""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench import scratch

ORGANISATIONS = int(os.environ.get("BENCH_ORGANISATIONS", "40000"))
#: Names, other names, a code, typing errors, a text that nothing contains, frequent words, one letter.
TEXTS = (
    "Mexico",
    "CDMX",
    "217500016",
    "Guanajato",
    "Angouleme",
    "La Rochele",
    "Zapopam",
    "zzyzx",
    "champ",
    "saint",
    "a",
)
PAGE = 25
CEILING_MS = 50


def main() -> int:
    with scratch.database():
        from django.core.management import call_command
        from django.db import connection

        from partnerships.models import Organisation, OrganisationName

        call_command("load_reference", verbosity=0)
        call_command("load_founding", verbosity=0)
        missing = range(ORGANISATIONS - Organisation.objects.count())
        Organisation.objects.bulk_create(
            Organisation(slug=f"bench-{n}", name=f"Autorité {n:x}", kind="foreign_authority", country_id="SN")
            for n in missing
        )
        towns = Organisation.objects.filter(kind="commune").order_by("pk")[: ORGANISATIONS // 2]
        OrganisationName.objects.bulk_create(
            OrganisationName(organisation=town, text=f"Ville de {town.name}", kind="usual") for town in towns
        )
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

        def one(text: str) -> None:
            list(Organisation.objects.collectivities().current().matching(text)[:PAGE])

        def indexed() -> None:
            for text in TEXTS:
                one(text)

        @contextmanager
        def no_index() -> Iterator[None]:
            with connection.cursor() as cursor:
                cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
                yield
                cursor.execute("RESET enable_indexscan; RESET enable_bitmapscan")

        def unindexed() -> None:
            with no_index():
                indexed()

        slowest = max(median_ms(one, text) for text in TEXTS)
        ratios = {
            "indexed_vs_unindexed": {
                "value": scratch.ratio(unindexed, indexed, rounds=3),
                "goal": 3,
                "better": "higher",
                "against": "the same searches with enable_indexscan and enable_bitmapscan off",
            },
            "slowest_search_ms": {
                "value": slowest,
                "goal": CEILING_MS,
                "better": "lower",
                "against": "the slowest of the searches, median of 7",
            },
        }
        return scratch.write("search", ORGANISATIONS, ratios)


def median_ms(work: Callable[[str], None], text: str) -> float:
    times = []
    for _round in range(7):
        started = time.perf_counter()
        work(text)
        times.append(time.perf_counter() - started)
    return round(1000 * statistics.median(times), 1)


if __name__ == "__main__":
    sys.exit(main())
