"""What happens in a partnership: milestones, actions and what they change, goals served, work of the staff."""

from functools import reduce
from operator import and_

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from aect.fields import PrecisionField, in_order, partial_date, period, precision_check
from aect.history import recorded
from aect.versions import Versioned
from partnerships.choices import MilestoneKind, Outcome, PartnershipStatus, Sdg, Side, StaffKind, StatusReason
from partnerships.models.organisations import Organisation
from partnerships.models.reference import Sourced


def number_check(model: str, *fields: str) -> models.CheckConstraint:
    """That these are finite numbers, where known: PostgreSQL takes NaN for greater than any."""
    bound = 1_000_000_000_000
    known = (Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": -bound, f"{name}__lt": bound}) for name in fields)
    return models.CheckConstraint(
        condition=reduce(and_, known),
        name=f"{model}_values_are_numbers",
        violation_error_message=_("Une valeur est un nombre fini."),
    )


@recorded("partnership")
class Milestone(Versioned, Sourced):
    """A dated event, of one partnership or of the field as a whole; it may change the partnership's status."""

    partnership = models.ForeignKey(
        "Partnership",
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
    organisations = models.ManyToManyField(
        Organisation,
        verbose_name=_("organismes concernés"),
        blank=True,
        related_name="milestones",
        help_text=_("Ce repère figure aussi sur leur page."),
    )

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
        return f"{self.happened} · {self.title}"

    @property
    def happened(self) -> str:
        return partial_date(self.happened_on, self.happened_on_precision)


@recorded("milestone")
class MilestoneOrganisation(Milestone.organisations.through):  # type: ignore[name-defined]  # made by Django
    """An organisation that a milestone concerns: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("organisation concernée")


@recorded("partnership")
class Action(Versioned, Sourced):
    """What the partners do together, and what became of it."""

    partnership = models.ForeignKey(
        "Partnership", verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="actions"
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


@recorded("action")
class Indicator(Versioned, Sourced):
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
        return f"{self.name} · {self.action}"

    @property
    def measured(self) -> str:
        return partial_date(self.measured_on, self.measured_on_precision)


@recorded("partnership")
class SdgContribution(Versioned, Sourced):
    """A Sustainable Development Goal that the partnership serves, its weight among them, and its effect where known."""

    partnership = models.ForeignKey(
        "Partnership", verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="sdg_contributions"
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


@recorded("partnership")
class StaffContribution(Versioned, Sourced):
    """What a party's own staff did for the partnership in one year. Unknown days, missions or people stay empty."""

    partnership = models.ForeignKey(
        "Partnership", verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="staff_contributions"
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
