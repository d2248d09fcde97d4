"""Conventions: what the parties agreed upon, for how much, and how far it is on the French and the Mexican side."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from functools import reduce
from operator import or_
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import (
    AmountField,
    Precision,
    PrecisionField,
    amount_check,
    first_day,
    in_order,
    partial_date,
    precision_check,
)
from aect.finding import Link, SearchedQuerySet, Text
from aect.history import recorded
from aect.text import FoldedField, name_index, search_index
from aect.versions import Versioned
from partnerships import law
from partnerships.choices import (
    MEXICAN_KINDS,
    ConventionKind,
    ConventionState,
    LocalService,
    OrganisationKind,
    PartyRole,
    SreOpinion,
    StateException,
)
from partnerships.models.organisations import Organisation
from partnerships.models.publication import Publishable
from partnerships.models.reference import Sourced

#: Steps known to the day; the signature has a precision of its own.
DATED_FACTS = (
    "deliberated_on",
    "transmitted_on",
    "in_force_on",
    "referred_on",
    "annulled_on",
    "authorised_on",
    "sre_notified_on",
    "sre_opinion_on",
)


def ends_before(day: date) -> Q:
    """Whose last day is before this one. Those that renew themselves do not end."""
    stored = (Q(ends_on_precision=precision, ends_on__lt=first_day(day, precision)) for precision in Precision)
    return Q(is_tacitly_renewed=False) & reduce(or_, stored)


def reached(on: date) -> Iterable[When]:
    """`law.french_state` for PostgreSQL, from the same table of steps; a test holds both together."""
    for state, field in law.FRENCH_STEPS:
        yield When(ends_before(on) if state == ConventionState.ENDED else Q(**{f"{field}__lte": on}), then=Value(state))


class ConventionQuerySet(SearchedQuerySet["Convention"]):
    def published(self) -> Self:
        """Those that everybody may read, with the partnership that they belong to."""
        return self.filter(published_at__isnull=False, partnership__published_at__isnull=False)

    def with_state(self, on: date) -> Self:
        """Annotates `state`, that of the French side on this day."""
        draft = Value(ConventionState.DRAFT.value)
        return self.annotate(state=Case(*reached(on), default=draft, output_field=models.CharField()))

    def in_force(self, on: date) -> Self:
        """That bind the parties on this day."""
        return self.with_state(on).filter(state__in=law.BINDING)

    def not_over(self, on: date) -> Self:
        """Neither ended nor annulled on this day."""
        return self.with_state(on).exclude(state__in=law.OVER)

    def ending_before(self, day: date) -> Self:
        return self.filter(ends_before(day))

    def signed_never_transmitted(self) -> Self:
        """Without a transmission to the prefect that we know of."""
        return self.filter(signed_on__isnull=False, transmitted_on__isnull=True)

    def signed_by(self, organisation: Organisation) -> Self:
        """Those that name it, and those of its partnerships that name no signatory."""
        from partnerships.models import Party  # noqa: PLC0415  # partnerships.py imports this module

        named = Convention.signatories.through.objects.filter(convention=OuterRef("pk"))
        places = Party.objects.filter(organisation=organisation, role=PartyRole.PARTY)
        is_party = Exists(places.filter(partnership=OuterRef("partnership")))
        return self.filter(Exists(named.filter(organisation=organisation)) | ~Exists(named) & is_party)

    def latest_first(self) -> Self:
        return self.order_by(F("signed_on").desc(nulls_last=True), "folded", "pk")

    def for_page(self, among: "ConventionQuerySet") -> Self:
        """What a convention's own page tells; of the other conventions, those `among` which the reader may see."""
        commitments = Commitment.objects.select_related("party").with_spent(among)
        return self.select_related("partnership").prefetch_related(
            Prefetch("partnership__conventions", among),
            "partnership__parties__organisation__country",
            "partnership__sdg_contributions",
            "signatories",
            Prefetch("commitments", commitments),
        )


@recorded()
class Convention(Versioned, Publishable, Sourced):
    """An agreement between the parties of a partnership.

    CGCT, art. L. 1115-1: it states its object and the provisional amount of the commitments, and enters into
    force once transmitted to the State's representative, never before. Its state is never stored: see `law`.
    """

    partnership = models.ForeignKey(
        "Partnership", verbose_name=_("partenariat"), on_delete=models.PROTECT, related_name="conventions"
    )
    slug = models.SlugField(_("identifiant"), max_length=120, unique=True)
    title = models.CharField(_("intitulé"), max_length=250)
    folded = FoldedField("title")
    kind = models.CharField(_("nature"), max_length=12, choices=ConventionKind)
    object = models.TextField(_("objet"), blank=True)
    folded_object = FoldedField("object")
    provisional_amount = AmountField(
        _("montant prévisionnel"), null=True, blank=True, help_text=_("0 si elle n’engage aucune dépense.")
    )
    deliberated_on = models.DateField(_("délibération du"), null=True, blank=True)
    signed_on = models.DateField(_("signée le"), null=True, blank=True)
    signed_on_precision = PrecisionField()
    transmitted_on = models.DateField(_("transmise au préfet le"), null=True, blank=True)
    receipt_number = models.CharField(_("numéro de l’accusé de réception"), max_length=60, blank=True)
    in_force_on = models.DateField(_("en vigueur le"), null=True, blank=True)
    referred_on = models.DateField(_("déférée au juge le"), null=True, blank=True)
    annulled_on = models.DateField(_("annulée le"), null=True, blank=True)
    sre_notified_on = models.DateField(_("notifiée à la SRE le"), null=True, blank=True)
    sre_opinion_on = models.DateField(_("avis de la SRE le"), null=True, blank=True)
    sre_opinion = models.CharField(_("avis de la SRE"), max_length=12, choices=SreOpinion, blank=True)
    sre_registration_number = models.CharField(_("numéro d’inscription à la SRE"), max_length=60, blank=True)
    state_exception = models.CharField(
        _("exception invoquée (État étranger)"), max_length=12, choices=StateException, blank=True
    )
    authorised_on = models.DateField(_("autorisée par le préfet le"), null=True, blank=True)
    ends_on = models.DateField(_("prend fin le"), null=True, blank=True)
    ends_on_precision = PrecisionField(_("précision de la fin"))
    is_tacitly_renewed = models.BooleanField(_("tacite reconduction"), default=False)
    renewal_years = models.PositiveSmallIntegerField(
        _("durée de la reconduction, en années"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(99)],
    )
    renews = models.OneToOneField(
        "self",
        verbose_name=_("renouvelle"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewed_by",
    )

    amends = models.ForeignKey(
        "self",
        verbose_name=_("modifie"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="amendments",
        help_text=_("La convention dont celle-ci est un avenant."),
    )
    signatories = models.ManyToManyField(
        Organisation,
        verbose_name=_("signataires"),
        blank=True,
        related_name="conventions",
        help_text=_("Vide : toutes les collectivités partenaires."),
    )

    PUBLIC = f"""{Publishable.PUBLIC}
        AND partnership_id IN (SELECT id FROM partnerships_partnership WHERE {Publishable.PUBLIC})"""  # noqa: S608

    objects = ConventionQuerySet.as_manager()

    TEXTS = (Text(), Text(model="partnerships.Partnership", link=Link("partnership")), Text("folded_object"))

    class Meta:
        verbose_name = _("convention")
        verbose_name_plural = _("conventions")
        ordering = ["signed_on", "pk"]
        indexes = [
            models.Index(F("signed_on").desc(nulls_last=True), "folded", "id", name="convention_sorts_by_date"),
            search_index("folded", name="convention_search"),
            name_index("folded", name="convention_called"),
            search_index("folded_object", name="convention_search_object"),
        ]
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
                condition=in_order("signed_on", "transmitted_on"),
                name="convention_transmitted_after_signature",
                violation_error_message=_("Une convention est transmise au préfet après sa signature."),
            ),
            models.CheckConstraint(
                condition=Q(receipt_number="") | Q(transmitted_on__isnull=False),
                name="convention_receipt_needs_transmission",
                violation_error_message=_("Un accusé de réception suppose la date de transmission au préfet."),
            ),
            models.CheckConstraint(
                condition=Q(referred_on__isnull=True)
                | Q(transmitted_on__isnull=False, referred_on__gte=F("transmitted_on")),
                name="convention_referred_after_transmission",
                violation_error_message=_("Le préfet défère une convention qui lui a été transmise."),
            ),
            models.CheckConstraint(
                condition=in_order("signed_on", "annulled_on") & in_order("referred_on", "annulled_on"),
                name="convention_annulled_after_signature",
                violation_error_message=_("Une convention est annulée après sa signature et son déféré."),
            ),
            models.CheckConstraint(
                condition=in_order("sre_notified_on", "sre_opinion_on"),
                name="convention_opinion_after_notice",
                violation_error_message=_("La SRE rend son avis après avoir été notifiée."),
            ),
            models.CheckConstraint(
                condition=Q(sre_registration_number="") | ~Q(sre_opinion=SreOpinion.UNFAVOURABLE),
                name="convention_registered_on_favourable_opinion",
                violation_error_message=_("La SRE n’inscrit pas une convention à laquelle son avis est défavorable."),
            ),
            models.CheckConstraint(
                condition=in_order("authorised_on", "signed_on", is_partial=True),
                name="convention_authorised_before_signature",
                violation_error_message=_("L’autorisation du préfet précède la signature (CGCT, art. L. 1115-5)."),
            ),
            models.CheckConstraint(
                condition=in_order("signed_on", "ends_on", is_partial=True),
                name="convention_ends_after_signature",
                violation_error_message=_("Une convention prend fin après sa signature."),
            ),
            models.CheckConstraint(
                condition=Q(renewal_years__isnull=True) | Q(is_tacitly_renewed=True, renewal_years__range=(1, 99)),
                name="convention_renewal_years_are_of_tacit_renewal",
                violation_error_message=_("La durée de 1 à 99 ans est celle de la tacite reconduction."),
            ),
            models.CheckConstraint(
                condition=Q(amends__isnull=True) | Q(kind=ConventionKind.AMENDMENT) & ~Q(amends=F("id")),
                name="convention_amendment_amends_another",
                violation_error_message=_("Seul un avenant modifie une autre convention."),
            ),
            models.CheckConstraint(
                condition=~Q(renews=F("id")),
                name="convention_does_not_renew_itself",
                violation_error_message=_("Une convention ne se renouvelle pas elle-même."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("convention", args=[self.slug])

    def clean(self) -> None:
        """Refuses what the law calls an error, on the field it is about."""
        if not self.partnership_id:
            return
        errors: dict[str, list[str]] = {}
        for check in law.checks(self.terms):
            if check.level == law.Level.ERROR:
                errors.setdefault(check.field, []).append(f"{check.message} ({check.article})")
        if self.renews and self.renews.partnership_id != self.partnership_id:
            errors["renews"] = [str(_("Une convention renouvelle une convention du même partenariat."))]
        if self.amends and self.amends.partnership_id != self.partnership_id:
            errors["amends"] = [str(_("Un avenant modifie une convention du même partenariat."))]
        for name in ("renews", "amends"):
            former = getattr(self, name)
            if former and self.pk and self.pk in (former.renews_id, former.amends_id):
                errors[name] = [str(_("C’est elle qui fait suite à cette convention, et non l’inverse."))]
        if errors:
            raise ValidationError(errors)

    @property
    def terms(self) -> law.Terms:
        return law.Terms(**{field.name: getattr(self, field.name) for field in fields(law.Terms)})

    @property
    def has_state_party(self) -> bool:
        """A ministry acts for its State; a federated state is a local authority."""
        return any(party.kind == OrganisationKind.STATE for party in self.partnership.foreign_parties)

    @property
    def has_mexican_party(self) -> bool:
        parties = self.partnership.foreign_parties
        return any(party.kind in MEXICAN_KINDS or party.country_id == "MX" for party in parties)

    @property
    def states_goals(self) -> bool:
        """Whether its partnership says which Sustainable Development Goals it serves."""
        return bool(self.partnership.sdg_contributions.all())

    @property
    def kin(self) -> list["Convention"]:
        """The partnership's conventions as the page prefetched them: those that its reader may see."""
        return list(self.partnership.conventions.all())

    @property
    def renewed(self) -> "Convention | None":
        return next((other for other in self.kin if other.pk == self.renews_id), None)

    @property
    def renewal(self) -> "Convention | None":
        return next((other for other in self.kin if other.renews_id == self.pk), None)

    @property
    def amended(self) -> "Convention | None":
        return next((other for other in self.kin if other.pk == self.amends_id), None)

    @property
    def amending(self) -> list["Convention"]:
        """Its amendments."""
        return [other for other in self.kin if other.amends_id == self.pk]

    def next_one(self) -> "Convention":
        """A convention that would renew it, not saved: what the parties keep when they go on, and no date or amount."""
        kept = ("title", "kind", "object", "is_tacitly_renewed", "renewal_years", "state_exception")
        return Convention(partnership=self.partnership, renews=self, **{name: getattr(self, name) for name in kept})

    def next_amendment(self) -> "Convention":
        """An amendment of it, not saved."""
        return Convention(partnership=self.partnership, amends=self, kind=ConventionKind.AMENDMENT)

    @property
    def signed_by(self) -> list[Organisation]:
        """Who signed it: those it names, else all the parties."""
        partnership = self.partnership
        return list(self.signatories.all()) or [*partnership.french_parties, *partnership.foreign_parties]

    @property
    def charges(self) -> list[law.Charge]:
        """The commitments, annotated with_spent(), as the law looks at them."""
        return [commitment.charge for commitment in self.commitments.all()]

    @property
    def state_label(self) -> str:
        """The label of the annotated `state`."""
        state: str = getattr(self, "state")  # noqa: B009  # annotated
        return str(ConventionState(state).label)

    @property
    def signed(self) -> str:
        return partial_date(self.signed_on, self.signed_on_precision)

    @property
    def ends(self) -> str:
        return partial_date(self.ends_on, self.ends_on_precision)


@recorded("convention")
class ConventionSignatory(Convention.signatories.through):  # type: ignore[name-defined]  # made by Django
    """A signatory of a convention: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("signataire")


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def with_spent(self, among: ConventionQuerySet) -> Self:
        """Annotates `spent`: all that the party's service commits that year, in every one of these conventions."""
        held = Commitment.objects.filter(convention__in=among.order_by().values("pk"))
        same = held.filter(party=OuterRef("party"), year=OuterRef("year"), service=OuterRef("service"))
        total = same.order_by().values("party").annotate(total=Sum("amount")).values("total")
        return self.annotate(spent=Subquery(total))


@recorded("convention")
class Commitment(Versioned):
    """What one party means to give in one year."""

    convention = models.ForeignKey(
        Convention, verbose_name=_("convention"), on_delete=models.CASCADE, related_name="commitments"
    )
    year = models.PositiveSmallIntegerField(_("année"), validators=[MinValueValidator(1900), MaxValueValidator(2999)])
    party = models.ForeignKey(
        Organisation, verbose_name=_("partie"), on_delete=models.PROTECT, related_name="commitments"
    )
    amount = AmountField(_("montant prévisionnel"))
    service = models.CharField(
        _("service public qui paie"),
        max_length=8,
        choices=LocalService,
        blank=True,
        help_text=_(
            "Eau, énergie ou déchets : au plus un centième de ses ressources (CGCT, L. 1115-1-1 et L. 1115-2)."
        ),
    )
    service_resources_amount = AmountField(_("ressources du service cette année-là"), null=True, blank=True)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        ordering = ["year", "pk"]
        constraints = [
            *amount_check("commitment", "amount", "service_resources_amount"),
            models.UniqueConstraint(
                fields=["convention", "year", "party"],
                name="commitment_one_a_year_and_party",
                violation_error_message=_("Cette partie a déjà un engagement cette année-là."),
            ),
            models.CheckConstraint(
                condition=Q(year__range=(1900, 2999)),
                name="commitment_year_has_four_digits",
                violation_error_message=_("Une année va de 1900 à 2999."),
            ),
            models.CheckConstraint(
                condition=Q(service_resources_amount__isnull=True) | ~Q(service=""),
                name="commitment_resources_are_of_a_service",
                violation_error_message=_("Des ressources sont celles d’un service : eau, énergie ou déchets."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party}, {self.year}"

    @property
    def charge(self) -> law.Charge:
        return law.Charge(
            year=self.year,
            party=str(self.party),
            amount=self.amount,
            service=self.service,
            spent=getattr(self, "spent", None),
            resources=self.service_resources_amount,
        )
