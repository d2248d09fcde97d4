"""Money on the registry's pages: templates ask for it here, so that the registry never imports it."""

from typing import Any

from django import template
from django.db.models import QuerySet

from funding import charts
from funding.choices import CofinancingKind, CofinancingState, Metric
from funding.models import Cofinancing, PublishedFigure
from funding.permissions import visible_projects, visible_totals
from partnerships.models import Organisation, Partnership

register = template.Library()


@register.inclusion_tag("funding/_headline.html")
def apd_headline() -> dict[str, Any]:
    """The latest published figures: APD of all collectivities, without refugee costs, and to Mexico."""
    figures = PublishedFigure.objects.filter(metric__in=[Metric.APD, Metric.APD_WITHOUT_REFUGEES])
    national = figures.filter(country__isnull=True, is_approximate=False)
    return {
        "total": _latest(national.filter(metric=Metric.APD)),
        "without_refugees": _latest(national.filter(metric=Metric.APD_WITHOUT_REFUGEES)),
        "mexico": _latest(figures.filter(country="MX")),
    }


def _latest(figures: QuerySet[PublishedFigure]) -> PublishedFigure | None:
    return figures.select_related("source").order_by("-year", "key").first()


@register.inclusion_tag("funding/_financing.html", takes_context=True)
def financing(context: template.Context, partnership: Partnership) -> dict[str, Any]:
    """A partnership's projects that this reader may see; who pays for the published ones as a chart and its table."""
    visible = visible_projects(context["request"].user).filter(partnership=partnership)
    projects = visible.select_related("call", "source").prefetch_related("cofinancings__funder", "cofinancings__source")
    rows = [
        {
            **row,
            "kind_label": CofinancingKind(row["kind"]).label,
            "state_label": CofinancingState(row["state"]).label,
        }
        for row in Cofinancing.objects.published().filter(project__partnership=partnership).totals_by_funder()
    ]
    return {
        "projects": projects,
        "has_amounts": any(project.cofinancings.all() for project in projects),
        "chart": charts.financing_by_funder(rows) if rows else None,
    }


@register.inclusion_tag("funding/_collectivity_apd.html", takes_context=True)
def collectivity_apd(context: template.Context, organisation: Organisation) -> dict[str, Any]:
    """A collectivity's computed APD by year, or nothing when it declared none that this reader may see."""
    totals = visible_totals(context["request"].user).filter(collectivity=organisation)
    rows = list(totals.summed("annee"))
    if not rows:
        return {"chart": None}
    total = totals.grand_total()
    return {
        "organisation": organisation,
        "chart": charts.by_year(rows, total),
        "total": total,
        "is_fictitious": any(row["fictitious_lines"] for row in rows),
        "computed_at": totals.computed_at(),
    }


@register.inclusion_tag("funding/_labels_published.html")
def labels_published() -> dict[str, Any]:
    """How many sought the PACT3 label of territorial expertise, and how many got it, as published."""
    figures = PublishedFigure.objects.filter(key__in=["pact3-2018-laureats", "pact3-2018-candidats"])
    held = {figure.key: figure for figure in figures.select_related("source")}
    return {"awarded": held.get("pact3-2018-laureats"), "asked": held.get("pact3-2018-candidats")}
