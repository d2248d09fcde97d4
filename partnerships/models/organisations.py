"""One table for every party: local authorities of both sides, ministries, agencies, universities, NGOs, firms."""

from collections.abc import Iterable
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    FloatField,
    Func,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest, JSONObject, Least, Length
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum.fr import siren

from aect.fields import PrecisionField, in_order, partial_date, period, precision_check
from aect.finding import SearchedQuerySet, Text
from aect.history import recorded
from aect.text import CONTAINED, FoldedField, Needle, name_index, search_index
from aect.versions import Versioned
from partnerships.choices import (
    FAMILIES,
    FRENCH_KINDS,
    LOCAL_KINDS,
    MEXICAN_KINDS,
    TOGETHER,
    Family,
    NameKind,
    NameLanguage,
    OrganisationKind,
    Scheme,
    SuccessionKind,
)
from partnerships.models.reference import Sourced

#: Partnerships that a reader may see: see `permissions.visible_partnerships`.
Among = models.QuerySet[Any]
#: By what an organisation is found: a name, present or former, or an official code.
CALLED = (
    Text(model="partnerships.Organisation"),
    Text(model="partnerships.OrganisationName", key="organisation"),
    Text("code", "partnerships.Identifier", key="organisation", is_code=True),
)
REGION_KINDS = (OrganisationKind.REGION, OrganisationKind.MX_STATE)


def region_of(path: str = "", field: str = "slug") -> Case:
    """A field of the region or federal state that an organisation is, or lies in; `path` leads to the organisation."""
    itself = Q(**{f"{path}kind__in": REGION_KINDS})
    return Case(When(itself, then=F(f"{path}{field}")), default=F(f"{path}region__{field}"))


def holders(condition: Q) -> models.QuerySet["OrganisationName", Any]:
    """The ids of organisations of which another name, present or former, fulfils this."""
    return OrganisationName.objects.order_by().filter(condition).values("organisation")


def places_among(partnerships: Among) -> Any:
    """The places of parties and associates in these partnerships."""
    from partnerships.models import Party  # noqa: PLC0415  # partnerships.py imports this module

    return Party.objects.filter(role__in=TOGETHER, partnership__in=partnerships.order_by().values("pk"))


class OrganisationQuerySet(SearchedQuerySet["Organisation"]):
    def collectivities(self) -> Self:
        """Local governments, French and foreign."""
        return self.filter(kind__in=LOCAL_KINDS)

    def partnered(self, among: Among) -> Self:
        """Those that are party, or associated, to at least one of these partnerships."""
        return self.filter(Exists(places_among(among).filter(organisation=OuterRef("pk"))))

    def current(self) -> Self:
        """Those that no other has succeeded to."""
        return self.filter(~Exists(Succession.objects.filter(predecessor=OuterRef("pk"))))

    def nearest_first(self, needle: Needle) -> Self:
        """Of those found, the nearest name first; another name counts when it is the very text."""
        return self.with_found_as(needle).order_by(self._closeness(needle).desc(), "folded", "pk")

    def with_found_as(self, needle: Needle) -> Self:
        """Annotates `found_as`, see `OrganisationNameQuerySet.telling`."""
        names = OrganisationName.objects.order_by().filter(organisation=OuterRef("pk"))
        return self.annotate(found_as=Subquery(names.telling(needle)))

    def _closeness(self, needle: Needle) -> Case:
        begun, very = Q(needle.begun.on("folded")), Q(needle.named.on("folded"))
        very |= Q(pk__in=holders(very))
        if needle.coded:
            codes = Identifier.objects.order_by().filter(needle.coded.on("code"))
            very |= Q(pk__in=codes.values("organisation"))
        return Case(
            When(very, then=Value(3.0)),
            When(begun, then=Value(2.0)),
            default=needle.closeness("folded") if needle.is_scattered else Value(CONTAINED),
            output_field=FloatField(),
        )

    def found_order(self, needle: Needle) -> Self:
        return self.nearest_first(needle)

    def for_file(self, among: Among) -> Self:
        """What `columns.COLLECTIVITIES` can show. Prefetched, not joined: skipping to page 1 500 then skips bare rows.

        Of the partnerships, those `among` which the reader may see.
        """
        codes = Prefetch("identifiers", to_attr="codes")  # a manager a row would double a file's time
        places = Prefetch("places", places_among(among), to_attr="partner_places")
        return self.prefetch_related("country", "region", codes, places)

    def for_list(self, among: Among) -> Self:
        """The same, and what became of each."""
        return self.for_file(among).prefetch_related(Prefetch("became", Succession.objects.select_related("successor")))

    def for_page(self, among: Among) -> Self:
        """All that an organisation's own page tells of itself, in a fixed number of queries.

        Of the partnerships, those `among` which the reader may see.
        """
        from partnerships.models import Milestone, StaffContribution  # noqa: PLC0415  # life.py imports this module

        within = Q(partnership__in=among.order_by().values("pk"))
        return self.select_related("country", "region", "parent").prefetch_related(
            "identifiers",
            "names",
            "bodies",
            Prefetch("milestones", Milestone.objects.filter(within | Q(partnership=None))),
            Prefetch("became", Succession.objects.select_related("successor")),
            Prefetch("came_from", Succession.objects.select_related("predecessor")),
            Prefetch("network_memberships", NetworkMembership.objects.select_related("network")),
            Prefetch("memberships_held", NetworkMembership.objects.select_related("member__country")),
            Prefetch("staff_contributions", StaffContribution.objects.filter(within).select_related("partnership")),
        )

    def alphabetical(self) -> Self:
        return self.order_by("folded", "pk")


@recorded()
class Organisation(Versioned, Sourced):
    """Whoever takes part: `kind` says what it is, `identifiers` hold its official codes.

    The source is that of the description: codes come from the registers that their schemes name.
    """

    slug = models.SlugField(_("identifiant"), max_length=140, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    folded = FoldedField("name")
    kind = models.CharField(_("nature"), max_length=20, choices=OrganisationKind)
    country = models.ForeignKey("Country", verbose_name=_("pays"), on_delete=models.PROTECT)
    region = models.ForeignKey(
        "self",
        verbose_name=_("région ou État fédéré"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="territories",
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("dépend de"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bodies",
        help_text=_("La collectivité ou l’institution dont cet organisme fait partie."),
    )
    description = models.TextField(_("présentation"), blank=True, help_text=_("Ce que cet organisme est et fait."))
    population = models.PositiveIntegerField(_("population"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)

    objects = OrganisationQuerySet.as_manager()
    codes: Iterable["Identifier"]  # given by `for_file`

    TEXTS = (Text(), *CALLED[1:])

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        indexes = [
            models.Index(fields=["folded", "id"], name="organisation_sorts_by_name"),
            search_index("folded", name="organisation_search"),
            name_index("folded", name="organisation_called"),
            models.Index(fields=["kind", "country"], name="organisation_kind_country"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=sorted(FRENCH_KINDS), country="FR")
                | Q(kind__in=sorted(MEXICAN_KINDS), country="MX")
                | ~Q(kind__in=sorted(FRENCH_KINDS | MEXICAN_KINDS)),
                name="organisation_kind_fits_country",
                violation_error_message=_("Cette nature de collectivité n’existe pas dans ce pays."),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")),
                name="organisation_is_not_its_own_parent",
                violation_error_message=_("Une organisation ne dépend pas d’elle-même."),
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="organisation_place_is_on_earth",
                violation_error_message=_("Latitude (−90 à 90) et longitude (−180 à 180) vont ensemble."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuses a chain of parents that comes back to itself."""
        above, met = self.parent, {self.pk}
        while above is not None and above.pk not in met:
            met.add(above.pk)
            above = above.parent
        if above is not None:
            raise ValidationError({"parent": _("Une organisation ne dépend pas d’elle-même, même indirectement.")})

    def get_absolute_url(self) -> str:
        return reverse("collectivity" if self.is_local else "organisation", args=[self.slug])

    @property
    def is_local(self) -> bool:
        """Whether this is a local government, French or foreign."""
        return self.kind in LOCAL_KINDS

    @property
    def family(self) -> Family:
        """What the law holds it to be."""
        return FAMILIES[self.kind]

    @property
    def main_identifier(self) -> "Identifier | None":
        """The code that tells it from all others: its SIREN or INEGI code rather than a place's."""
        held = self.codes if hasattr(self, "codes") else self.identifiers.all()
        codes = sorted(held, key=lambda code: code.scheme not in {Scheme.SIREN, Scheme.INEGI})
        return codes[0] if codes else None


class IsSiren(Func):
    """Nine digits whose Luhn sum is a multiple of ten; the SQL function comes with the first migration."""

    function = "aect_is_siren"
    output_field = BooleanField()


@recorded("organisation")
class Identifier(Versioned):
    """An official code. Paris has three: it is a commune and a département under one SIREN."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="identifiers"
    )
    scheme = models.CharField(_("registre"), max_length=20, choices=Scheme)
    code = models.CharField(_("code"), max_length=20)

    class Meta:
        verbose_name = _("code officiel")
        verbose_name_plural = _("codes officiels")
        ordering = ["scheme"]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "code"],
                name="identifier_code_is_unique",
                violation_error_message=_("Ce code officiel appartient déjà à une organisation."),
            ),
            models.UniqueConstraint(
                fields=["organisation", "scheme"],
                name="identifier_one_per_scheme",
                violation_error_message=_("Cette organisation a déjà un code de ce registre."),
            ),
            models.CheckConstraint(
                condition=~Q(scheme="siren") | Q(IsSiren(F("code"))),
                name="identifier_siren_has_checksum",
                violation_error_message=_("Un SIREN a neuf chiffres dont le dernier est une clé de contrôle."),
            ),
            models.CheckConstraint(
                condition=~Q(scheme="inegi") | Q(code__regex=r"^[0-9]{2}([0-9]{3})?$"),
                name="identifier_inegi_has_2_or_5_digits",
                violation_error_message=_("Un code INEGI a deux chiffres (État) ou cinq (municipio)."),
            ),
            models.CheckConstraint(
                condition=~Q(scheme="cog_commune") | Q(code__regex=r"^[0-9][0-9AB][0-9]{3}$"),
                name="identifier_cog_commune_has_5_characters",
                violation_error_message=_("Le code officiel géographique d’une commune a cinq caractères."),
            ),
        ]

    def __str__(self) -> str:
        return f"{Scheme(self.scheme).label} {self.code}"

    def clean(self) -> None:
        if self.scheme == Scheme.SIREN and not siren.is_valid(self.code):
            raise ValidationError({"code": _("Un SIREN a neuf chiffres dont le dernier est une clé de contrôle.")})


class OrganisationNameQuerySet(models.QuerySet["OrganisationName"]):
    def telling(self, needle: Needle) -> models.QuerySet["OrganisationName", Any]:
        """The shortest name by which the text finds an organisation that its own name would not tell.

        One value: `{"text", "language", "kind", "of"}`, `of` the organisation's own name.
        """
        telling = self.filter(needle.within("folded")).exclude(needle.within("organisation__folded"))
        told = JSONObject(text="text", language="language", kind="kind", of="organisation__name")
        return telling.order_by(Length("folded"), "pk").values(told=told)[:1]


@recorded("organisation")
class OrganisationName(Versioned, Sourced):
    """Another name of an organisation: in another language, of former times, short, or in common use."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="names"
    )
    text = models.CharField(_("nom"), max_length=200)
    folded = FoldedField("text")
    language = models.CharField(_("langue"), max_length=5, choices=NameLanguage, blank=True)
    kind = models.CharField(_("nature"), max_length=11, choices=NameKind)
    first_year = models.PositiveSmallIntegerField(_("première année"), null=True, blank=True)
    last_year = models.PositiveSmallIntegerField(_("dernière année"), null=True, blank=True)

    objects = OrganisationNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("autre nom")
        verbose_name_plural = _("autres noms")
        ordering = ["pk"]
        indexes = [
            search_index("folded", name="organisationname_search"),
            name_index("folded", name="organisationname_called"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "text"],
                name="organisationname_stands_once",
                violation_error_message=_("Cette organisation porte déjà ce nom."),
            ),
            models.CheckConstraint(
                condition=Q(first_year__isnull=True) | Q(last_year__isnull=True) | Q(last_year__gte=F("first_year")),
                name="organisationname_years_in_order",
                violation_error_message=_("La dernière année d’un nom ne vient pas avant la première."),
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def html_language(self) -> str:
        """What HTML's `lang` takes; empty when the language is unknown or none of ours."""
        return "" if self.language == NameLanguage.OTHER else self.language

    @property
    def period(self) -> str:
        """`depuis 2016`, `jusqu’en 2016`, `de 1991 à 2000`; empty when no year is known."""
        years = {"first": self.first_year, "last": self.last_year}
        if self.first_year and self.last_year:
            return gettext("de %(first)s à %(last)s") % years
        if self.first_year:
            return gettext("depuis %(first)s") % years
        return gettext("jusqu’en %(last)s") % years if self.last_year else ""


@recorded("predecessor", "successor")
class Succession(Versioned, Sourced):
    """One organisation followed another: the older one is ended, keeps its page, and leads to the newer one."""

    predecessor = models.ForeignKey(
        Organisation, verbose_name=_("prédécesseur"), on_delete=models.PROTECT, related_name="became"
    )
    successor = models.ForeignKey(
        Organisation, verbose_name=_("successeur"), on_delete=models.PROTECT, related_name="came_from"
    )
    kind = models.CharField(_("nature"), max_length=8, choices=SuccessionKind)
    happened_on = models.DateField(_("date"), null=True, blank=True)
    happened_on_precision = PrecisionField()

    class Meta:
        verbose_name = _("succession")
        verbose_name_plural = _("successions")
        ordering = ["happened_on", "pk"]
        constraints = [
            precision_check("succession", "happened_on"),
            models.CheckConstraint(
                condition=~Q(predecessor=F("successor")),
                name="succession_links_two",
                violation_error_message=_("Une organisation ne se succède pas à elle-même."),
            ),
            models.UniqueConstraint(
                Least("predecessor", "successor"),
                Greatest("predecessor", "successor"),
                name="succession_stands_once",
                violation_error_message=_("Une succession entre ces deux organisations est déjà enregistrée."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"

    @property
    def happened(self) -> str:
        return partial_date(self.happened_on, self.happened_on_precision)


@recorded("network", "member")
class NetworkMembership(Versioned, Sourced):
    """An organisation belongs, or belonged, to a network."""

    network = models.ForeignKey(
        Organisation, verbose_name=_("réseau"), on_delete=models.PROTECT, related_name="memberships_held"
    )
    member = models.ForeignKey(
        Organisation, verbose_name=_("membre"), on_delete=models.CASCADE, related_name="network_memberships"
    )
    began_on = models.DateField(_("depuis"), null=True, blank=True)
    began_on_precision = PrecisionField()
    ended_on = models.DateField(_("jusqu’à"), null=True, blank=True)
    ended_on_precision = PrecisionField(_("précision de la fin"))

    class Meta:
        verbose_name = _("appartenance à un réseau")
        verbose_name_plural = _("appartenances à des réseaux")
        ordering = ["began_on", "pk"]
        constraints = [
            precision_check("networkmembership", "began_on"),
            precision_check("networkmembership", "ended_on"),
            models.UniqueConstraint(
                fields=["network", "member", "began_on"],
                nulls_distinct=False,
                name="networkmembership_begins_once",
                violation_error_message=_("Cette appartenance est déjà enregistrée."),
            ),
            models.CheckConstraint(
                condition=~Q(network=F("member")),
                name="networkmembership_links_two",
                violation_error_message=_("Un réseau n’est pas membre de lui-même."),
            ),
            models.CheckConstraint(
                condition=in_order("began_on", "ended_on", is_partial=True),
                name="networkmembership_ends_after_it_began",
                violation_error_message=_("La fin d’une appartenance ne vient pas avant son début."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} ({self.network})"

    def clean(self) -> None:
        if self.network_id and self.network.kind != OrganisationKind.NETWORK:
            raise ValidationError({"network": _("Cette organisation n’est pas un réseau.")})

    @property
    def period(self) -> str:
        return period(self)

    @property
    def is_over(self) -> bool:
        return self.ended_on is not None
