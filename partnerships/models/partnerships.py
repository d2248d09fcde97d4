"""Partnerships: who with whom, under which agreements, to do what, with which outcome."""

from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import Precision, PrecisionField, first_day, partial_date, precision_check
from aect.text import Fold
from partnerships.choices import (
    MilestoneKind,
    Outcome,
    PartnershipStatus,
    PartyRole,
    Side,
)
from partnerships.models.conventions import DATED_FACTS, Convention
from partnerships.models.organisations import Organisation, OrganisationName
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

    def for_page(self, on: date) -> Self:
        """All that a partnership's own page tells on this day, in a fixed number of queries."""
        return self.for_list().prefetch_related(
            "parties__organisation__identifiers",
            Prefetch("conventions", Convention.objects.with_state(on)),
            "conventions__renews",
            "conventions__renewed_by",
            "milestones",
            "actions__indicators",
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
        needle = Fold(models.Value(text))
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
