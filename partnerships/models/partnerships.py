"""Partnerships: who with whom, under which agreements, to do what, with which outcome."""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import Precision, PrecisionField, first_day, in_order, partial_date, period, precision_check
from aect.finding import Link, SearchedQuerySet, Text, linked
from aect.history import recorded
from aect.text import FoldedField, Needle, name_index, search_index
from aect.versions import Versioned
from partnerships.choices import (
    TOGETHER,
    Family,
    Initiative,
    PartnershipStatus,
    PartyRole,
    Reach,
    Side,
)
from partnerships.models.conventions import DATED_FACTS, Convention, ConventionQuerySet
from partnerships.models.figures import FigureQuerySet, family_bit
from partnerships.models.life import Action, Milestone, StaffContribution
from partnerships.models.organisations import CALLED, Organisation, OrganisationName
from partnerships.models.publication import Publishable
from partnerships.models.reference import Sourced


@recorded()
class Theme(models.Model):
    slug = models.SlugField(_("identifiant"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=100)
    folded = FoldedField("name")

    objects = SearchedQuerySet.as_manager()

    TEXTS = (Text(),)

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


class PartnershipQuerySet(FigureQuerySet):
    def published(self) -> Self:
        """Those that everybody may read."""
        return self.filter(published_at__isnull=False)

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
        are party to it or associated; a State and its own municipality, on one side, are bilateral still. None when
        a side has no known party.
        """
        together = Party.objects.order_by().filter(partnership=OuterRef("pk"), role__in=TOGETHER).values("partnership")
        french, foreign = together.filter(side=Side.FRENCH), together.filter(side=Side.FOREIGN)
        collectivities = Subquery(french.annotate(n=Count("organisation", distinct=True)).values("n"))
        countries = Subquery(foreign.annotate(n=Count("organisation__country", distinct=True)).values("n"))
        several = GreaterThan(collectivities, 1) | GreaterThan(countries, 1)
        multilateral = When(several, then=Value(Reach.MULTILATERAL.value))
        bilateral = When(Exists(french) & Exists(foreign), then=Value(Reach.BILATERAL.value))
        return self.annotate(reach=Case(multilateral, bilateral, default=None, output_field=models.CharField()))

    def with_reciprocity(self) -> Self:
        """Annotates `is_reciprocal`: an action of the partners takes place on French soil.

        False when every known action takes place at the partner's; None when there is none, or one without a place.
        """
        actions = Action.objects.filter(partnership=OuterRef("pk"))
        here = When(Exists(actions.filter(soil=Side.FRENCH)), then=Value(True))
        there = When(Exists(actions) & ~Exists(actions.filter(soil="")), then=Value(False))
        return self.annotate(is_reciprocal=Case(here, there, default=None, output_field=models.BooleanField()))

    def with_actor_kinds(self) -> Self:
        """Annotates `actor_kinds`: how many families of actors it brings together, of all roles and both sides.

        Hocking's 'catalytic' diplomacy, counted: local authorities, groupings, the State, agencies, universities,
        NGOs, firms and networks, see `choices.Family`.
        """
        places = Party.objects.order_by().filter(partnership=OuterRef("pk")).values("partnership")
        kinds = places.annotate(n=Count(family_bit("organisation"), distinct=True)).values("n")
        return self.annotate(actor_kinds=Coalesce(Subquery(kinds), 0))

    def of_parties(self, organisations: models.QuerySet[Organisation]) -> Self:
        """In which one of these organisations takes part, as a party or associated."""
        places = Party.objects.filter(organisation__in=organisations.order_by().values("pk"), role__in=TOGETHER)
        return self.filter(pk__in=places.values("partnership"))

    def for_list(self) -> Self:
        return self.with_status().with_reach().with_reciprocity().with_parties().prefetch_related("themes")

    def for_table(self) -> Self:
        """What `columns.PARTNERSHIPS` can show."""
        return self.for_list().prefetch_related("sdg_contributions")

    def for_page(self, on: date, among: ConventionQuerySet) -> Self:
        """All that a partnership's own page tells on this day, in a fixed number of queries.

        Of the conventions, those `among` which the reader may see.
        """
        conventions = among.with_state(on)
        return (
            self.for_list()
            .with_actor_kinds()
            .prefetch_related(
                "parties__organisation__identifiers",
                Prefetch("conventions", conventions),
                "conventions__signatories",
                "milestones",
                "actions__indicators",
                "sdg_contributions",
                Prefetch("staff_contributions", StaffContribution.objects.select_related("organisation")),
            )
        )

    def silent_since(self, since: date) -> Self:
        """Without a dated fact from this day on: no beginning, milestone, step of a convention or project date.

        A date known to the year or the month speaks for the whole of it. The end agreed upon in a convention or a
        project is no sign of life; nor is a convention that is not published, for whom it is told to.
        """
        begun = Partnership.objects.filter(dated_from("projects__begins_on", since), projects__state="published")
        return self.exclude(
            Q(pk__in=Partnership.objects.filter(dated_from("began_on", since)).values("pk"))
            | Q(
                pk__in=Milestone.objects.filter(dated_from("happened_on", since), partnership__isnull=False).values(
                    "partnership"
                )
            )
            | Q(pk__in=Convention.objects.published().filter(told_from(since)).values("partnership"))
            | Q(pk__in=begun.values("pk"))
        )

    def alphabetical(self) -> Self:
        return self.order_by("folded", "pk")

    def real(self) -> Self:
        """Without those made up for the demonstration, which no figure counts."""
        return self.filter(is_fictitious=False)

    def figures(self) -> dict[str, int]:
        """How many `partnerships`, `french` and `foreign` local authorities, and foreign `countries` they link."""
        party = Q(parties__role__in=TOGETHER)
        french, foreign = party & Q(parties__side=Side.FRENCH), party & Q(parties__side=Side.FOREIGN)
        return self.aggregate(
            partnerships=Count("pk", distinct=True),
            french=Count("parties__organisation", filter=french, distinct=True),
            foreign=Count("parties__organisation", filter=foreign, distinct=True),
            countries=Count("parties__organisation__country", filter=foreign, distinct=True),
        )

    def with_found_as(self, needle: Needle) -> Self:
        """Annotates those found with `found_as`, see `OrganisationNameQuerySet.telling`."""
        names = OrganisationName.objects.filter(organisation__places__partnership=OuterRef("pk"))
        return self.annotate(found_as=Subquery(names.telling(needle)))


def by_family(places: Iterable["Party"]) -> list[tuple[Family, list["Party"]]]:
    """Places in a partnership, those of each family together; families without any are left out."""
    found: dict[Family, list[Party]] = {family: [] for family in Family}
    for place in places:
        found[place.organisation.family].append(place)
    return [(family, members) for family, members in found.items() if members]


@recorded()
class Partnership(Versioned, Publishable, Sourced):
    """A lasting link between French and foreign local authorities, with any number of parties on each side."""

    slug = models.SlugField(_("identifiant"), max_length=100, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    folded = FoldedField("name")
    summary = models.TextField(_("résumé"), blank=True)
    folded_summary = FoldedField("summary")
    themes = models.ManyToManyField(Theme, verbose_name=_("thèmes"), blank=True, related_name="partnerships")
    began_on = models.DateField(_("depuis"), null=True, blank=True)
    began_on_precision = PrecisionField()
    initiative = models.CharField(_("initiative"), max_length=8, choices=Initiative, blank=True)
    initiative_reason = models.CharField(
        _("ce qui le fait dire"), max_length=300, blank=True, help_text=_("Qui a proposé d’agir, et pour qui.")
    )
    organisations = models.ManyToManyField(Organisation, through="Party", related_name="partnerships")
    is_fictitious = models.BooleanField(_("donnée fictive"), default=False)

    objects = PartnershipQuerySet.as_manager()

    TEXTS = (
        Text(),
        *linked(CALLED, Link("organisation", "partnership", "partnerships.Party")),
        Text(model="partnerships.Theme", link=Link("theme", "partnership", "partnerships.Partnership_themes")),
        Text("folded_summary"),
    )

    class Meta:
        verbose_name = _("partenariat")
        verbose_name_plural = _("partenariats")
        indexes = [
            models.Index(fields=["folded", "id"], name="partnership_sorts_by_name"),
            search_index("folded", name="partnership_search"),
            name_index("folded", name="partnership_called"),
            search_index("folded_summary", name="partnership_search_summary"),
        ]
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

    def _places(self, side: Side, *roles: PartyRole) -> list["Party"]:
        return [p for p in self.parties.all() if p.side == side and p.role in (roles or [PartyRole.PARTY])]

    @property
    def french_places(self) -> list["Party"]:
        return self._places(Side.FRENCH)

    @property
    def foreign_places(self) -> list["Party"]:
        return self._places(Side.FOREIGN)

    @property
    def french_associates(self) -> list["Party"]:
        return self._places(Side.FRENCH, PartyRole.ASSOCIATE)

    @property
    def foreign_associates(self) -> list["Party"]:
        return self._places(Side.FOREIGN, PartyRole.ASSOCIATE)

    @property
    def french_parties(self) -> list[Organisation]:
        return [place.organisation for place in self.french_places]

    @property
    def foreign_parties(self) -> list[Organisation]:
        return [place.organisation for place in self.foreign_places]

    def together(self, side: Side) -> list[Organisation]:
        """The parties of one side, then those associated to a part of the actions."""
        places = sorted(self._places(side, *TOGETHER), key=lambda place: place.role != PartyRole.PARTY)
        return [place.organisation for place in places]

    @property
    def associates(self) -> list["Party"]:
        return [p for p in self.parties.all() if p.role == PartyRole.ASSOCIATE]

    @property
    def families(self) -> list[tuple[Family, list["Party"]]]:
        """Who takes part, of all roles and both sides, by family."""
        return by_family(self.parties.all())

    @property
    def actors_by_family(self) -> list[tuple[Family, list["Party"]]]:
        return by_family(self.actors)

    @property
    def actors(self) -> list["Party"]:
        return [p for p in self.parties.all() if p.role == PartyRole.ACTOR]

    @property
    def reach_label(self) -> str:
        """The label of the annotated `reach`; empty when a side has no known party."""
        reach: str | None = getattr(self, "reach")  # noqa: B009  # annotated
        return str(Reach(reach).label) if reach else ""


@recorded("partnership")
class PartnershipTheme(Partnership.themes.through):  # type: ignore[name-defined]  # made by Django
    """A theme given to a partnership: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("thème")


@recorded("partnership")
class Party(Versioned, Sourced):
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
