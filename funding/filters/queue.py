"""What the officers' queue may be asked in its URL."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Count, DateTimeField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import Facet, Order, SortFilter
from aect.search import search_field
from funding import columns
from funding.choices import ProjectState, StepKind
from funding.forms import instructors
from funding.models import Project, ProjectStep
from funding.permissions import instructed_projects
from partnerships.filters.shared import ListFilter, foreign_countries
from partnerships.models import Organisation

NOBODY = "personne"
VIEWS = [
    ("", _("À instruire")),
    ("miens", _("Les miens")),
    ("renvoyes", _("À compléter")),
    ("en-retard", _("En retard")),
    ("publies", _("Publiés")),
    ("tous", _("Tous")),
]


def collectivities() -> list[tuple[str, str]]:
    rows = Organisation.objects.filter(filed_projects__isnull=False).alphabetical().distinct()
    return list(rows.values_list("slug", "name"))


def officers() -> list[tuple[str, Any]]:
    return [(NOBODY, _("Personne")), *((user.email, user.email) for user in instructors())]


def calls() -> list[tuple[str, str]]:
    return list(Project.objects.filter(call__isnull=False).values_list("call__slug", "call__title").distinct())


class QueueFilter(ListFilter):
    """Records that were submitted; `vue` is one of the lists that an officer follows, the first one to be done."""

    presentation = ListFilter.presentation | {"vue"}
    displays = ("liste",)
    columns = columns.PROJECTS
    usual_columns = ("titre",)

    q = search_field(_("Rechercher un intitulé"))
    agent = Facet("officer", label=_("Instruit par"), choices=officers)
    collectivite = Facet("collectivity__slug", label=_("Collectivité qui dépose"), choices=collectivities, ranked=True)
    pays = foreign_countries("partnership__projects")
    appel = Facet("call__slug", label=_("Appel à projets"), choices=calls)
    etat = Facet("state", label=_("État du dossier"), choices=ProjectState.choices)
    vue = django_filters.ChoiceFilter(method="any_view", choices=VIEWS[1:], label=_("Liste"), widget=forms.HiddenInput)
    tri = SortFilter(
        {
            "depot": Order("submitted_at", up=_("Plus ancien dépôt"), down=_("Plus récent dépôt")),
            "limite": Order("due_on", up=_("Date limite")),
            "titre": Order("folded", up=_("Intitulé")),
        },
        default="depot",
        tie=["pk"],
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def filter_queryset(self, queryset: QuerySet[Any], *, but: str = "") -> QuerySet[Any]:
        rows = super().filter_queryset(queryset, but=but)
        asked = self.form.cleaned_data
        # A state that is asked for is not narrowed again by the list that stands there by itself.
        return rows if but == "vue" or (asked["etat"] and not asked["vue"]) else self.followed(rows, asked["vue"])

    def any_view(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows  # the list is narrowed in `filter_queryset`

    def followed(self, rows: QuerySet[Any], view: str) -> QuerySet[Any]:
        return rows.filter(self.condition(view))

    def condition(self, view: str) -> Q:
        if view == "tous":
            return Q()
        if view == "publies":
            return Q(state=ProjectState.PUBLISHED)
        if view == "renvoyes":
            return Q(state=ProjectState.RETURNED)
        if view == "en-retard":
            return Q(state=ProjectState.RETURNED, due_on__lt=timezone.localdate())
        mine = Q(officer=self.user.email) if view == "miens" else Q()
        return Q(state=ProjectState.SUBMITTED) & mine

    @property
    def views(self) -> list[tuple[str, Any, int]]:
        """Each list: its code, its name and how many records it would show."""
        rows = self.filter_queryset(self.queryset.all(), but="vue")
        names = {f"n{place}": self.condition(code) for place, (code, _label) in enumerate(VIEWS)}
        counts = rows.order_by().aggregate(**{name: Count("pk", filter=found) for name, found in names.items()})
        return [(code, label, counts[f"n{place}"]) for place, (code, label) in enumerate(VIEWS)]

    @property
    def here(self) -> str:
        return str(self.asked("vue") or "")


def queue(user: User) -> QuerySet[Project]:
    """Every record that was submitted once, with when and by whom it is instructed, the longest waiting first."""
    steps = ProjectStep.objects.filter(project=OuterRef("pk"), kind=StepKind.SUBMITTED).order_by("-at")
    rows: QuerySet[Any] = instructed_projects(user).annotate(
        officer=Coalesce("assignment__officer__email", Value(NOBODY)),
        submitted_at=Subquery(steps.values("at")[:1], output_field=DateTimeField()),
    )
    rows = rows.filter(submitted_at__isnull=False).select_related("partnership", "call", "collectivity")
    return rows.order_by("submitted_at", "pk")
