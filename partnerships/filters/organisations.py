"""What the list of collectivities may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from aect.filters import Facet, Order, SortFilter
from aect.search import search_field
from partnerships import columns
from partnerships.choices import LOCAL_KINDS, OrganisationKind
from partnerships.filters.shared import ListFilter, countries, current_regions, kinds
from partnerships.models import Organisation
from partnerships.models.organisations import places_among, region_of


def kind_rank() -> Case:
    return Case(*(When(kind=kind, then=Value(place)) for place, kind in enumerate(OrganisationKind.values)))


def partnership_count(among: QuerySet[Any]) -> Coalesce:
    places = places_among(among).filter(organisation=OuterRef("pk")).order_by().values("organisation")
    return Coalesce(Subquery(places.annotate(n=Count("pk")).values("n")), 0)


class CollectivityFilter(ListFilter):
    """Local governments: those with a partnership, or all (`toutes=1`). Ended ones are for who looks for them:
    those with a partnership stay, the others only answer to a search."""

    switches = frozenset({"toutes"})
    columns = columns.COLLECTIVITIES
    usual_columns = ("nom", "type", "region", "pays", "code", "partenariats")

    q = search_field(_("Rechercher un nom, un code SIREN, COG ou INEGI"))
    pays = Facet("country", label=_("Pays"), choices=countries, ranked=True)
    type = Facet("kind", label=_("Type de collectivité"), choices=kinds(LOCAL_KINDS), ranked=True)
    region = Facet(
        region_of(),
        through=Organisation.objects.all,
        link="pk",
        label=_("Région ou État fédéré"),
        choices=current_regions,
        ranked=True,
    )
    toutes = django_filters.ChoiceFilter(
        method="everywhere", choices=[("1", _("Toutes les collectivités"))], label=_("Toutes"), widget=forms.HiddenInput
    )
    tri = SortFilter(
        {
            "nom": Order("folded", up=_("Nom")),
            "partenariats": Order("pk", down=_("Plus de partenariats")),  # see __init__
            "population": Order("population", down=_("Plus peuplées")),
            "type": Order(kind_rank()),
        },
        default="nom",
        tie=["folded", "pk"],
    )

    def __init__(self, *args: Any, among: QuerySet[Any], **kwargs: Any) -> None:
        """`among`: the partnerships that the reader may see."""
        super().__init__(*args, **kwargs)
        self.among = among
        orders = self.filters["tri"].orders
        orders["partenariats"] = orders["partenariats"]._replace(key=partnership_count(among))

    @property
    def shows_all(self) -> bool:
        return bool(self.asked("toutes"))

    def searched(self) -> QuerySet[Any]:
        """Narrowed first, so that a search forgives mistyped words when none of these rows contains the text."""
        rows: Any = super().searched()
        if not self.shows_all:
            return rows.partnered(self.among)  # type: ignore[no-any-return]
        return rows if self.form.cleaned_data["q"] else rows.current()  # type: ignore[no-any-return]

    def everywhere(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the default is narrowed in `searched`
