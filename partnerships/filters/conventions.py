"""What the list of conventions may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.filters import Facet, Order, SortFilter
from aect.search import search_field
from partnerships import columns
from partnerships.choices import ConventionKind, ConventionState
from partnerships.filters.shared import ListFilter, foreign_countries
from partnerships.law import months_later

ENDING_SOON = 6  # months


def state_rank() -> Case:
    return Case(*(When(state=state, then=Value(place)) for place, state in enumerate(ConventionState.values)))


class ConventionFilter(ListFilter):
    """Conventions; `vue` is one of the lists that an officer follows."""

    switches = frozenset({"vue"})
    displays = ("liste", "tableau")
    columns = columns.CONVENTIONS
    draft, draft_column = Q(published_at=None), "brouillon"
    usual_columns = ("titre", "partenariat", "nature", "etat", "signee", "fin", "montant")

    q = search_field(_("Rechercher un intitulé, un objet, un partenariat"))
    pays = foreign_countries("partnership__conventions")
    nature = Facet("kind", label=_("Nature"), choices=ConventionKind.choices)
    etat = Facet("state", label=_("État"), choices=ConventionState.choices)
    vue = django_filters.ChoiceFilter(
        method="any_view",
        choices=[
            ("fin-proche", _("Fin dans les six mois")),
            ("non-transmises", _("Signées, sans transmission connue")),
        ],
        label=_("Liste"),
        widget=forms.HiddenInput,
    )
    tri = SortFilter(
        {
            "signature": Order("signed_on", up=_("Plus ancienne"), down=_("Plus récente")),
            "fin": Order("ends_on", up=_("Échéance")),
            "titre": Order("folded", up=_("Intitulé")),
            "montant": Order("provisional_amount"),
            "partenariat": Order("partnership__folded"),
            "nature": Order("kind"),
            "etat": Order(state_rank()),
        },
        default="-signature",
        tie=["folded", "pk"],
    )

    def filter_queryset(self, queryset: QuerySet[Any], *, but: str = "") -> QuerySet[Any]:
        rows = super().filter_queryset(queryset, but=but)
        return rows if but == "vue" else self.followed(rows, self.form.cleaned_data["vue"])

    def any_view(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the list is narrowed in `filter_queryset`

    def followed(self, rows: QuerySet[Any], view: str) -> QuerySet[Any]:
        today = timezone.localdate()
        if view == "fin-proche":
            return rows.not_over(today).ending_before(months_later(today, ENDING_SOON))  # type: ignore[attr-defined, no-any-return]
        return rows.signed_never_transmitted() if view else rows  # type: ignore[attr-defined]

    @property
    def views(self) -> list[tuple[str, Any, int]]:
        """Each list: its code, its name and how many conventions it would show; the first shows them all."""
        rows = self.filter_queryset(self.queryset.all(), but="vue").order_by()
        lists = [("", _("Toutes")), *self.base_filters["vue"].extra["choices"]]
        among = {f"n{code}": Q(pk__in=self.followed(rows, code).values("pk")) for code, _label in lists}
        counts = rows.aggregate(**{name: Count("pk", filter=condition) for name, condition in among.items()})
        return [(code, label, counts[f"n{code}"]) for code, label in lists]
