"""What may be done so many times in a time: counted before it is done, by all processes together."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from aect.limits.models import Count

#: The clock is the database's. A time that is over begins anew with what is counted now.
COUNT = """
    INSERT INTO limits_count AS known ("limit", key, count, ends_at)
    SELECT name, fingerprint, 1, clock_timestamp() + make_interval(secs => seconds)
    FROM unnest(%s::text[], %s::text[], %s::float8[]) AS asked (name, fingerprint, seconds)
    ORDER BY name, fingerprint
    ON CONFLICT ("limit", key) DO UPDATE SET
        count = CASE WHEN known.ends_at <= clock_timestamp() THEN 1 ELSE known.count + 1 END,
        ends_at = CASE WHEN known.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE known.ends_at END
    RETURNING "limit", key, count, ends_at
"""


class Limit(NamedTuple):
    """At most `most` times in the time that begins with the first; `of` is whose: an address, a person, an account."""

    name: str
    of: str
    most: int
    lasts: timedelta

    @property
    def key(self) -> tuple[str, str]:
        return self.name, salted_hmac("aect.limits", f"{self.name} {self.of}", algorithm="sha256").hexdigest()


class Exceeded(Exception):
    """It was done too often, and may be done again at `until`. Answered by `aect.limits.middleware` unless caught."""

    template: ClassVar[str] = "limits/exceeded.html"

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(name)
        self.name, self.until = name, until


@transaction.atomic
def take(limits: Iterable[Limit], *, refusal: type[Exceeded] = Exceeded) -> None:
    """Counts one against each, or raises `refusal` and counts nothing.

    Whoever tries at the same moment waits: of many at once no more than `most` come through. In a transaction the
    counting stands if and only if that does.
    """
    asked = {limit.key: limit for limit in limits}
    with connection.cursor() as cursor:
        names, fingerprints = [key[0] for key in asked], [key[1] for key in asked]
        cursor.execute(COUNT, [names, fingerprints, [limit.lasts.total_seconds() for limit in asked.values()]])
        found = [(asked[name, key], count, ends_at) for name, key, count, ends_at in cursor.fetchall()]
    over = [(ends_at, limit.name) for limit, count, ends_at in found if count > limit.most]
    if over:
        until, name = max(over)
        raise refusal(name, until)


def give_back(limits: Iterable[Limit]) -> None:
    """Takes back what was counted: it turned out not to count."""
    for name, key in sorted(limit.key for limit in limits):
        Count.objects.filter(limit=name, key=key, count__gt=0).update(count=F("count") - 1)


def forget() -> None:
    """Deletes the counts whose time is over."""
    Count.objects.filter(ends_at__lt=timezone.now() - timedelta(days=1)).delete()
