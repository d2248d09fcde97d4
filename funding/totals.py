"""The totals of APD lines, rebuilt in sets: of every key of a year, or of those whose lines changed.

Marks (`StaleTotal`) are added by a trigger in the very transaction that changes lines, and deleted here.
A rebuild runs in READ COMMITTED, and the order of its statements is what keeps it true:

1. the year's lock, so that one worker at a time rebuilds a year;
2. delete the marks that can be seen; each belongs to a change that is committed;
3. delete the totals of those keys, then sum the lines again: this statement looks *later* than 2, so it sees
   at least every change whose mark was deleted.

A change that commits between 2 and 3 may be counted already; its mark is still there, and the next run finds
the same totals again. A change that commits after 3 keeps its mark. A worker that dies gives back its marks,
since everything about a year is one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

LOCK = 0x415044  # the first of the two numbers of an advisory lock; the second is the year

YEARS = """
SELECT DISTINCT year FROM funding_staletotal WHERE NOT %(full)s
UNION SELECT year FROM funding_apdline WHERE %(full)s
UNION SELECT year FROM funding_apdtotal WHERE %(full)s
ORDER BY year
"""
LOCK_YEAR = "SELECT pg_advisory_xact_lock(%s, %s)"
TAKE_MARKS = "DELETE FROM funding_staletotal WHERE year = %(year)s RETURNING collectivity_id, is_published"
MARKED = "SELECT * FROM unnest(%(collectivities)s::bigint[], %(published)s::boolean[])"
CLEAR = f"""
DELETE FROM funding_apdtotal
WHERE year = %(year)s AND (%(full)s OR (collectivity_id, is_published) IN ({MARKED}))
"""  # noqa: S608  # of constants
SUM_AGAIN = f"""
INSERT INTO funding_apdtotal (
    year, collectivity_id, recipient_id, purpose_id, counts_as_refugees, is_fictitious, is_published,
    lines, committed_amount, paid_amount, net_amount, apd_amount
)
SELECT
    line.year, line.collectivity_id, line.recipient_id, coalesce(purpose.parent_id, purpose.code),
    line.counts_as_refugees, line.is_fictitious, line.is_published,
    count(*), sum(line.committed_amount), sum(line.paid_amount), sum(line.net_amount), sum(line.apd_amount)
FROM funding_apdline AS line
JOIN funding_purposecode AS purpose ON purpose.code = line.purpose_id
WHERE line.year = %(year)s AND (%(full)s OR (line.collectivity_id, line.is_published) IN ({MARKED}))
GROUP BY 1, 2, 3, 4, 5, 6, 7
RETURNING lines
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Tally:
    """What a rebuild read and wrote."""

    lines: int = 0
    rows: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.lines + other.lines, self.rows + other.rows)


def years(*, full: bool = False, year: int | None = None) -> list[int]:
    """The years there is something to do in, oldest first; all that have lines or totals when `full`."""
    with connection.cursor() as cursor:
        cursor.execute(YEARS, {"full": full})
        return [found for (found,) in cursor.fetchall() if year in {None, found}]


def rebuild_year(year: int, *, full: bool = False) -> Tally:
    """Rebuilds the totals of the year's marked keys, or all of the year's when `full`, in one transaction.

    A key is a collectivity and whether the lines are published: the public's totals stay as they are, down to when
    they were computed, while lines that it does not read change.

    Call it outside a longer transaction that has already read lines at another isolation than READ COMMITTED.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_YEAR, [LOCK, year])
        cursor.execute(TAKE_MARKS, {"year": year})
        marked: Sequence[tuple[int, bool]] = sorted(set(cursor.fetchall()))
        if not marked and not full:
            return Tally()
        collectivities, published = ([mark[part] for mark in marked] for part in (0, 1))
        keys: dict[str, Any] = {
            "year": year,
            "full": full,
            "collectivities": collectivities,
            "published": published,
        }
        cursor.execute(CLEAR, keys)
        cursor.execute(SUM_AGAIN, keys)
        counts = [lines for (lines,) in cursor.fetchall()]
        return Tally(sum(counts), len(counts))
