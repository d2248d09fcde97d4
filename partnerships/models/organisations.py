"""One table for every party: local authorities of both sides, ministries, agencies, universities, NGOs, firms."""

from typing import Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from stdnum.fr import siren

from aect.text import Fold
from partnerships.choices import FRENCH_KINDS, LOCAL_KINDS, MEXICAN_KINDS, OrganisationKind, PartyRole, Scheme


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def collectivities(self) -> Self:
        """Local governments, French and foreign."""
        return self.filter(kind__in=LOCAL_KINDS)

    def partnered(self) -> Self:
        """Those that are party to at least one partnership."""
        from partnerships.models import Party  # noqa: PLC0415  # partnerships.py imports this module

        return self.filter(Exists(Party.objects.filter(organisation=OuterRef("pk"), role=PartyRole.PARTY)))

    def matching(self, text: str) -> Self:
        """Name or official code; accents and case do not count.

        Two subqueries, each answered by an index: one condition over both tables would fold 38 000 names.
        """
        named = Organisation.objects.annotate(folded=Fold("name")).filter(folded__contains=Fold(models.Value(text)))
        coded = Identifier.objects.filter(scheme__in=Scheme.values, code=text.strip())
        return self.filter(Q(pk__in=named.values("pk")) | Q(pk__in=coded.values("organisation")))

    def with_code(self, scheme: Scheme) -> Self:
        """Annotates `<scheme>` with the organisation's official code, or None."""
        codes = Identifier.objects.filter(organisation=OuterRef("pk"), scheme=scheme).values("code")[:1]
        return self.annotate(**{str(scheme): Subquery(codes)})

    def for_list(self) -> Self:
        """What one page of a list shows. Prefetched, not joined: skipping to page 1 500 then skips bare rows."""
        from partnerships.models import Party  # noqa: PLC0415  # partnerships.py imports this module

        places = Prefetch("places", Party.objects.filter(role=PartyRole.PARTY), to_attr="partner_places")
        return self.prefetch_related("country", "region", "identifiers", places)

    def alphabetical(self) -> Self:
        return self.order_by(Fold("name"), "pk")


class Organisation(models.Model):
    """Whoever takes part: `kind` says what it is, `identifiers` hold its official codes."""

    slug = models.SlugField(_("identifiant"), max_length=140, unique=True)
    name = models.CharField(_("nom"), max_length=200)
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
    population = models.PositiveIntegerField(_("population"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        indexes = [
            models.Index(Fold("name"), "id", name="organisation_sorts_by_name"),
            GinIndex(OpClass(Fold("name"), name="gin_trgm_ops"), name="organisation_search"),
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
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="organisation_place_is_on_earth",
                violation_error_message=_("Latitude (−90 à 90) et longitude (−180 à 180) vont ensemble."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("collectivity" if self.is_local else "organisation", args=[self.slug])

    @property
    def is_local(self) -> bool:
        """Whether this is a local government, French or foreign."""
        return self.kind in LOCAL_KINDS

    @property
    def main_identifier(self) -> "Identifier | None":
        """The code that tells it from all others: its SIREN or INEGI code rather than a place's."""
        codes = sorted(self.identifiers.all(), key=lambda code: code.scheme not in {Scheme.SIREN, Scheme.INEGI})
        return codes[0] if codes else None


class IsSiren(Func):
    """Nine digits whose Luhn sum is a multiple of ten; the SQL function comes with the first migration."""

    function = "aect_is_siren"
    output_field = BooleanField()


class Identifier(models.Model):
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
        return f"{self.get_scheme_display()} {self.code}"

    def clean(self) -> None:
        if self.scheme == Scheme.SIREN and not siren.is_valid(self.code):
            raise ValidationError({"code": _("Un SIREN a neuf chiffres dont le dernier est une clé de contrôle.")})
