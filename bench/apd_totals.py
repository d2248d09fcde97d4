"""The dashboard from totals against a live GROUP BY over lines; COPY against csv.writer over the ORM."""

import csv
import io
import os
import sys

from bench import scratch

LINES = int(os.environ.get("BENCH_LINES", "200000"))
LIVE = """
SELECT line.year, sum(line.net_amount), sum(line.apd_amount),
       sum(line.apd_amount) FILTER (WHERE NOT line.counts_as_refugees)
FROM funding_apdline AS line JOIN funding_purposecode AS purpose ON purpose.code = line.purpose_id
GROUP BY {by} ORDER BY 1
"""
DIMENSIONS = {
    "annee": "line.year",
    "pays": "line.year, line.recipient_id",
    "secteur": "line.year, coalesce(purpose.parent_id, purpose.code)",
}


def main() -> int:
    with scratch.database():
        from django.core.management import call_command
        from django.db import connection
        from django.http import QueryDict

        from funding import exports, services
        from funding.filters import ApdFilter
        from funding.models import ApdLine, ApdTotal

        call_command("load_reference", verbosity=0)
        call_command("sample_apd", lines=LINES, seed=1, verbosity=0)
        services.rebuild()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

        def live() -> None:
            with connection.cursor() as cursor:
                for by in DIMENSIONS.values():
                    cursor.execute(LIVE.format(by=by))
                    cursor.fetchall()

        def from_totals() -> None:
            for dimension in DIMENSIONS:
                list(ApdTotal.objects.summed("annee", dimension))

        def by_orm() -> None:
            writer = csv.writer(io.StringIO())
            columns = [path for path in exports.LINE_COLUMNS.values() if isinstance(path, str) and "__" not in path]
            lines = ApdLine.objects.select_related("collectivity", "project").prefetch_related(
                "collectivity__identifiers"
            )
            for line in lines.iterator(2000):
                sirens = [each.code for each in line.collectivity.identifiers.all() if each.scheme == "siren"]
                writer.writerow([sirens, *(getattr(line, name) for name in columns)])

        def by_copy() -> None:
            exports.lines(ApdFilter(QueryDict(""), queryset=ApdLine.objects.all())).write(io.BytesIO())

        ratios = {
            "totals_vs_live": {
                "value": scratch.ratio(live, from_totals, rounds=7),
                "goal": 2,
                "better": "higher",
                "against": "the same sums by GROUP BY over the lines",
            },
            "copy_vs_orm": {
                "value": scratch.ratio(by_orm, by_copy, rounds=3),
                "goal": 5,
                "better": "higher",
                "against": "csv.writer over the ORM's iteration",
            },
        }
        return scratch.write("apd_totals", LINES, ratios)


if __name__ == "__main__":
    sys.exit(main())
