"""What the list of partnerships may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, F, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.columns import Comparison
from aect.filters import Facet, Order, ParameterFilter, SortFilter, UrlFilterSet, counted
from aect.search import search_field
from partnerships import columns
from partnerships.choices import FRENCH_KINDS, PartnershipStatus, Side
from partnerships.filters.figures import UNKNOWN, FigureFilter
from partnerships.filters.shared import (
    foreign_countries,
    kinds,
    party_facet,
    regions,
    themes,
)
from partnerships.law import months_later
from partnerships.models import Partnership
from partnerships.models.organisations import region_of

COMPARED = (2, 4)  # the fewest and the most partnerships that are compared


class SilenceFilter(django_filters.ChoiceFilter):
    """Partnerships without a dated fact for so many months; each choice says how many."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.silent_since(months_later(timezone.localdate(), -int(value))) if value else qs  # type: ignore[attr-defined]

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        silent = {
            code: Count("pk", filter=Q(pk__in=self.filter(Partnership.objects.all(), code).values("pk")))
            for code, _label in self.extra["choices"]
        }
        return rows.order_by().aggregate(**silent)

    def offered(self, counts: dict[str, int], chosen: str) -> list[tuple[str, Any]]:
        empty, *choices = self.field.choices
        found = [(code, label) for code, label in choices if counts[code] or code == chosen]
        return [empty, *((code, counted(label, counts[code])) for code, label in found)]


def status_rank() -> Case:
    stages = [When(status=status, then=place) for place, status in enumerate(PartnershipStatus.values)]
    return Case(*stages, default=None)


class StatusFacet(Facet):
    """`statut`; « inconnue » when no milestone has told it."""

    def __init__(self) -> None:
        super().__init__("status", label=_("État"), choices=[*PartnershipStatus.choices, UNKNOWN])

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(Q(status__in=value) | Q(status=None)) if UNKNOWN[0] in value else super().filter(qs, value)

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        found = super().counts(rows)
        found[UNKNOWN[0]] = found.pop("None", 0)
        return found


class PartnershipFilter(FigureFilter):
    columns = columns.PARTNERSHIPS
    draft, draft_column = Q(published_at=None), "brouillon"
    usual_columns = ("nom", "francais", "etranger", "pays", "statut", "depuis")
    field_order = ("q", "pays", "statut", "type", "region", "theme", "odd")
    seldom = frozenset({"portee", "reciproque", "initiative", "acteurs", "silence"})

    q = search_field(_("Rechercher un partenariat, une collectivité, un thème"))
    pays = foreign_countries()
    statut = StatusFacet()
    type = party_facet(
        Side.FRENCH, "organisation__kind", label=_("Type de collectivité"), choices=kinds(FRENCH_KINDS), ranked=True
    )
    region = party_facet(
        Side.FRENCH, region_of("organisation__"), label=_("Région française"), choices=regions, ranked=True
    )
    theme = Facet(
        "theme__slug",
        through=Partnership.themes.through.objects.all,
        link="partnership",
        label=_("Thème"),
        choices=themes,
        ranked=True,
    )
    silence = SilenceFilter(
        choices=[
            ("12", _("Aucun fait daté depuis 12 mois")),
            ("24", _("Aucun fait daté depuis 24 mois")),
            ("36", _("Aucun fait daté depuis 36 mois")),
            ("60", _("Aucun fait daté depuis 60 mois")),
        ],
        label=_("Silence"),
        empty_label=_("Indifférent"),
    )
    tri = SortFilter(
        {
            "nom": Order("folded", up=_("Nom")),
            "depuis": Order(F("began_on"), up=_("Plus ancien"), down=_("Plus récent")),
            "statut": Order(status_rank(), up=_("État")),
        },
        default="nom",
        tie=["folded", "pk"],
    )


class SlugsField(forms.Field):
    """Two to four identifiers of partnerships; cleaned, the partnerships in the order asked."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, rows: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows

    def clean(self, value: Any) -> list[Partnership]:
        slugs = list(dict.fromkeys(value or []))
        if not COMPARED[0] <= len(slugs) <= COMPARED[1]:
            message = _("Choisissez de deux à quatre partenariats dans la liste ; il y en a ici %(n)d.")
            raise ValidationError(message, code="number", params={"n": len(slugs)})
        rows = self.rows.in_bulk(slugs, field_name="slug")
        if unknown := [slug[:80] for slug in slugs if slug not in rows]:
            message = _("Aucun partenariat ne porte l’identifiant %(value)s : il a peut-être changé.")
            raise ValidationError(message, code="unknown", params={"value": ", ".join(unknown)})
        return [rows[slug] for slug in slugs]


class SlugsFilter(ParameterFilter):
    field_class = SlugsField


class CompareFilter(UrlFilterSet):
    """The partnerships to compare, among those of the queryset."""

    partenariat = SlugsFilter(label=_("Partenariats à comparer"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["partenariat"].extra["rows"] = self.queryset

    @property
    def comparison(self) -> Comparison | None:
        """What each partnership says in every column, but those that name it; None while the choice is wrong."""
        if self.status != 200:
            return None
        rows = self.form.cleaned_data["partenariat"]
        untold = {"nom", "identifiant"} if any(row.is_draft for row in rows) else {"nom", "identifiant", "brouillon"}
        return Comparison([column for column in columns.PARTNERSHIPS if column.name not in untold], rows)
