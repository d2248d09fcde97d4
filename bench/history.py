"""What the history costs a bulk load: COPY into one real table without triggers, with ours, and with row-level ones."""

import io
import os
import sys

from bench import scratch

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
FEW = ROWS // 10
TABLE = "partnerships_action"


def main() -> int:
    with scratch.database():
        import pghistory
        import pgtrigger
        from django.db import connection, transaction
        from pghistory.trigger import Event

        from aect.history import events_of
        from partnerships.models import Action, Partnership

        partnership = Partnership.objects.create(slug="bench", name="Banc d’essai")
        rows = [f"{partnership.pk}\tAction {n}\tDescription de l’action {n}\t\tday\tday\t\n" for n in range(ROWS)]
        columns = "partnership_id, title, description, soil, began_on_precision, ended_on_precision, source_place"
        by_row = Event(
            name="by_row",
            label="insert",
            event_model=events_of(Action),
            operation=pgtrigger.Insert,
            level=pghistory.Row,
        )

        def load(count: int = ROWS) -> None:
            with pghistory.context(command="bench"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("UPDATE partnerships_partnership SET name = name")  # lets PostgreSQL know the context
                cursor.copy_expert(f"COPY {TABLE} ({columns}) FROM STDIN", io.StringIO("".join(rows[:count])))
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {TABLE}, partnerships_actionevent CASCADE")

        def without() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
                load()
                cursor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")

        def few() -> None:
            load(FEW)

        def row_by_row() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
                by_row.install(Action)
                load(FEW)
                by_row.uninstall(Action)
                cursor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")

        against = "COPY of the same rows into the same table without its history"
        return scratch.write(
            "history",
            ROWS,
            {
                "statement_vs_none": {
                    "value": scratch.ratio(load, without, rounds=5),
                    "goal": 2.5,
                    "better": "lower",
                    "against": against,
                },
                "row_vs_statement": {
                    "value": scratch.ratio(row_by_row, few, rounds=3),
                    "goal": 1.5,
                    "better": "higher",
                    "against": f"ours, at {FEW} rows: the time of row-level ones grows faster than the rows",
                },
            },
        )


if __name__ == "__main__":
    sys.exit(main())
