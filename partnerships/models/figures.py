"""The registry in figures: each method counts the partnerships of a set, in one statement, and says what it counts.

What is not known is counted apart, under None or an empty code; it is never counted as a no.
"""

from typing import Any, Self

from django.contrib.postgres.aggregates import BitOr
from django.db import connection, models
from django.db.models import Case, Count, Exists, F, Func, Max, Min, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThan

from aect.fields import Precision
from aect.finding import SearchedQuerySet
from partnerships.choices import FAMILIES, TOGETHER, Family, PartnershipStatus, Side
from partnerships.models.life import Milestone, SdgContribution, StaffContribution

#: What a partnership becomes when it loses pace or stops.
STOPS = (PartnershipStatus.SLOWED, PartnershipStatus.SUSPENDED, PartnershipStatus.ENDED)

#: A partnership is in a status from one year until another: each span is a step up and a step down, added up over the
#: years. Without a status are those that may have begun (NULL), minus those that have one.
STATUSES_BY_YEAR = """
WITH asked AS ({asked}),
changes AS (
    SELECT partnership_id, status_after AS status, began_in,
           EXTRACT(YEAR FROM happened_on)::int
               + CASE happened_on_precision WHEN 'decade' THEN 9 ELSE 0 END AS since,
           LEAD(EXTRACT(YEAR FROM happened_on)::int)
               OVER (PARTITION BY partnership_id ORDER BY happened_on, milestone.id) AS until
    FROM partnerships_milestone AS milestone JOIN asked ON asked.id = partnership_id
    WHERE status_after IS NOT NULL
),
spans AS (
    SELECT status, since, until, GREATEST(since, began_in) AS begun
    FROM changes WHERE until IS NULL OR since < until
),
steps AS (
    SELECT status, since AS year, COUNT(*) AS partnerships FROM spans GROUP BY status, since
    UNION ALL SELECT status, until, -COUNT(*) FROM spans WHERE until IS NOT NULL GROUP BY status, until
    UNION ALL SELECT NULL, COALESCE(began_in, 0), COUNT(*) FROM asked GROUP BY began_in
    UNION ALL SELECT NULL, begun, -COUNT(*) FROM spans WHERE until IS NULL OR begun < until GROUP BY begun
    UNION ALL SELECT NULL, until, COUNT(*) FROM spans WHERE begun < until GROUP BY until
)
SELECT shown.year, status, SUM(partnerships)
FROM generate_series(%(first)s, %(last)s) AS shown (year) JOIN steps ON steps.year <= shown.year
GROUP BY shown.year, status
HAVING SUM(partnerships) > 0
ORDER BY shown.year
"""


#: One bit a family, so that those of a partnership add up to one number.
BITS = {family.value: 1 << place for place, family in enumerate(Family)}


def family_bit(path: str) -> Case:
    """The family of actors of the organisation that `path` leads to, as its bit."""
    kinds = {bit: [kind for kind, of in FAMILIES.items() if of == family] for family, bit in BITS.items()}
    whens = [When(**{f"{path}__kind__in": of_family}, then=Value(bit)) for bit, of_family in kinds.items()]
    return Case(*whens, output_field=models.IntegerField())


def stopping(first: int | None, last: int | None) -> Q:
    """That a milestone slows, suspends or ends its partnership within these years, as surely as its date is known."""
    stops = Q(status_after__in=STOPS)
    if first:
        stops &= Q(happened_on__year__gte=first)
    if last:
        decade = Q(happened_on_precision=Precision.DECADE)
        stops &= Q(~decade, happened_on__year__lte=last) | Q(decade, happened_on__year__lte=last - 9)
    return stops


class FigureQuerySet(SearchedQuerySet[Any]):
    """What every set of partnerships can count of itself."""

    def counted(self, name: str) -> dict[Any, int]:
        """How many partnerships have each value of this field or annotation."""
        return dict(self.order_by().values_list(name).annotate(n=Count("pk")))

    def with_status_in(self, year: int) -> Self:
        """Annotates `status_then`: the status on 31 December of this year, or None when it is not known.

        It is that of the latest milestone that changed it; one known to the decade tells it from the decade's last
        year on, and from its first year on nothing older does.
        """
        untold = When(happened_on_precision=Precision.DECADE, happened_on__year__gt=year - 9, then=None)
        changes = Milestone.objects.filter(
            partnership=OuterRef("pk"), status_after__isnull=False, happened_on__year__lte=year
        ).order_by("-happened_on", "-pk")
        return self.annotate(status_then=Subquery(changes.values(status=Case(untold, default=F("status_after")))[:1]))

    def in_status(self, year: int, status: str | None) -> Self:
        """Those in this status on 31 December of the year; None: in none that is known, though they may have begun."""
        rows = self.with_status_in(year).filter(status_then=status)
        return rows if status else rows.filter(Q(began_on__isnull=True) | Q(began_on__year__lte=year))

    def statuses_by_year(self, first: int, last: int) -> list[tuple[int, str | None, int]]:
        """How many partnerships were in each status on 31 December of each year: rows of year, status, number.

        Where there is none, there is no row. The same rule as `in_status`, over all years at once: only the milestones
        are read, never a row per year.
        """
        asked = self.order_by().values("id", began_in=F("began_on__year"))
        statement, parameters = asked.query.sql_with_params()
        with connection.cursor() as cursor:
            asked_sql = cursor.mogrify(statement, parameters).decode().replace("%", "%%")
            cursor.execute(STATUSES_BY_YEAR.format(asked=asked_sql), {"first": first, "last": last})
            return [(year, status, int(partnerships)) for year, status, partnerships in cursor.fetchall()]

    def stopped(self, reason: str | None = None, first: int | None = None, last: int | None = None) -> Self:
        """Slowed, suspended or ended within these years, for this reason (empty: none is told; None: whichever)."""
        stops = Milestone.objects.filter(stopping(first, last), partnership=OuterRef("pk"))
        return self.filter(Exists(stops if reason is None else stops.filter(reason=reason)))

    def stops_by_reason(
        self, first: int | None = None, last: int | None = None
    ) -> "models.QuerySet[Milestone, dict[str, Any]]":
        """Rows `reason, slowed, suspended, ended, partnerships`: how many partnerships stopped so, and for that reason.

        A partnership that stopped for two reasons counts under both.
        """
        by_status = {
            str(status.value): Count("partnership", filter=Q(status_after=status), distinct=True) for status in STOPS
        }
        stops = Milestone.objects.order_by().filter(stopping(first, last), partnership__in=self.order_by().values("pk"))
        rows: Any = stops.values("reason").annotate(**by_status, partnerships=Count("partnership", distinct=True))
        counted: models.QuerySet[Milestone, dict[str, Any]] = rows.order_by("-partnerships", "reason")
        return counted

    def by_parties(self) -> dict[str, int]:
        """What the parties say, in one reading of them: how many partnerships are `multilateral` or `bilateral` (as
        `with_reach` has it), bring together `families_0` to `families_8` families of actors (as `with_actor_kinds`
        has it), and hold an actor of each family (`family_ngo`).
        """
        together = Q(parties__role__in=TOGETHER)
        french, foreign = together & Q(parties__side=Side.FRENCH), together & Q(parties__side=Side.FOREIGN)
        party, country = "parties__organisation", "parties__organisation__country"
        rows = self.order_by().annotate(
            french_first=Min(party, filter=french),
            french_last=Max(party, filter=french),
            country_first=Min(country, filter=foreign),
            country_last=Max(country, filter=foreign),
            families=Coalesce(BitOr(family_bit(party)), 0),
        )
        held = Func(F("families"), template="bit_count((%(expressions)s)::bit(8))", output_field=models.IntegerField())
        numbers = {f"families_{n}": Count("pk", filter=Q(Exact(held, n))) for n in range(len(Family) + 1)}
        families = {
            f"family_{family}": Count("pk", filter=Q(GreaterThan(F("families").bitand(bit), 0)))
            for family, bit in BITS.items()
        }
        several = Q(french_first__lt=F("french_last")) | Q(country_first__lt=F("country_last"))
        one_each = Q(french_first=F("french_last"), country_first=F("country_last"))
        reach = {"multilateral": Count("pk", filter=several), "bilateral": Count("pk", filter=one_each)}
        found: dict[str, int] = rows.aggregate(**reach, **numbers, **families)
        return found

    def by_goal(self) -> dict[int, int]:
        """How many partnerships serve each Sustainable Development Goal, among those that name some."""
        rows = SdgContribution.objects.filter(partnership__in=self.order_by().values("pk")).order_by()
        return dict(rows.values_list("goal").annotate(n=Count("pk")))

    def without_goals(self) -> Self:
        return self.filter(~Exists(SdgContribution.objects.filter(partnership=OuterRef("pk"))))

    def with_staff(self, kind: str | None = None, first: int | None = None, last: int | None = None) -> Self:
        """Those of which some work of the parties' staff is told: of this kind and in these years, where given."""
        work = StaffContribution.objects.filter(within(first, last), partnership=OuterRef("pk"))
        return self.filter(Exists(work.filter(kind=kind) if kind else work))

    def staff_by_kind(
        self, first: int | None = None, last: int | None = None
    ) -> "models.QuerySet[StaffContribution, dict[str, Any]]":
        """Rows `kind, contributions, total_days, without_days, partnerships`; the total of the known days, or None."""
        work = StaffContribution.objects.order_by().filter(
            within(first, last), partnership__in=self.order_by().values("pk")
        )
        rows: Any = work.values("kind").annotate(
            contributions=Count("pk"),
            total_days=Sum("days"),
            without_days=Count("pk", filter=Q(days__isnull=True)),
            partnerships=Count("partnership", distinct=True),
        )
        counted: models.QuerySet[StaffContribution, dict[str, Any]] = rows.order_by("kind")
        return counted


def within(first: int | None, last: int | None) -> Q:
    """That a row's year lies within these; a row without a year lies in no period."""
    return (Q(year__gte=first) if first else Q()) & (Q(year__lte=last) if last else Q())
