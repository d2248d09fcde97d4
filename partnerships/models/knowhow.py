"""The register of know-how: what a French collectivity offers, what a foreign authority needs, what came of both."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, Func, IntegerField, OuterRef, Prefetch, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aect.fields import in_order
from aect.finding import Link, SearchedQuerySet, Text, linked
from aect.history import recorded
from aect.text import FoldedField, name_index, search_index
from aect.versions import Versioned
from partnerships import matching
from partnerships.choices import (
    FOREIGN_KINDS,
    FRENCH_KINDS,
    EntryState,
    KnowHowLabel,
    PartnerSize,
    Sdg,
    WorkingLanguage,
)
from partnerships.models.life import Action
from partnerships.models.organisations import CALLED, Organisation
from partnerships.models.partnerships import Partnership, Theme
from partnerships.models.reference import Country, Sourced

E = TypeVar("E", bound="Entry")


class Common(Func):
    """How many values two arrays share."""

    template = "cardinality(ARRAY(SELECT unnest(%(expressions)s)))"
    arg_joiner = ") INTERSECT SELECT unnest("
    output_field = IntegerField()


class EntryQuerySet(SearchedQuerySet[E]):
    def with_state(self, on: date) -> Self:
        """Annotates `state`, an `EntryState`, on this day."""
        return self.annotate(
            state=Case(
                When(closes_on__lte=on, then=Value(EntryState.CLOSED.value)),
                When(published_on__lte=on, then=Value(EntryState.PUBLISHED.value)),
                default=Value(EntryState.DRAFT.value),
                output_field=models.CharField(),
            )
        )

    def published(self, on: date) -> Self:
        """Those that everybody may read on this day."""
        return self.with_state(on).filter(state=EntryState.PUBLISHED)

    def for_list(self) -> Self:
        return self.select_related("organisation__country", "organisation__region", "theme")

    def latest_first(self) -> Self:
        return self.order_by(models.F("published_on").desc(nulls_last=True), "pk")

    def closest_to(self, entry: "Entry") -> Self:
        """Those that share most goals with the entry first, then those that share a language with it."""
        fields: dict[str, Any] = {name: self.model._meta.get_field(name) for name in ("sdg_goals", "languages")}
        return self.annotate(
            **{
                f"common_{name}": Common(name, Value(getattr(entry, name), output_field=field))
                for name, field in fields.items()
            }
        ).order_by("-common_sdg_goals", Case(When(common_languages__gt=0, then=Value(0)), default=Value(1)), "slug")


class OfferQuerySet(EntryQuerySet["Offer"]):
    def for_list(self) -> Self:
        return super().for_list().prefetch_related("countries")

    def open_to(self, countries: Iterable[Country | str]) -> Self:
        """Those that wish for one of these countries, or for none in particular."""
        wished = self.wishes.filter(offer=OuterRef("pk"))
        return self.filter(Exists(wished.filter(country__in=list(countries))) | ~Exists(wished))

    @property
    def wishes(self) -> models.QuerySet[Any]:
        """The rows that tie an offer to each country it names."""
        return Offer.countries.through._default_manager.order_by()

    def for_page(self, among: models.QuerySet[Partnership]) -> Self:
        """What an offer's own page tells; of the partnerships, those `among` which the reader may see."""
        actions = Action.objects.filter(partnership__in=among.order_by().values("pk")).select_related("partnership")
        return (
            self.for_list()
            .select_related("source")
            .prefetch_related(Prefetch("partnerships", among), Prefetch("actions", actions))
        )


class NeedQuerySet(EntryQuerySet["Need"]):
    def for_page(self) -> Self:
        return self.for_list().select_related("source")


def entry_checks(model: str) -> list[models.BaseConstraint]:
    """What holds of an offer as of a need."""
    return [
        models.CheckConstraint(
            condition=Q(sdg_goals__contained_by=Sdg.values),
            name=f"{model}_sdg_goals_from_1_to_17",
            violation_error_message=_("Un objectif de développement durable a un numéro de 1 à 17."),
        ),
        models.CheckConstraint(
            condition=Q(languages__contained_by=WorkingLanguage.values),
            name=f"{model}_languages_are_known",
            violation_error_message=_("Cette langue de travail n’est pas de la liste."),
        ),
        models.CheckConstraint(
            condition=in_order("published_on", "closes_on"),
            name=f"{model}_closes_after_publication",
            violation_error_message=_("La clôture ne vient pas avant la publication."),
        ),
    ]


def entry_indexes(model: str) -> list[models.Index]:
    return [
        name_index("folded", name=f"{model}_by_name"),
        search_index("folded", name=f"{model}_search"),
        search_index("folded_description", name=f"{model}_description"),
        models.Index(models.F("published_on").desc(nulls_last=True), "id", name=f"{model}_latest"),
    ]


class Entry(Sourced):
    """An offer or a need: whose, in which field, for what. Its state is never stored: see `with_state`."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("collectivité"), on_delete=models.PROTECT, related_name="%(class)ss"
    )
    theme = models.ForeignKey(
        Theme, verbose_name=_("domaine de compétence"), on_delete=models.PROTECT, related_name="%(class)ss"
    )
    slug = models.SlugField(_("identifiant"), max_length=140, unique=True)
    title = models.CharField(_("intitulé"), max_length=200)
    folded = FoldedField("title")
    description = models.TextField(_("description"), blank=True)
    folded_description = FoldedField("description")
    languages = ArrayField(
        models.CharField(max_length=2, choices=WorkingLanguage),
        verbose_name=_("langues de travail"),
        default=list,
        blank=True,
    )
    sdg_goals = ArrayField(
        models.PositiveSmallIntegerField(choices=Sdg),
        verbose_name=_("objectifs de développement durable"),
        default=list,
        blank=True,
    )
    published_on = models.DateField(
        _("publication le"),
        null=True,
        blank=True,
        help_text=_("Vide ou à venir : brouillon, hors ligne."),
    )
    closes_on = models.DateField(
        _("clôture le"), null=True, blank=True, help_text=_("À partir de ce jour, hors ligne.")
    )
    is_fictitious = models.BooleanField(_("donnée fictive"), default=False)

    TEXTS = (
        Text(),
        Text(model="partnerships.Theme", link=Link("theme")),
        *linked(CALLED, Link("organisation")),
        Text("folded_description"),
    )
    PUBLIC = "published_on <= CURRENT_DATE AND (closes_on IS NULL OR closes_on > CURRENT_DATE)"

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def is_offer(self) -> bool:
        return isinstance(self, Offer)

    @property
    def language_names(self) -> str:
        """`français, espagnol`; empty when none is told."""
        return matching.named(self.languages)

    @property
    def goals(self) -> list[Sdg]:
        return [Sdg(number) for number in sorted(self.sdg_goals)]

    @property
    def state_label(self) -> str:
        """The label of the annotated `state`."""
        state: str = getattr(self, "state")  # noqa: B009  # annotated
        return str(EntryState(state).label)


@recorded()
class Offer(Versioned, Entry):
    """A field in which a French collectivity excels, and that it wishes to put to use abroad."""

    countries = models.ManyToManyField(
        Country,
        verbose_name=_("pays souhaités"),
        blank=True,
        related_name="offers",
        help_text=_("Aucun : l’offre est ouverte à tous les pays."),
    )
    label = models.CharField(_("label"), max_length=8, choices=KnowHowLabel, blank=True)
    label_year = models.PositiveSmallIntegerField(_("année du label"), null=True, blank=True)
    evidence = models.TextField(_("ce qui l’atteste"), blank=True, help_text=_("Réalisations, évaluations."))
    partnerships = models.ManyToManyField(
        Partnership, verbose_name=_("partenariats qui l’attestent"), blank=True, related_name="offers"
    )
    actions = models.ManyToManyField(
        Action, verbose_name=_("actions qui l’attestent"), blank=True, related_name="offers"
    )

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offre de savoir-faire")
        verbose_name_plural = _("offres de savoir-faire")
        indexes = entry_indexes("offer")
        constraints = [
            *entry_checks("offer"),
            models.CheckConstraint(
                condition=Q(label_year__isnull=True) | Q(label_year__range=(1900, 2999)) & ~Q(label=""),
                name="offer_label_year_is_of_a_label",
                violation_error_message=_("L’année, de 1900 à 2999, est celle d’un label."),
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("offer", args=[self.slug])

    def clean(self) -> None:
        if self.organisation_id and self.organisation.kind not in FRENCH_KINDS:
            raise ValidationError({"organisation": _("Une offre est celle d’une collectivité française.")})

    @property
    def label_words(self) -> str:
        return matching.label_words(self.label, self.label_year) if self.label else ""

    @property
    def terms(self) -> matching.Offered:
        return matching.Offered(
            theme=self.theme.name,
            goals=frozenset(self.sdg_goals),
            languages=frozenset(self.languages),
            countries=frozenset(country.pk for country in self.countries.all()),
            population=self.organisation.population,
            label=self.label,
            label_year=self.label_year,
        )


@recorded("offer")
class OfferCountry(Offer.countries.through):  # type: ignore[name-defined]  # made by Django
    """A country that an offer wishes for: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("pays souhaité")


@recorded("offer")
class OfferPartnership(Offer.partnerships.through):  # type: ignore[name-defined]  # made by Django
    """A partnership that is evidence of an offer: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("partenariat qui l’atteste")


@recorded("offer")
class OfferAction(Offer.actions.through):  # type: ignore[name-defined]  # made by Django
    """An action that is evidence of an offer: the history watches this table through a proxy."""

    class Meta:
        proxy = True
        verbose_name = _("action qui l’atteste")


@recorded()
class Need(Versioned, Entry):
    """A field in which a foreign authority looks for a partner."""

    size = models.CharField(
        _("taille du partenaire souhaité"),
        max_length=10,
        choices=PartnerSize,
        blank=True,
        help_text=_("Vide : indifférente."),
    )
    stated_on = models.DateField(_("exprimé le"), null=True, blank=True)

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("besoin de savoir-faire")
        verbose_name_plural = _("besoins de savoir-faire")
        indexes = entry_indexes("need")
        constraints = [
            *entry_checks("need"),
            models.CheckConstraint(
                condition=in_order("stated_on", "closes_on"),
                name="need_closes_after_it_was_stated",
                violation_error_message=_("La clôture ne vient pas avant le jour où le besoin est exprimé."),
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("need", args=[self.slug])

    def clean(self) -> None:
        if self.organisation_id and self.organisation.kind not in FOREIGN_KINDS:
            raise ValidationError({"organisation": _("Un besoin est celui d’une autorité locale étrangère.")})

    @property
    def terms(self) -> matching.Needed:
        return matching.Needed(
            theme=self.theme.name,
            country=self.organisation.country_id,
            country_name=str(self.organisation.country),
            goals=frozenset(self.sdg_goals),
            languages=frozenset(self.languages),
            population=self.organisation.population,
            size=self.size,
        )


@recorded("partnership")
class PartnershipOrigin(models.Model):
    """The match that a partnership was prepared from. One match gives one partnership, whoever asks and how often."""

    partnership = models.OneToOneField(
        Partnership, verbose_name=_("partenariat"), on_delete=models.CASCADE, related_name="origin"
    )
    offer = models.ForeignKey(Offer, verbose_name=_("offre"), on_delete=models.PROTECT, related_name="origins")
    need = models.ForeignKey(Need, verbose_name=_("besoin"), on_delete=models.PROTECT, related_name="origins")
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("préparé par"), on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField(_("préparé le"), auto_now_add=True)

    class Meta:
        verbose_name = _("origine d’un partenariat")
        verbose_name_plural = _("origines des partenariats")
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "need"],
                name="partnershiporigin_match_gives_one",
                violation_error_message=_("Un partenariat est déjà préparé à partir de cette correspondance."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.offer} → {self.need}"
