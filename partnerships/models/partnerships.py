"""Partnerships: who with whom, under which agreements, to do what, with which outcome."""

from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import Precision, PrecisionField, first_day, in_order, partial_date, period, precision_check
from aect.text import Fold
from partnerships.choices import (
    FAMILIES,
    Initiative,
    MilestoneKind,
    Outcome,
    PartnershipStatus,
    PartyRole,
    Reach,
    Sdg,
    Side,
    StaffKind,
    StatusReason,
)
from partnerships.models.conventions import DATED_FACTS, Convention
from partnerships.models.organisations import Organisation, OrganisationName
from partnerships.models.reference import Sourced

#: Roles of those who act together, whether in all of the partnership or in a part of it.
TOGETHER = (PartyRole.PARTY, PartyRole.ASSOCIATE)


class Theme(models.Model):
    slug = models.SlugField(_("identifiant"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=100)

    class Meta:
        verbose_name = _("thème")
        verbose_name_plural = _("thèmes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def dated_from(field: str, since: date) -> Q:
    """That a date with a precision is, or may be, on this day or later."""
    stored = (
        Q(**{f"{field}_precision": precision, f"{field}__gte": first_day(since, precision)}) for precision in Precision
    )
    return reduce(or_, stored)


def told_from(since: date) -> Q:
    """That a convention's signature, or another of its steps, is on this day or later."""
    steps = (Q(**{f"{field}__gte": since}) for field in DATED_FACTS)
    return reduce(or_, steps, dated_from("signed_on", since))


def number_check(model: str, *fields: str) -> models.CheckConstraint:
    """That these are finite numbers, where known: PostgreSQL takes NaN for greater than any."""
    bound = 1_000_000_000_000
    known = (Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": -bound, f"{name}__lt": bound}) for name in fields)
    return models.CheckConstraint(
        condition=reduce(and_, known),
        name=f"{model}_values_are_numbers",
        violation_error_message=_("Une valeur est un nombre fini."),
    )


class PartnershipQuerySet(models.QuerySet["Partnership"]):
    def with_status(self) -> Self:
        """Annotates `status`: that of the latest event that changed it, or None when nothing is known."""
        events = Milestone.objects.filter(partnership=OuterRef("pk"), status_after__isnull=False)
        return self.annotate(status=Subquery(events.order_by("-happened_on", "-pk").values("status_after")[:1]))

    def with_parties(self) -> Self:
        """Prefetches the parties of both sides, and the actors around them, with their countries."""
        parties = Party.objects.select_related("organisation__country", "organisation__region")
        return self.prefetch_related(Prefetch("parties", parties))

    def with_reach(self) -> Self:
        """Annotates `reach`: multilateral when several French collectivities, or those of several foreign countries,
        are party to it or associated; a State and its own municipality, on one side, are bilateral still.
        """
        together = Party.objects.order_by().filter(partnership=OuterRef("pk"), role__in=TOGETHER).values("partnership")
        french = together.filter(side=Side.FRENCH).annotate(n=Count("organisation", distinct=True)).values("n")
        foreign = (
            together.filter(side=Side.FOREIGN).annotate(n=Count("organisation__country", distinct=True)).values("n")
        )
        several = GreaterThan(Subquery(french), 1) | GreaterThan(Subquery(foreign), 1)
        multilateral = When(several, then=Value(Reach.MULTILATERAL.value))
        return self.annotate(
            reach=Case(multilateral, default=Value(Reach.BILATERAL.value), output_field=models.CharField())
        )

    def with_reciprocity(self) -> Self:
        """Annotates `is_reciprocal`: an action of the partners takes place on French soil."""
        return self.annotate(is_reciprocal=Exists(Action.objects.filter(partnership=OuterRef("pk"), soil=Side.FRENCH)))

    def with_actor_kinds(self) -> Self:
        """Annotates `actor_kinds`: how many families of actors it brings together, of all roles and both sides.

        Hocking's 'catalytic' diplomacy, counted: local authorities, groupings, the State, agencies, universities,
        NGOs, firms and networks, see `choices.Family`.
        """
        families = [When(organisation__kind=kind, then=Value(family.value)) for kind, family in FAMILIES.items()]
        places = Party.objects.order_by().filter(partnership=OuterRef("pk")).values("partnership")
        kinds = places.annotate(
            n=Count(Case(*families, output_field=models.CharField()), distinct=True),
        ).values("n")
        return self.annotate(actor_kinds=Coalesce(Subquery(kinds), 0))

    def for_list(self) -> Self:
        return self.with_status().with_reach().with_reciprocity().with_parties().prefetch_related("themes")

    def for_page(self, on: date) -> Self:
        """All that a partnership's own page tells on this day, in a fixed number of queries."""
        return (
            self.for_list()
            .with_actor_kinds()
            .prefetch_related(
                "parties__organisation__identifiers",
                Prefetch("conventions", Convention.objects.with_state(on)),
                "conventions__renews",
                "conventions__renewed_by",
                "milestones",
                "actions__indicators",
                "sdg_contributions",
                Prefetch("staff_contributions", StaffContribution.objects.select_related("organisation")),
            )
        )

    def silent_since(self, since: date) -> Self:
        """Without a dated fact from this day on: no beginning, milestone, step of a convention or project date.

        A date known to the year or the month speaks for the whole of it. The end agreed upon in a convention or a
        project is no sign of life.
        """
        return self.exclude(
            Q(pk__in=Partnership.objects.filter(dated_from("began_on", since)).values("pk"))
            | Q(
                pk__in=Milestone.objects.filter(dated_from("happened_on", since), partnership__isnull=False).values(
                    "partnership"
                )
            )
            | Q(pk__in=Convention.objects.filter(told_from(since)).values("partnership"))
            | Q(pk__in=Partnership.objects.filter(dated_from("projects__begins_on", since)).values("pk"))
        )

    def alphabetical(self) -> Self:
        return self.order_by(Fold("name"), "pk")

    def figures(self) -> dict[str, int]:
        """How many `partnerships`, `french` and `foreign` local authorities, and foreign `countries` they link."""
        party = Q(parties__role=PartyRole.PARTY)
        french, foreign = party & Q(parties__side=Side.FRENCH), party & Q(parties__side=Side.FOREIGN)
        return self.aggregate(
            partnerships=Count("pk", distinct=True),
            french=Count("parties__organisation", filter=french, distinct=True),
            foreign=Count("parties__organisation", filter=foreign, distinct=True),
            countries=Count("parties__organisation__country", filter=foreign, distinct=True),
        )

    def matching(self, text: str) -> Self:
        """Name, summary, theme or party; when none contains the text, parties whose names resemble it.

        Annotates `found_as`, see `OrganisationNameQuerySet.telling`.
        """
        rows = self.order_by()
        found = rows.containing(text)
        near = rows.filter(pk__in=places_of(Organisation.objects.resembling(text))).filter(~Exists(found))
        names = OrganisationName.objects.filter(organisation__places__partnership=OuterRef("pk"))
        return self.filter(pk__in=found.values("pk").union(near.values("pk"), all=True)).annotate(
            found_as=Subquery(names.telling(text))
        )

    def containing(self, text: str) -> Self:
        """Name, summary, theme, or a name or code of a party; accents and case do not count."""
        needle = Fold(Value(text))
        themes = Theme.objects.annotate(folded=Fold("name")).filter(folded__contains=needle)
        return self.annotate(folded=Fold("name"), folded_summary=Fold("summary")).filter(
            Q(folded__contains=needle)
            | Q(folded_summary__contains=needle)
            | Q(pk__in=places_of(Organisation.objects.containing(text)))
            | Q(pk__in=Partnership.themes.through.objects.filter(theme__in=themes).values("partnership"))
        )


def places_of(organisations: models.QuerySet[Organisation]) -> models.QuerySet["Party", Any]:
    """The ids of the partnerships that these take part in."""
    return Party.objects.order_by().filter(organisation__in=organisations).values("partnership")


class Partnership(Sourced):
    """A lasting link between French and foreign local authorities, with any number of parties on each side."""

    slug = models.SlugField(_("identifiant"), max_length=100, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    summary = models.TextField(_("résumé"), blank=True)
    themes = models.ManyToManyField(Theme, verbose_name=_("thèmes"), blank=True, related_name="partnerships")
    began_on = models.DateField(_("depuis"), null=True, blank=True)
    began_on_precision = PrecisionField()
    initiative = models.CharField(_("initiative"), max_length=8, choices=Initiative, blank=True)
    initiative_reason = models.CharField(
        _("ce qui le fait dire"), max_length=300, blank=True, help_text=_("Qui a proposé d’agir, et pour qui.")
    )
    organisations = models.ManyToManyField(Organisation, through="Party", related_name="partnerships")

    objects = PartnershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("partenariat")
        verbose_name_plural = _("partenariats")
        constraints = [
            precision_check("partnership", "began_on"),
            models.CheckConstraint(
                condition=Q(initiative_reason="") | ~Q(initiative=""),
                name="partnership_initiative_has_a_model",
                violation_error_message=_("Une raison accompagne un modèle d’initiative, interne ou externe."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("partnership", args=[self.slug])

    @property
    def began(self) -> str:
        return partial_date(self.began_on, self.began_on_precision)

    @property
    def status_label(self) -> str:
        """The label of the annotated `status`; empty when nothing is known of it."""
        status: str | None = getattr(self, "status", None)
        return str(PartnershipStatus(status).label) if status else ""

    def _places(self, side: Side) -> list["Party"]:
        return [p for p in self.parties.all() if p.side == side and p.role == PartyRole.PARTY]

    @property
    def french_places(self) -> list["Party"]:
        return self._places(Side.FRENCH)

    @property
    def foreign_places(self) -> list["Party"]:
        return self._places(Side.FOREIGN)

    @property
    def french_parties(self) -> list[Organisation]:
        return [place.organisation for place in self.french_places]

    @property
    def foreign_parties(self) -> list[Organisation]:
        return [place.organisation for place in self.foreign_places]

    @property
    def associates(self) -> list["Party"]:
        return [p for p in self.parties.all() if p.role == PartyRole.ASSOCIATE]

    @property
    def actors(self) -> list["Party"]:
        return [p for p in self.parties.all() if p.role == PartyRole.ACTOR]

    @property
    def reach_label(self) -> str:
        """The label of the annotated `reach`."""
        reach: str = getattr(self, "reach")  # noqa: B009  # annotated
        return str(Reach(reach).label)


class Party(Sourced):
    """An organisation's place in a partnership, for a time or for as long as it lasts."""

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="parties"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="places"
    )
    side = models.CharField(_("côté"), max_length=8, choices=Side)
    role = models.CharField(_("rôle"), max_length=9, choices=PartyRole, default=PartyRole.PARTY)
    is_lead = models.BooleanField(_("chef de file de son côté"), default=False)
    part = models.CharField(_("part prise"), max_length=300, blank=True, help_text=_("Ce que fait cet acteur."))
    began_on = models.DateField(_("depuis"), null=True, blank=True)
    began_on_precision = PrecisionField()
    ended_on = models.DateField(_("jusqu’à"), null=True, blank=True)
    ended_on_precision = PrecisionField(_("précision de la fin"))

    class Meta:
        verbose_name = _("partie")
        verbose_name_plural = _("parties")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partnership", "organisation"],
                name="party_takes_part_once",
                violation_error_message=_("Cette organisation prend déjà part au partenariat."),
            ),
            models.UniqueConstraint(
                fields=["partnership", "side"],
                condition=Q(is_lead=True),
                name="party_one_lead_a_side",
                violation_error_message=_("Ce côté du partenariat a déjà un chef de file."),
            ),
            models.CheckConstraint(
                condition=Q(is_lead=False) | Q(role=PartyRole.PARTY),
                name="party_lead_is_a_party",
                violation_error_message=_("Le chef de file est une collectivité partenaire."),
            ),
            precision_check("party", "began_on"),
            precision_check("party", "ended_on"),
            models.CheckConstraint(
                condition=in_order("began_on", "ended_on", is_partial=True),
                name="party_ends_after_it_began",
                violation_error_message=_("La fin d’une participation ne vient pas avant son début."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.get_side_display()})"

    @property
    def period(self) -> str:
        return period(self)


class Milestone(Sourced):
    """A dated event, of one partnership or of the field as a whole; it may change the partnership's status."""

    partnership = models.ForeignKey(
        Partnership,
        verbose_name=_("partenariat"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="milestones",
    )
    happened_on = models.DateField(_("date"))
    happened_on_precision = PrecisionField()
    kind = models.CharField(_("nature"), max_length=12, choices=MilestoneKind)
    title = models.CharField(_("intitulé"), max_length=250)
    description = models.TextField(_("précisions"), blank=True)
    status_after = models.CharField(
        _("état du partenariat ensuite"), max_length=10, choices=PartnershipStatus, null=True, blank=True
    )
    reason = models.CharField(_("raison du changement d’état"), max_length=12, choices=StatusReason, blank=True)

    class Meta:
        verbose_name = _("repère")
        verbose_name_plural = _("repères")
        ordering = ["happened_on", "pk"]
        constraints = [
            precision_check("milestone", "happened_on"),
            models.CheckConstraint(
                condition=Q(partnership__isnull=False) | Q(status_after__isnull=True),
                name="milestone_status_needs_partnership",
                violation_error_message=_("Seul un repère de partenariat peut en changer l’état."),
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(status_after__isnull=False),
                name="milestone_reason_is_of_a_status",
                violation_error_message=_("Une raison est celle d’un changement d’état."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.happened}: {self.title}"

    @property
    def happened(self) -> str:
        return partial_date(self.happened_on, self.happened_on_precision)


class Action(Sourced):
    """What the partners do together, and what became of it."""

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="actions"
    )
    title = models.CharField(_("intitulé"), max_length=250)
    description = models.TextField(_("précisions"), blank=True)
    outcome = models.CharField(_("suite donnée"), max_length=12, choices=Outcome, null=True, blank=True)
    soil = models.CharField(
        _("lieu"),
        max_length=8,
        choices=[(Side.FRENCH, _("Sur le sol français")), (Side.FOREIGN, _("Chez le partenaire"))],
        blank=True,
        help_text=_("Une action du partenaire sur le sol français fait la réciprocité."),
    )
    began_on = models.DateField(_("début"), null=True, blank=True)
    began_on_precision = PrecisionField()
    ended_on = models.DateField(_("fin"), null=True, blank=True)
    ended_on_precision = PrecisionField(_("précision de la fin"))

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["pk"]
        constraints = [
            precision_check("action", "began_on"),
            precision_check("action", "ended_on"),
            models.CheckConstraint(
                condition=in_order("began_on", "ended_on", is_partial=True),
                name="action_ends_after_it_began",
                violation_error_message=_("La fin d’une action ne vient pas avant son début."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def period(self) -> str:
        return period(self)


class Indicator(Sourced):
    """What an action is to change: the value at the start, the one aimed at, the one measured, in one unit.

    Unknown stays empty.
    """

    action = models.ForeignKey(Action, verbose_name=_("action"), on_delete=models.CASCADE, related_name="indicators")
    name = models.CharField(_("indicateur"), max_length=150)
    unit = models.CharField(_("unité"), max_length=40, blank=True)
    baseline = models.DecimalField(_("valeur initiale"), max_digits=15, decimal_places=3, null=True, blank=True)
    target = models.DecimalField(_("cible"), max_digits=15, decimal_places=3, null=True, blank=True)
    value = models.DecimalField(_("valeur mesurée"), max_digits=15, decimal_places=3, null=True, blank=True)
    measured_on = models.DateField(_("mesurée le"), null=True, blank=True)
    measured_on_precision = PrecisionField()

    class Meta:
        verbose_name = _("indicateur")
        verbose_name_plural = _("indicateurs")
        ordering = ["pk"]
        constraints = [
            number_check("indicator", "baseline", "target", "value"),
            precision_check("indicator", "measured_on"),
            models.CheckConstraint(
                condition=Q(measured_on__isnull=True) | Q(value__isnull=False),
                name="indicator_date_is_of_a_value",
                violation_error_message=_("Une date de mesure va avec une valeur mesurée."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def measured(self) -> str:
        return partial_date(self.measured_on, self.measured_on_precision)


class SdgContribution(Sourced):
    """A Sustainable Development Goal that the partnership serves, its weight among them, and its effect where known."""

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="sdg_contributions"
    )
    goal = models.PositiveSmallIntegerField(_("objectif de développement durable"), choices=Sdg)
    weight = models.DecimalField(
        _("poids, en %"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("La part de cet objectif dans le partenariat ; ensemble, 100 % au plus."),
    )
    contribution = models.CharField(_("contribution"), max_length=300, blank=True)
    quantity = models.DecimalField(_("quantité"), max_digits=15, decimal_places=3, null=True, blank=True)
    unit = models.CharField(_("unité"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("contribution à un ODD")
        verbose_name_plural = _("contributions aux ODD")
        ordering = ["goal"]
        constraints = [
            models.UniqueConstraint(
                fields=["partnership", "goal"],
                name="sdgcontribution_goal_stands_once",
                violation_error_message=_("Cet objectif est déjà celui du partenariat."),
            ),
            models.CheckConstraint(
                condition=Q(goal__in=Sdg.values),
                name="sdgcontribution_goal_is_one_of_seventeen",
                violation_error_message=_("Un objectif de développement durable a un numéro de 1 à 17."),
            ),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gt=0, weight__lte=100),
                name="sdgcontribution_weight_is_a_share",
                violation_error_message=_("Un poids est un pourcentage : plus de 0, 100 au plus."),
            ),
            number_check("sdgcontribution", "quantity"),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | ~Q(unit=""),
                name="sdgcontribution_quantity_has_a_unit",
                violation_error_message=_("Une quantité a une unité."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goal}. {self.get_goal_display()}"

    def clean(self) -> None:
        """Refuses weights that together pass 100 %."""
        if self.weight is None or not self.partnership_id:
            return
        others = SdgContribution.objects.filter(partnership=self.partnership_id).exclude(pk=self.pk)
        taken = others.aggregate(taken=Sum("weight"))["taken"] or 0
        if taken + self.weight > 100:
            left = {"left": 100 - taken}
            raise ValidationError({"weight": _("Les autres objectifs laissent %(left)s %% au plus.") % left})


class StaffContribution(Sourced):
    """What a party's own staff did for the partnership in one year. Unknown days, missions or people stay empty."""

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="staff_contributions"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.PROTECT, related_name="staff_contributions"
    )
    year = models.PositiveSmallIntegerField(_("année"), null=True, blank=True)
    kind = models.CharField(_("nature"), max_length=12, choices=StaffKind)
    department = models.CharField(_("service et compétences"), max_length=200, blank=True)
    missions = models.PositiveSmallIntegerField(_("missions"), null=True, blank=True)
    people = models.PositiveSmallIntegerField(_("agents"), null=True, blank=True)
    days = models.DecimalField(_("jours"), max_digits=7, decimal_places=1, null=True, blank=True)

    class Meta:
        verbose_name = _("participation des agents")
        verbose_name_plural = _("participations des agents")
        ordering = ["year", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(year__isnull=True) | Q(year__range=(1900, 2999)),
                name="staffcontribution_year_has_four_digits",
                violation_error_message=_("Une année va de 1900 à 2999."),
            ),
            models.CheckConstraint(
                condition=Q(days__isnull=True) | Q(days__gte=0, days__lt=1_000_000),
                name="staffcontribution_days_are_a_number",
                violation_error_message=_("Un nombre de jours est positif ; un demi-jour s’écrit 0,5."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}, {self.get_kind_display()}"
