"""Partnerships: who with whom, under which agreements, to do what, with which outcome."""

from typing import Self

from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import AmountField, PrecisionField, amount_check, partial_date, precision_check
from aect.text import Fold
from partnerships.choices import (
    ConventionKind,
    MilestoneKind,
    Outcome,
    PartnershipStatus,
    PartyRole,
    Side,
)
from partnerships.models.organisations import Organisation
from partnerships.models.reference import Sourced


class Theme(models.Model):
    slug = models.SlugField(_("identifiant"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=100)

    class Meta:
        verbose_name = _("thème")
        verbose_name_plural = _("thèmes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PartnershipQuerySet(models.QuerySet["Partnership"]):
    def with_status(self) -> Self:
        """Annotates `status`: that of the latest event that changed it, or None when nothing is known."""
        events = Milestone.objects.filter(partnership=OuterRef("pk"), status_after__isnull=False)
        return self.annotate(status=Subquery(events.order_by("-happened_on", "-pk").values("status_after")[:1]))

    def with_parties(self) -> Self:
        """Prefetches the parties of both sides, and the actors around them, with their countries."""
        parties = Party.objects.select_related("organisation__country", "organisation__region")
        return self.prefetch_related(Prefetch("parties", parties))

    def for_list(self) -> Self:
        return self.with_status().with_parties().prefetch_related("themes")

    def for_page(self) -> Self:
        """All that a partnership's own page tells, in a fixed number of queries."""
        return self.for_list().prefetch_related(
            "parties__organisation__identifiers",
            "conventions__renews",
            "conventions__renewed_by",
            "milestones",
            "actions__indicators",
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
        """Name, summary, theme or party; accents and case do not count."""
        needle = Fold(models.Value(text))
        parties = Party.objects.annotate(folded=Fold("organisation__name")).filter(folded__contains=needle)
        themes = Theme.objects.annotate(folded=Fold("name")).filter(folded__contains=needle)
        return self.annotate(folded=Fold("name"), folded_summary=Fold("summary")).filter(
            Q(folded__contains=needle)
            | Q(folded_summary__contains=needle)
            | Q(pk__in=parties.values("partnership"))
            | Q(pk__in=Partnership.themes.through.objects.filter(theme__in=themes).values("partnership"))
        )


class Partnership(Sourced):
    """A lasting link between French and foreign local authorities, with any number of parties on each side."""

    slug = models.SlugField(_("identifiant"), max_length=100, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    summary = models.TextField(_("résumé"), blank=True)
    themes = models.ManyToManyField(Theme, verbose_name=_("thèmes"), blank=True, related_name="partnerships")
    began_on = models.DateField(_("depuis"), null=True, blank=True)
    began_on_precision = PrecisionField()
    organisations = models.ManyToManyField(Organisation, through="Party", related_name="partnerships")

    objects = PartnershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("partenariat")
        verbose_name_plural = _("partenariats")
        constraints = [precision_check("partnership", "began_on")]

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
    def actors(self) -> list["Party"]:
        return [p for p in self.parties.all() if p.role == PartyRole.ACTOR]


class Party(Sourced):
    """An organisation's place in a partnership."""

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="parties"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="places"
    )
    side = models.CharField(_("côté"), max_length=8, choices=Side)
    role = models.CharField(_("rôle"), max_length=8, choices=PartyRole, default=PartyRole.PARTY)
    part = models.CharField(_("part prise"), max_length=300, blank=True, help_text=_("Ce que fait cet acteur."))

    class Meta:
        verbose_name = _("partie")
        verbose_name_plural = _("parties")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partnership", "organisation"],
                name="party_takes_part_once",
                violation_error_message=_("Cette organisation prend déjà part au partenariat."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.get_side_display()})"


class Convention(Sourced):
    """An agreement between the parties.

    CGCT, art. L. 1115-1: it states its object and the provisional amount of the commitments, and enters into
    force once transmitted to the State's representative, never before.
    """

    partnership = models.ForeignKey(
        Partnership, verbose_name=_("partenariat"), on_delete=models.PROTECT, related_name="conventions"
    )
    slug = models.SlugField(_("identifiant"), max_length=120, unique=True)
    title = models.CharField(_("intitulé"), max_length=250)
    kind = models.CharField(_("nature"), max_length=12, choices=ConventionKind)
    object = models.TextField(_("objet"), blank=True)
    provisional_amount = AmountField(_("montant prévisionnel"), null=True, blank=True)
    signed_on = models.DateField(_("signée le"), null=True, blank=True)
    signed_on_precision = PrecisionField()
    transmitted_on = models.DateField(_("transmise au préfet le"), null=True, blank=True)
    in_force_on = models.DateField(_("en vigueur le"), null=True, blank=True)
    ends_on = models.DateField(_("prend fin le"), null=True, blank=True)
    ends_on_precision = PrecisionField(_("précision de la fin"))
    renews = models.OneToOneField(
        "self",
        verbose_name=_("renouvelle"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewed_by",
    )

    class Meta:
        verbose_name = _("convention")
        verbose_name_plural = _("conventions")
        ordering = ["signed_on", "pk"]
        constraints = [
            *amount_check("convention", "provisional_amount"),
            precision_check("convention", "signed_on"),
            precision_check("convention", "ends_on"),
            models.CheckConstraint(
                condition=Q(in_force_on__isnull=True)
                | Q(transmitted_on__isnull=False, in_force_on__gte=F("transmitted_on")),
                name="convention_in_force_after_transmission",
                violation_error_message=_(
                    "Une convention n’entre pas en vigueur avant sa transmission au préfet (CGCT, art. L. 1115-1)."
                ),
            ),
            models.CheckConstraint(
                condition=Q(signed_on__isnull=True)
                | Q(transmitted_on__isnull=True)
                | Q(transmitted_on__gte=F("signed_on")),
                name="convention_transmitted_after_signature",
                violation_error_message=_("Une convention est transmise au préfet après sa signature."),
            ),
            models.CheckConstraint(
                condition=Q(signed_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("signed_on")),
                name="convention_ends_after_signature",
                violation_error_message=_("Une convention prend fin après sa signature."),
            ),
            models.CheckConstraint(
                condition=~Q(renews=F("id")),
                name="convention_does_not_renew_itself",
                violation_error_message=_("Une convention ne se renouvelle pas elle-même."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def signed(self) -> str:
        return partial_date(self.signed_on, self.signed_on_precision)

    @property
    def ends(self) -> str:
        return partial_date(self.ends_on, self.ends_on_precision)


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

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title


class Indicator(Sourced):
    """A figure that an action changed: before, after, in its unit. Unknown stays empty."""

    action = models.ForeignKey(Action, verbose_name=_("action"), on_delete=models.CASCADE, related_name="indicators")
    name = models.CharField(_("indicateur"), max_length=150)
    unit = models.CharField(_("unité"), max_length=40, blank=True)
    before = models.DecimalField(_("avant"), max_digits=15, decimal_places=3, null=True, blank=True)
    after = models.DecimalField(_("après"), max_digits=15, decimal_places=3, null=True, blank=True)

    class Meta:
        verbose_name = _("indicateur")
        verbose_name_plural = _("indicateurs")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(before__isnull=True) | Q(before__gt=-1_000_000_000_000, before__lt=1_000_000_000_000))
                & (Q(after__isnull=True) | Q(after__gt=-1_000_000_000_000, after__lt=1_000_000_000_000)),
                name="indicator_values_are_numbers",
                violation_error_message=_("Un indicateur a des valeurs numériques finies."),
            )
        ]

    def __str__(self) -> str:
        return self.name
