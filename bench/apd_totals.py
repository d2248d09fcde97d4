"""The dashboard from totals against a live GROUP BY over lines; COPY against csv.writer over the ORM."""

import csv
import io
import os
import sys

from bench import scratch

LINES = int(os.environ.get("BENCH_LINES", "200000"))
SUMS = """
count(*), sum(line.committed_amount), sum(line.paid_amount), sum(line.net_amount), sum(line.apd_amount),
sum(line.apd_amount) FILTER (WHERE NOT line.counts_as_refugees), count(*) FILTER (WHERE line.is_fictitious),
count(*) FILTER (WHERE NOT line.is_published)
"""
COUNTRY = "(SELECT name_fr FROM partnerships_country WHERE iso2 = line.recipient_id)"
#: What the public's dashboard asks for, with the same columns and the same order, summed from the lines.
LIVE = [
    f"SELECT {SUMS} FROM funding_apdline AS line WHERE line.is_published",
    f"SELECT line.year, {SUMS} FROM funding_apdline AS line WHERE line.is_published GROUP BY 1 ORDER BY 1",
    f"""
    SELECT line.recipient_id, {SUMS}, {COUNTRY} FROM funding_apdline AS line WHERE line.is_published
    GROUP BY 1 ORDER BY aect_fold({COUNTRY})
    """,
    f"""
    SELECT named.code, {SUMS}, named.label_fr FROM funding_apdline AS line
    JOIN funding_purposecode AS code ON code.code = line.purpose_id
    JOIN funding_purposecode AS named ON named.code = coalesce(code.parent_id, code.code)
    WHERE line.is_published
    GROUP BY named.code ORDER BY 1
    """,
    f"""
    SELECT organisation.kind, {SUMS} FROM funding_apdline AS line
    JOIN partnerships_organisation AS organisation ON organisation.id = line.collectivity_id
    WHERE line.is_published GROUP BY 1 ORDER BY 1
    """,
]


def main() -> int:
    with scratch.database():
        from django.contrib.auth.models import AnonymousUser
        from django.core.management import call_command
        from django.db import connection
        from django.http import QueryDict

        from funding import exports, services
        from funding.filters.figures import ApdFilter
        from funding.models import ApdLine
        from funding.permissions import visible_totals

        call_command("load_reference", verbosity=0)
        call_command("sample_apd", lines=LINES, seed=1, verbosity=0)
        services.rebuild()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

        def live() -> None:
            with connection.cursor() as cursor:
                for statement in LIVE:
                    cursor.execute(statement)
                    cursor.fetchall()

        def from_totals() -> None:
            totals = visible_totals(AnonymousUser())
            totals.grand_total()
            for dimension in ("annee", "pays", "secteur", "type"):
                list(totals.summed(dimension))

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
                "against": "the dashboard's five sums by GROUP BY over the lines",
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
