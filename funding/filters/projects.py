"""What the lists of projects may be asked in their URL."""

from typing import Any

from django.db.models import F, Func, IntegerField, Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from aect.filters import Facet, Order, SortFilter
from aect.search import search_field
from funding import columns
from funding.choices import ProjectState
from funding.models import Call, Project, PurposeCode
from partnerships.choices import Sdg
from partnerships.filters.shared import ListFilter, foreign_countries


def calls() -> list[tuple[str, str]]:
    return list(Call.objects.values_list("slug", "title"))


def sectors() -> list[tuple[str, str]]:
    """All of them: a choice that comes and goes with a draft would tell that there is one."""
    return [(code.pk, str(code)) for code in PurposeCode.objects.all()]


class GoalFacet(Facet):
    """`odd`: the goals that a project names."""

    def __init__(self) -> None:
        goals = [(str(goal.value), format_lazy("{}. {}", goal.value, goal.label)) for goal in Sdg]
        each: Any = Func(F("sdg_goals"), function="unnest", output_field=IntegerField())
        super().__init__(
            each, label=_("Objectif de développement durable"), choices=goals, through=Project.objects.all, link="pk"
        )

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(sdg_goals__overlap=[int(goal) for goal in value]) if value else qs


class ProjectFilter(ListFilter):
    """Projects; which of them the reader may see is the caller's to say."""

    displays = ("liste", "tableau")
    columns = columns.PROJECTS
    draft, draft_column = ~Q(state=ProjectState.PUBLISHED), "etat"
    usual_columns = ("titre", "partenariat", "appel", "debut", "fin", "budget")

    q = search_field(_("Rechercher un intitulé"))
    pays = foreign_countries("partnership__projects")
    appel = Facet("call__slug", label=_("Appel à projets"), choices=calls)
    secteur = Facet(
        "purposecode",
        through=Project.sectors.through.objects.all,
        link="project",
        label=_("Secteur"),
        choices=sectors,
        ranked=True,
    )
    odd = GoalFacet()
    statut = Facet("state", label=_("État du dossier"), choices=ProjectState.choices)
    tri = SortFilter(
        {
            "debut": Order("begins_on", up=_("Plus ancien"), down=_("Plus récent")),
            "titre": Order("folded", up=_("Intitulé")),
            "fin": Order("ends_on"),
            "budget": Order("budget_amount", down=_("Budget")),
        },
        default="-debut",
        tie=["folded", "pk"],
    )
