"""Calls for projects, projects and who pays for them."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Case, F, Max, Prefetch, Q, Sum, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import AmountField, PrecisionField, amount_check, partial_date, precision_check
from aect.finding import SearchedQuerySet, Text
from aect.history import recorded
from aect.text import FoldedField, name_index, search_index
from aect.versions import Versioned
from funding.choices import IN_HAND, CofinancingKind, CofinancingState, FunderFamily, Metric, ProjectState
from funding.models.reference import PurposeCode
from partnerships.choices import FRENCH_KINDS, OrganisationKind, Sdg
from partnerships.models import Organisation, Partnership, Sourced, Theme


class CallQuerySet(models.QuerySet["Call"]):
    def with_state_support(self) -> "models.QuerySet[Call, dict[str, Any]]":
        """Rows `title, first_year, last_year, state_cap_percent, support, budget`, latest first.

        The last two are the published figures of the call, or None.
        """
        support, budget = (
            Max("figures__value", filter=Q(figures__metric=metric))
            for metric in (Metric.STATE_SUPPORT, Metric.PROJECT_BUDGET)
        )
        return (
            self.values("title", "first_year", "last_year", "state_cap_percent")
            .annotate(support=support, budget=budget)
            .order_by("-first_year", "title")
        )

    def laureates(
        self, partnerships: "models.QuerySet[Partnership, Any]", among: "models.QuerySet[Partnership, Any]"
    ) -> list[dict[str, Any]]:
        """Rows `slug, title, first_year, last_year, projects, partnerships, laureates, renewed`, oldest first.

        A call's laureates are the French local authorities party to the partnerships of its published projects, among
        these partnerships; `renewed` were laureates of a call of an earlier year, by whichever partnership `among`
        those that the reader may count.
        """
        statements = (rows.order_by().values("id") for rows in (self, partnerships, among))
        with connection.cursor() as cursor:
            calls, asked, known = (cursor.mogrify(*rows.query.sql_with_params()).decode() for rows in statements)
            cursor.execute(LAUREATES.format(calls=calls, asked=asked, known=known))
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


LAUREATES = """
WITH asked AS ({asked}), known AS ({known}),
places AS (
    SELECT project.id AS project_id, project.call_id, project.partnership_id, party.organisation_id, call.first_year,
           MIN(call.first_year) OVER (PARTITION BY party.organisation_id) AS first_time
    FROM funding_project AS project
    JOIN funding_call AS call ON call.id = project.call_id
    JOIN known ON known.id = project.partnership_id
    LEFT JOIN partnerships_party AS party
        ON party.partnership_id = project.partnership_id AND party.role = 'party' AND party.side = 'french'
    WHERE project.state = 'published'
),
counted AS (
    SELECT call_id, COUNT(DISTINCT project_id) AS projects, COUNT(DISTINCT partnership_id) AS partnerships,
           COUNT(DISTINCT organisation_id) AS laureates,
           COUNT(DISTINCT organisation_id) FILTER (WHERE first_time < first_year) AS renewed
    FROM places WHERE partnership_id IN (SELECT id FROM asked)
    GROUP BY call_id
)
SELECT slug, title, first_year, last_year, COALESCE(projects, 0) AS projects,
       COALESCE(partnerships, 0) AS partnerships, COALESCE(laureates, 0) AS laureates, COALESCE(renewed, 0) AS renewed
FROM funding_call AS call LEFT JOIN counted ON counted.call_id = call.id
WHERE call.id IN ({calls})
ORDER BY first_year, title
"""


@recorded()
class Call(Sourced):
    """A call for projects, by which the State and its partners co-finance partnerships.

    `state_cap_percent` is the largest share of a project's final budget that the State pays.
    """

    slug = models.SlugField(_("identifiant"), max_length=80, unique=True)
    title = models.CharField(_("intitulé"), max_length=200)
    first_year = models.PositiveSmallIntegerField(_("première année"))
    last_year = models.PositiveSmallIntegerField(_("dernière année"))
    organisers = models.ManyToManyField(Organisation, verbose_name=_("organisateurs"), blank=True, related_name="+")
    state_cap_percent = models.DecimalField(
        _("plafond de l’État (%)"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    description = models.TextField(_("précisions"), blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("appel à projets")
        verbose_name_plural = _("appels à projets")
        ordering = ["-first_year", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_year__gte=F("first_year"), first_year__range=(1980, 2100)),
                name="call_years_in_order",
                violation_error_message=_("La dernière année suit la première."),
            ),
            models.CheckConstraint(
                condition=Q(state_cap_percent__gte=0, state_cap_percent__lte=100),
                name="call_cap_is_a_percentage",
                violation_error_message=_("Un plafond est un pourcentage, de 0 à 100."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def years(self) -> str:
        return f"{self.first_year}" if self.first_year == self.last_year else f"{self.first_year}–{self.last_year}"


class ProjectQuerySet(SearchedQuerySet["Project"]):
    def published(self) -> Self:
        """Those that everybody reads: a project of a partnership that is not published waits for it."""
        return self.filter(state=ProjectState.PUBLISHED, partnership__published_at__isnull=False)

    def for_list(self) -> Self:
        return self.select_related("partnership", "call", "collectivity").prefetch_related("sectors")

    def for_page(self) -> Self:
        funders = Cofinancing.objects.select_related("funder__country", "source")
        return self.select_related("partnership", "call", "collectivity", "source").prefetch_related(
            "sectors", "themes", Prefetch("cofinancings", funders)
        )

    def latest_first(self) -> Self:
        return self.order_by(F("begins_on").desc(nulls_last=True), "folded", "pk")


@recorded("call")
class CallOrganiser(Call.organisers.through):  # type: ignore[name-defined]  # made by Django
    """An organisation that holds a call: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("organisateur d’appel")


#: States of a record that others than its authors read: it is then whole.
FILED = [ProjectState.SUBMITTED.value, ProjectState.PUBLISHED.value]


@recorded()
class Project(Versioned, Sourced):
    """A piece of work within a partnership, with a budget of its own.

    A collectivity files it as a draft, which may be incomplete, and submits it; an officer returns or publishes it
    (`funding.filing`). The founding ones are published and were filed by nobody.
    """

    slug = models.SlugField(_("identifiant"), max_length=120, unique=True)
    state = models.CharField(_("état"), max_length=9, choices=ProjectState, default=ProjectState.DRAFT)
    collectivity = models.ForeignKey(
        Organisation,
        verbose_name=_("collectivité qui dépose"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="filed_projects",
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("tenu par"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="held_projects",
    )
    due_on = models.DateField(_("à compléter avant le"), null=True, blank=True)
    partnership = models.ForeignKey(
        Partnership,
        verbose_name=_("partenariat"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
    )
    call = models.ForeignKey(
        Call,
        verbose_name=_("appel à projets"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
    )
    title = models.CharField(_("intitulé"), max_length=250)
    folded = FoldedField("title")
    objective = models.TextField(_("objectif"), blank=True)
    sectors = models.ManyToManyField(
        PurposeCode, verbose_name=_("secteurs (codes objet)"), blank=True, related_name="projects"
    )
    sdg_goals = ArrayField(
        models.PositiveSmallIntegerField(choices=Sdg),
        verbose_name=_("objectifs de développement durable"),
        default=list,
        blank=True,
    )
    themes = models.ManyToManyField(Theme, verbose_name=_("thèmes"), blank=True, related_name="projects")
    begins_on = models.DateField(_("commence le"), null=True, blank=True)
    begins_on_precision = PrecisionField(_("précision du début"))
    ends_on = models.DateField(_("prend fin le"), null=True, blank=True)
    ends_on_precision = PrecisionField(_("précision de la fin"))
    budget_amount = AmountField(_("budget total"), null=True, blank=True)

    PUBLIC = f"""state = '{ProjectState.PUBLISHED.value}'
        AND partnership_id IN (SELECT id FROM partnerships_partnership WHERE {Partnership.PUBLIC})"""  # noqa: S608

    objects = ProjectQuerySet.as_manager()

    TEXTS = (Text(),)

    class Meta:
        verbose_name = _("projet")
        verbose_name_plural = _("projets")
        ordering = ["begins_on", "pk"]
        indexes = [
            search_index("folded", name="project_search"),
            name_index("folded", name="project_called"),
            models.Index(fields=["state"], condition=~Q(state="published"), name="project_unpublished"),
        ]
        constraints = [
            *amount_check("project", "budget_amount"),
            precision_check("project", "begins_on"),
            precision_check("project", "ends_on"),
            models.CheckConstraint(
                condition=Q(begins_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("begins_on")),
                name="project_ends_after_start",
                violation_error_message=_("Un projet prend fin après son début."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FILED) | Q(partnership__isnull=False),
                name="project_filed_has_partnership",
                violation_error_message=_("Un projet déposé ou publié appartient à un partenariat."),
            ),
            models.CheckConstraint(
                condition=Q(state="published") | Q(collectivity__isnull=False),
                name="project_unpublished_has_collectivity",
                violation_error_message=_("Un projet qui n’est pas publié appartient à la collectivité qui le dépose."),
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(state="returned"),
                name="project_due_only_when_returned",
                violation_error_message=_("Seul un dossier à compléter a une date limite."),
            ),
            models.CheckConstraint(
                condition=Q(sdg_goals__contained_by=Sdg.values),
                name="project_sdg_goals_from_1_to_17",
                violation_error_message=_("Un objectif de développement durable a un numéro de 1 à 17."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("project", args=[self.slug])

    @property
    def is_published(self) -> bool:
        return self.state == ProjectState.PUBLISHED

    @property
    def is_in_hand(self) -> bool:
        """Whether the collectivity may change it."""
        return self.state in IN_HAND

    @property
    def goals(self) -> list[Sdg]:
        return [Sdg(number) for number in sorted(self.sdg_goals)]

    @property
    def begins(self) -> str:
        return partial_date(self.begins_on, self.begins_on_precision)

    @property
    def ends(self) -> str:
        return partial_date(self.ends_on, self.ends_on_precision)


@recorded("project")
class ProjectSector(Project.sectors.through):  # type: ignore[name-defined]  # made by Django
    """A sector of a project: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("secteur de projet")
        verbose_name_plural = _("secteurs de projets")


@recorded("project")
class ProjectTheme(Project.themes.through):  # type: ignore[name-defined]  # made by Django
    """A theme of a project: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("thème de projet")
        verbose_name_plural = _("thèmes de projets")


#: Which of FunderFamily a co-financing record's funder belongs to, by its kind and country.
FAMILY = Case(
    When(funder__kind__in=sorted(FRENCH_KINDS), then=Value(FunderFamily.FRENCH_AUTHORITY)),
    When(
        funder__kind__in=[OrganisationKind.STATE, OrganisationKind.AGENCY],
        funder__country="FR",
        then=Value(FunderFamily.STATE),
    ),
    When(~Q(funder__country="FR"), then=Value(FunderFamily.FOREIGN_PARTNER)),
    default=Value(FunderFamily.OTHER),
    output_field=models.CharField(),
)


class CofinancingQuerySet(models.QuerySet["Cofinancing"]):
    def published(self) -> Self:
        """Those of published projects."""
        return self.filter(project__in=Project.objects.published())

    def granted(self) -> Self:
        """Committed or paid: what was only asked for is left out."""
        return self.exclude(state=CofinancingState.REQUESTED)

    def shares(self) -> "models.QuerySet[Cofinancing, dict[str, Any]]":
        """Rows `project_title, slug, family, total` of what is granted and known to published projects, by project.

        `slug` is the partnership's.
        """
        return (
            self.published()
            .granted()
            .filter(amount__isnull=False)
            .values(slug=F("project__partnership__slug"), project_title=F("project__title"), family=FAMILY)
            .annotate(total=Sum("amount"))
            .order_by("project__title", "project__partnership__slug", FAMILY)
        )

    def totals_by_funder(self) -> "models.QuerySet[Cofinancing, dict[str, Any]]":
        """Rows `funder__name, funder__slug, kind, state, amount`, largest first; an unknown amount stays None."""
        return (
            self.values("funder", "funder__name", "funder__slug", "kind", "state")
            .annotate(total=Sum("amount"))
            .order_by(F("total").desc(nulls_last=True), "funder__name")
        )


@recorded("project")
class Cofinancing(Sourced):
    """What one funder asks, commits or pays for one project, in cash or in kind."""

    project = models.ForeignKey(
        Project, verbose_name=_("projet"), on_delete=models.CASCADE, related_name="cofinancings"
    )
    funder = models.ForeignKey(
        Organisation, verbose_name=_("financeur"), on_delete=models.PROTECT, related_name="cofinancings"
    )
    amount = AmountField(_("montant"), null=True, blank=True)
    kind = models.CharField(_("forme"), max_length=7, choices=CofinancingKind, default=CofinancingKind.CASH)
    state = models.CharField(_("état"), max_length=9, choices=CofinancingState)
    dated_on = models.DateField(_("date"), null=True, blank=True)
    dated_on_precision = PrecisionField()
    scheme = models.CharField(_("dispositif"), max_length=100, blank=True)

    objects = CofinancingQuerySet.as_manager()

    class Meta:
        verbose_name = _("cofinancement")
        verbose_name_plural = _("cofinancements")
        ordering = ["project", "pk"]
        constraints = [*amount_check("cofinancing", "amount"), precision_check("cofinancing", "dated_on")]

    def __str__(self) -> str:
        return f"{self.funder} → {self.project}"

    @property
    def dated(self) -> str:
        return partial_date(self.dated_on, self.dated_on_precision)
