"""What one may ask of APD totals and lines: the parameters of the dashboard, its export and `export_apd`."""

import re
from collections.abc import Iterator
from typing import Any, cast

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelMultipleChoiceField
from dsfr.forms import DsfrBaseForm

from aect.filters import ChoiceParameterFilter, ParameterFilter, UrlFilterSet
from aect.tabular.writing import PROFILES
from aect.text import Fold
from funding.models import PurposeCode
from funding.models.apd import YEARS
from funding.models.totals import DIMENSIONS, ApdTotalQuerySet
from funding.permissions import visible_totals
from partnerships.choices import FRENCH_KINDS, OrganisationKind, Scheme
from partnerships.filters import PartnershipFilter
from partnerships.models import Country, Organisation, Partnership
from partnerships.models.partnerships import PartnershipQuerySet

DEFAULT_DIMENSIONS = ("annee", "collectivite", "pays", "secteur")
REFUGEES = [("avec", _("Avec")), ("sans", _("Sans")), ("seuls", _("Seuls"))]
PUBLICATION = [("publiees", _("Publiées")), ("non-publiees", _("Non publiées"))]
#: Values of `tri`, beside the dimensions, to the sum each one sorts by; a leading « - » turns it round.
SORTED_SUMS = {
    "lignes": ("lines_", _("Lignes")),
    "engage": ("committed_eur_", _("Engagé")),
    "verse": ("paid_eur_", _("Versé")),
    "net": ("net_eur_", _("Net")),
    "apd": ("apd_eur_", _("APD")),
}
DIMENSION_LABELS = {
    "annee": _("Année"),
    "collectivite": _("Collectivité"),
    "type": _("Type de collectivité"),
    "pays": _("Pays"),
    "secteur": _("Secteur"),
}


class YearField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        # A text field: a number field would lose what was typed when it is no number.
        widget = forms.TextInput(attrs={"inputmode": "numeric", "size": 4, "maxlength": 4})
        super().__init__(**{"widget": widget, **kwargs, "min_value": YEARS[0], "max_value": YEARS[1]})

    def to_python(self, value: Any) -> int | None:
        if value not in self.empty_values and not re.fullmatch(r"[0-9]{4}", str(value).strip()):
            message = _("« %(value)s » n’est pas une année : quatre chiffres sont attendus, comme 2018.")
            raise ValidationError(message, code="invalid", params={"value": str(value)[:40]})
        return super().to_python(value)


class YearFilter(django_filters.Filter):
    field_class = YearField


class CollectivityField(forms.CharField):
    """A SIREN; cleaned, the organisation that bears it, with its `siren`."""

    def to_python(self, value: Any) -> Any:
        if not (siren := super().to_python(value)):
            return None
        holders = Organisation.objects.filter(identifiers__scheme=Scheme.SIREN, identifiers__code=siren)
        if (found := holders.first()) is None:
            message = _("« %(value)s » n’est le SIREN d’aucune collectivité connue : neuf chiffres sont attendus.")
            raise ValidationError(message, code="unknown", params={"value": siren[:40]})
        found.siren = siren  # type: ignore[attr-defined]
        return found

    def prepare_value(self, value: Any) -> Any:
        return getattr(value, "siren", value)


class CollectivityFilter(django_filters.Filter):
    field_class = CollectivityField


class SectorField(forms.CharField):
    """A CRS purpose code of five digits, or a category of three; cleaned, the code as text."""

    def clean(self, value: Any) -> str:
        code = str(super().clean(value))
        if not code:
            return ""
        shape = re.fullmatch(r"[0-9]{3}([0-9]{2})?", code)
        field = "pk" if len(code) == 5 else "category"
        purpose = PurposeCode.objects.filter(**{field: code}).first() if shape else None
        if purpose is None:
            message = _("« %(value)s » n’est ni un code objet du SNPC (cinq chiffres), ni une catégorie (trois).")
            raise ValidationError(message, code="unknown", params={"value": code[:40]})
        if len(code) == 5 and purpose.parent_id:
            message = _("« %(value)s » est un code volontaire, compté sous %(parent)s : demandez celui-ci.")
            raise ValidationError(message, code="voluntary", params={"value": code, "parent": purpose.parent_id})
        return code


class SectorFilter(django_filters.Filter):
    field_class = SectorField


class YearParameterFilter(ParameterFilter):
    field_class = YearField


class DimensionsField(forms.CharField):
    """A comma list of dimensions; cleaned, a tuple of them in the order of the columns."""

    def clean(self, value: Any) -> tuple[str, ...]:
        asked = {name.strip() for name in str(super().clean(value) or "").split(",")} - {""}
        if unknown := sorted(asked - set(DIMENSIONS)):
            message = _("« %(value)s » n’est pas un regroupement : choisissez parmi %(known)s.")
            params = {"value": unknown[0][:40], "known": ", ".join(DIMENSIONS)}
            raise ValidationError(message, code="unknown", params=params)
        return tuple(name for name in DIMENSIONS if name in asked)


class DimensionsFilter(ParameterFilter):
    field_class = DimensionsField


def zones() -> list[tuple[str, str]]:
    names = Country.objects.exclude(zone="").order_by(Fold("zone")).values_list("zone", flat=True).distinct()
    return [(name, name) for name in names]


class CountriesField(ModelMultipleChoiceField):
    """Offers the countries that have rows for this reader; the others stay valid and give an empty answer."""

    class iterator(ModelChoiceIterator):  # noqa: N801  # Django's name
        def __iter__(self) -> Iterator[tuple[Any, Any]]:
            return (self.choice(country) for country in self.queryset if country.has_rows)


class CountriesFilter(django_filters.ModelMultipleChoiceFilter):
    field_class = CountriesField


def countries(request: HttpRequest | None) -> QuerySet[Country]:
    totals = visible_totals(request.user if request else AnonymousUser())
    has_rows = Exists(totals.filter(recipient=OuterRef("pk")))
    return Country.objects.annotate(has_rows=has_rows).alphabetical()


def regions(request: HttpRequest | None) -> QuerySet[Organisation]:
    return Organisation.objects.filter(kind=OrganisationKind.REGION).current().alphabetical()


def sorts() -> list[tuple[str, Any]]:
    labels = {**DIMENSION_LABELS, **{name: label for name, (_column, label) in SORTED_SUMS.items()}}
    ascending = [(name, format_lazy(_("{column}, croissant"), column=label)) for name, label in labels.items()]
    descending = [(f"-{name}", format_lazy(_("{column}, décroissant"), column=label)) for name, label in labels.items()]
    return [*ascending, *descending]


TYPES = [(kind.value, kind.label) for kind in OrganisationKind if kind in FRENCH_KINDS]


class NamedChoices:
    """A choice whose refusal says what is accepted."""

    @property
    def field(self) -> Any:
        field: Any = super().field  # type: ignore[misc]  # that of the filter beside it
        field.error_messages["invalid_choice"] = _accepted(field)
        return field


class NamedChoiceFilter(NamedChoices, django_filters.ChoiceFilter):
    pass


class NamedChoiceParameterFilter(NamedChoices, ChoiceParameterFilter):
    pass


def _accepted(field: Any) -> Any:
    codes = ", ".join(str(code) for code, _label in field.choices if code)
    return format_lazy(_("« %(value)s » n’est pas accepté : choisissez parmi {codes}."), codes=codes.replace("%", "%%"))


class YearsForm(DsfrBaseForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] | None = super().clean()
        first, last = self.cleaned_data.get("annee_min"), self.cleaned_data.get("annee_max")
        if first and last and first > last:
            self.add_error("annee_max", _("La dernière année ne peut précéder la première."))
        return cleaned


class ApdFilterForm(YearsForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        tri, dimensions = self.cleaned_data.get("tri", "").lstrip("-"), self.cleaned_data.get("grouper")
        if tri in DIMENSIONS and dimensions is not None and tri not in (dimensions or DEFAULT_DIMENSIONS):
            self.add_error("tri", _("On ne peut trier que par une colonne du regroupement ou par une somme."))
        return cleaned


class ApdFilter(UrlFilterSet):
    """The same conditions on totals (dashboard, summary) and on lines (`export_apd --lines`).

    `unpublished` says that rows which are not published may be among those given; `publication` is a parameter of
    these readers only.
    """

    presentation = UrlFilterSet.presentation | {"grouper", "profil"}
    annee = YearFilter("year", label=_("Année"))
    annee_min = YearFilter("year", "gte", label=_("Depuis l’année"))
    annee_max = YearFilter("year", "lte", label=_("Jusqu’à l’année"))
    pays = CountriesFilter(
        field_name="recipient",
        label=_("Pays"),
        queryset=countries,
        to_field_name="iso2",
        distinct=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("« %(value)s » n’est pas un pays : deux lettres du code ISO sont attendues, comme MX."),
        },
    )
    zone = NamedChoiceFilter("recipient__zone", label=_("Zone"), choices=zones, empty_label=_("Toutes"))
    collectivite = CollectivityFilter("collectivity", label=_("Collectivité (SIREN)"))
    type = NamedChoiceFilter(
        "collectivity__kind", label=_("Type de collectivité"), choices=TYPES, empty_label=_("Tous")
    )
    region = django_filters.ModelChoiceFilter(
        method="in_region",
        label=_("Région"),
        queryset=regions,
        to_field_name="slug",
        empty_label=_("Toutes"),
        error_messages={"invalid_choice": _("Aucune région ne porte cet identifiant.")},
    )
    secteur = SectorFilter(method="in_sector", label=_("Secteur (code du SNPC)"))
    refugies = NamedChoiceFilter(
        method="about_refugees", label=_("Accueil des réfugiés"), choices=REFUGEES, empty_label=_("Avec et sans")
    )
    publication = NamedChoiceFilter(
        method="about_publication", label=_("Publication"), choices=PUBLICATION, empty_label=_("Publiées ou non")
    )
    grouper = DimensionsFilter(label=_("Regrouper par"), widget=forms.HiddenInput)
    tri = NamedChoiceParameterFilter(label=_("Trier par"), choices=sorts, widget=forms.HiddenInput)
    profil = NamedChoiceParameterFilter(label=_("Format"), choices=PROFILES, widget=forms.HiddenInput)

    class Meta(UrlFilterSet.Meta):
        form = ApdFilterForm

    def __init__(self, *args: Any, unpublished: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not unpublished:
            del self.filters["publication"]

    def in_region(self, rows: QuerySet[Any], name: str, region: Organisation) -> QuerySet[Any]:
        """The region's own lines and those of the collectivities that lie in it."""
        return rows.filter(Q(collectivity=region) | Q(collectivity__region=region))

    def in_sector(self, rows: QuerySet[Any], name: str, code: str) -> QuerySet[Any]:
        """A category, or a code with the voluntary codes that count under it (on lines)."""
        if len(code) == 3:
            return rows.filter(purpose__category=code)
        return rows.filter(Q(purpose=code) | Q(purpose__parent=code))

    def about_refugees(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows if value == "avec" else rows.filter(counts_as_refugees=value == "seuls")

    def about_publication(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_published=value == "publiees")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the summary is grouped by."""
        return self._asked("grouper") or DEFAULT_DIMENSIONS

    @property
    def profile(self) -> str:
        return self._asked("profil") or "standard"

    def summed(self) -> QuerySet[Any]:
        """The totals asked for, grouped and sorted as asked."""
        rows: QuerySet[Any] = cast(ApdTotalQuerySet, self.rows).summed(*self.dimensions)
        if not (tri := self._asked("tri")):
            return rows
        name = tri.lstrip("-")
        column = DIMENSIONS[name].order[0] if name in DIMENSIONS else SORTED_SUMS[name][0]
        key = F(column) if isinstance(column, str) else column
        by = key.desc(nulls_last=True) if tri.startswith("-") else key.asc(nulls_last=True)
        return rows.order_by(by, *rows.query.order_by)

    def _asked(self, name: str) -> Any:
        return self.form.cleaned_data.get(name) if self.is_bound and self.form.is_valid() else None


class IndicatorFilter(PartnershipFilter):
    """The partnerships that the indicators count: whatever their list may be asked, and the years looked at.

    The years choose among dated facts, never among partnerships.
    """

    presentation = PartnershipFilter.presentation | {"profil"}
    panel = ("annee_min", "annee_max", "pays", "region", "type", "theme")  # the other parameters come from links

    annee_min = YearParameterFilter(label=_("Depuis l’année"))
    annee_max = YearParameterFilter(label=_("Jusqu’à l’année"))
    profil = NamedChoiceParameterFilter(label=_("Format"), choices=PROFILES, widget=forms.HiddenInput)

    class Meta(PartnershipFilter.Meta):
        form = YearsForm

    def __init__(self, *args: Any, readable: PartnershipQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.readable = readable

    def searched(self) -> QuerySet[Any]:
        """All that is counted; a text is sought only in what its reader may read, lest counts spell out drafts."""
        rows = super().searched()
        return rows.filter(pk__in=self.readable.values("pk")) if self.asked("q") else rows

    @cached_property
    def partnerships(self) -> PartnershipQuerySet:
        """The set of them, without what the list needs to show them."""
        return Partnership.objects.filter(pk__in=self.rows.order_by().values("pk"))

    @cached_property
    def total(self) -> int:
        return self.partnerships.count()

    @cached_property
    def by_parties(self) -> dict[str, int]:
        return self.partnerships.by_parties()

    @property
    def years(self) -> tuple[int | None, int | None]:
        """The first and the last year asked for."""
        cleaned = self.form.cleaned_data if self.form.is_valid() else {}
        return cleaned.get("annee_min"), cleaned.get("annee_max")

    @property
    def profile(self) -> str:
        return self.form.cleaned_data["profil"] or "standard"

    @property
    def fields(self) -> list[forms.BoundField]:
        """Those of the panel."""
        return [self.form[name] for name in self.panel]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Name and value of what else the address asks of the list, which the panel keeps."""
        names = set(self.form.fields) - set(self.panel) - self.presentation
        return [(name, value) for name, values in self.data.lists() if name in names for value in values if value]

    @cached_property
    def leaves_some_out(self) -> bool:
        """Whether the registry holds made-up partnerships, which its list shows and no figure counts."""
        return Partnership.objects.filter(is_fictitious=True).exists()

    def listing(self, **figure: Any) -> str:
        """The address of the list of these partnerships, narrowed to those that a figure counts."""
        names = set(self.form.fields) - {"annee_min", "annee_max"} - self.presentation
        asked = QueryDict(mutable=True)
        for name, values in self.data.lists():
            if name in names and name not in figure:
                asked.setlist(name, [value for value in values if value])
        asked.update({name: str(value) for name, value in figure.items()})
        if self.leaves_some_out:
            asked["fictifs"] = "sans"
        return f"{reverse('partnerships')}?{asked.urlencode()}"
