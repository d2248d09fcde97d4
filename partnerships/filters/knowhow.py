"""What the register of know-how may be asked in its URL: offers and needs, mostly by the same parameters."""

from typing import Any

from django.db.models import Count, Func, Q, QuerySet
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from aect.filters import Choices, Facet, Order, SortFilter
from aect.search import search_field
from partnerships import columns
from partnerships.choices import (
    FOREIGN_KINDS,
    FRENCH_KINDS,
    EntryState,
    KnowHowLabel,
    PartnerSize,
    Sdg,
    WorkingLanguage,
)
from partnerships.filters.shared import ListFilter, countries, current_regions, kinds, themes
from partnerships.models import Need, Offer
from partnerships.models.organisations import region_of


class ArrayFacet(Facet):
    """Rows told apart by each value of an array of theirs."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{f"{self.key}__overlap": value}) if value else qs

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        each = Func(self.key, function="unnest")
        return {str(value): n for value, n in rows.order_by().values_list(each).annotate(n=Count("pk"))}


class OpenFacet(Facet):
    """`pays` of offers: the countries that some wish for. An offer that names none is open to each."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.open_to(value) if value else qs  # type: ignore[attr-defined]

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        """Those open to all under an empty name."""
        found = dict(rows.order_by().values_list("countries").annotate(n=Count("pk")))
        to_all = found.pop(None, 0)
        return {"": to_all, **{country: n + to_all for country, n in found.items()}}

    def offered(self, counts: Any, chosen: Any) -> Choices:
        return super().offered({**dict.fromkeys(chosen, counts[""]), **counts}, chosen)


def regions_of(entries: Any) -> Facet:
    return Facet(
        region_of("organisation__"),
        through=entries.all,
        link="pk",
        label=_("Région ou État fédéré"),
        choices=current_regions,
        ranked=True,
    )


class EntryFilter(ListFilter):
    """What both lists may be asked."""

    shared = ("q", "domaine", "odd", "pays", "langue")
    field_order = (*shared, "label", "taille", "type", "region", "etat")
    seldom = frozenset({"langue", "type", "region"})
    displays = ("liste", "tableau")
    draft, draft_column = ~Q(state=EntryState.PUBLISHED), "etat"

    domaine = Facet("theme__slug", label=_("Domaine"), choices=themes, ranked=True)
    odd = ArrayFacet(
        "sdg_goals",
        label=_("Objectif de développement durable"),
        choices=[(str(goal.value), format_lazy("{}. {}", goal.value, goal.label)) for goal in Sdg],
        ranked=True,
    )
    langue = ArrayFacet("languages", label=_("Langue de travail"), choices=WorkingLanguage.choices, ranked=True)
    etat = Facet("state", label=_("État"), choices=EntryState.choices)
    tri = SortFilter(
        {
            "publication": Order("published_on", down=_("Plus récent")),
            "collectivite": Order("organisation__folded", up=_("Collectivité")),
            "titre": Order("folded", up=_("Intitulé")),
        },
        default="-publication",
        tie=["pk"],
    )

    def __init__(self, *args: Any, all_states: bool = False, **kwargs: Any) -> None:
        """`all_states`: the rows hold drafts and closed entries too, so that one may ask for a state."""
        super().__init__(*args, **kwargs)
        if not all_states:
            del self.filters["etat"]

    @property
    def has_fictitious(self) -> bool:
        """Whether made-up entries are among the rows."""
        return self.rows.order_by().filter(is_fictitious=True).exists()

    @property
    def shared_query(self) -> str:
        """The part of the query string that the other list understands too."""
        asked = QueryDict(mutable=True)
        for name, values in self.data.lists() if self.data else ():
            if name in self.shared:
                asked.setlist(name, values)
        return f"?{asked.urlencode()}" if asked else ""


class OfferFilter(EntryFilter):
    columns = columns.OFFERS
    usual_columns = ("titre", "collectivite", "domaine", "odd", "souhaites", "label", "fictif")

    q = search_field(_("Rechercher un savoir-faire, une collectivité"))
    pays = OpenFacet("countries", label=_("Ouverte à ce pays"), choices=countries, ranked=True)
    label = Facet("label", label=_("Label"), choices=KnowHowLabel.choices)
    type = Facet("organisation__kind", label=_("Type de collectivité"), choices=kinds(FRENCH_KINDS), ranked=True)
    region = regions_of(Offer.objects)


class NeedFilter(EntryFilter):
    columns = columns.NEEDS
    usual_columns = ("titre", "collectivite", "pays", "domaine", "odd", "taille", "fictif")

    q = search_field(_("Rechercher un besoin, une autorité locale"))
    pays = Facet("organisation__country", label=_("Pays"), choices=countries, ranked=True)
    taille = Facet("size", label=_("Taille souhaitée"), choices=PartnerSize.choices)
    type = Facet("organisation__kind", label=_("Type d’autorité locale"), choices=kinds(FOREIGN_KINDS), ranked=True)
    region = regions_of(Need.objects)
