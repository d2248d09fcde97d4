"""APD totals and lines, and the indicators' tables, as CSV files in the profiles of the contract.

See `aect.tabular.writing`.
"""

from typing import Any

from django.contrib.postgres.aggregates import BoolAnd, BoolOr
from django.db.models import Case, F, Func, Max, Min, QuerySet, TextField, Value, When

from aect.charts import Count, Named
from aect.tabular.writing import Column, QueryCsv, RowsCsv
from funding.filters.figures import ApdFilter, IndicatorFilter
from funding.indicators import Indicator
from funding.models import Project
from funding.models.apd import siren_of
from funding.models.totals import SUMMED_COLUMNS
from partnerships.choices import OrganisationKind

COLUMNS = {
    column.name: column
    for column in (
        Column("year", "Année", "integer"),
        Column("collectivity_siren", "SIREN"),
        Column("collectivity", "Collectivité"),
        Column("collectivity_type", "Type de collectivité", labels=OrganisationKind),
        Column("recipient_iso2", "Code pays"),
        Column("recipient", "Pays"),
        Column("purpose_code", "Code secteur"),
        Column("purpose", "Secteur"),
        Column("lines", "Lignes", "integer"),
        Column("committed_eur", "Engagé (€)", "amount"),
        Column("paid_eur", "Versé (€)", "amount"),
        Column("net_eur", "Net (€)", "amount"),
        Column("apd_eur", "APD (€)", "amount"),
        Column("apd_without_refugees_eur", "APD hors réfugiés (€)", "amount"),
        Column("fictitious_lines", "Lignes fictives", "integer"),
        Column("unpublished_lines", "Lignes non publiées", "integer"),
        Column("line_id", "Identifiant de ligne"),
        Column("project_reference", "Projet"),
        Column("title", "Intitulé"),
        Column("description", "Description"),
        Column("aid_type", "Type d’aide"),
        Column("finance_type", "Type de financement"),
        Column("flow_type", "Type de flux"),
        Column("channel_code", "Canal"),
        Column("bi_multi", "Bilatéral ou multilatéral", "integer"),
        Column("currency", "Monnaie"),
        Column("committed_amount", "Montant engagé", "amount"),
        Column("paid_amount", "Montant versé", "amount"),
        Column("refunded_amount", "Montant remboursé", "amount"),
        Column("public_receipts_amount", "Recettes publiques affectées", "amount"),
        Column("one_percent_fund", "Fonds « 1 % »"),
        Column("sdg_goals", "ODD"),
        Column("refugee_costs", "Accueil de réfugiés en France", "flag"),
        Column("starts_on", "Début", "date"),
        Column("ends_on", "Fin", "date"),
        Column("is_fictitious", "Donnée fictive", "flag"),
        Column("is_published", "Publiée", "flag"),
    )
}
#: Columns of the lines, in the contract's order, and where each comes from.
LINE_COLUMNS: dict[str, Any] = {
    "line_id": "line_id",
    "year": "year",
    "collectivity_siren": "siren__code",
    "project_reference": Case(When(project__in=Project.objects.published(), then=F("project__slug"))),
    "title": "title",
    "description": "description",
    "recipient_iso2": "recipient_id",
    "purpose_code": "purpose_id",
    "aid_type": "aid_type_id",
    "finance_type": "finance_type_id",
    "flow_type": "flow_type_id",
    "channel_code": "channel_id",
    "bi_multi": "bi_multi",
    "currency": "currency",
    "committed_amount": "committed_amount",
    "paid_amount": "paid_amount",
    "refunded_amount": "refunded_amount",
    "public_receipts_amount": "public_receipts_amount",
    "one_percent_fund": "one_percent_fund",
    "sdg_goals": Func(F("sdg_goals"), Value("|"), function="array_to_string", output_field=TextField()),
    "refugee_costs": "refugee_costs",
    "starts_on": "starts_on",
    "ends_on": "ends_on",
    "is_fictitious": "is_fictitious",
    "is_published": "is_published",
}


def summary(filterset: ApdFilter) -> QueryCsv:
    """The totals that a valid filterset asks for, in the columns of their dimensions."""
    rows = filterset.summed()
    selected = tuple(name.removesuffix("_") for name in rows.query.annotation_select)
    columns = tuple(name for name in SUMMED_COLUMNS if name in selected)
    return export("synthese", filterset, columns, rows, selected)


def lines(filterset: ApdFilter) -> QueryCsv:
    """The lines themselves, in the columns that `import_apd` reads, and whether each is fictitious and published."""
    rows = filterset.rows.annotate(siren=siren_of("collectivity")).order_by("year", "line_id")
    cells = [F(column) if isinstance(column, str) else column for column in LINE_COLUMNS.values()]
    columns = tuple(LINE_COLUMNS)
    return export("lignes", filterset, columns, rows.values_list(*cells), columns)


def export(
    what: str, filterset: ApdFilter, columns: tuple[str, ...], rows: QuerySet[Any], selected: tuple[str, ...]
) -> QueryCsv:
    return QueryCsv(
        filename=_filename(what, filterset),
        profile=filterset.profile,
        columns=[COLUMNS[name] for name in columns],
        rows=rows,
        selected=selected,
    )


def _filename(what: str, filterset: ApdFilter) -> str:
    """Such as `apd-synthese-mx-2016-2024-FICTIF.csv`: the scope, the years that are in it, marks on made-up data and
    on lines that are not published.
    """
    asked = filterset.form.cleaned_data if filterset.is_bound else {}
    places = [country.pk.lower() for country in asked.get("pays") or ()]
    siren = getattr(asked.get("collectivite"), "siren", "")
    found = filterset.rows.aggregate(
        first=Min("year"), last=Max("year"), fictitious=BoolOr("is_fictitious"), published=BoolAnd("is_published")
    )
    years = sorted({str(year) for year in (found["first"], found["last"]) if year})
    marks = ["FICTIF" if found["fictitious"] else "", "NON-PUBLIE" if found["published"] is False else ""]
    parts = ["apd", what, *places[:3], siren, *years, *marks]
    return "-".join(filter(None, parts)) + ".csv"


def indicator(asked: IndicatorFilter, indicator: Indicator) -> RowsCsv:
    """An indicator's table without its total; what is coded is said by its code, or by its label for readers."""
    chart, profile = indicator.chart, asked.profile
    columns = [
        Column(name, str(column.label), "amount" if column.is_number else "text")
        for name, column in zip(indicator.names, chart.columns, strict=True)
    ]
    places = [code.lower() for code in asked.asked("pays") or ()]
    years = sorted({str(year) for year in asked.years if year})
    return RowsCsv(
        filename="-".join(["indicateurs", chart.id, *places[:3], *years]) + ".csv",
        profile=profile,
        columns=columns,
        rows=[[_plain(cell, profile) for cell in row] for row in chart.rows],
    )


def _plain(cell: Any, profile: str) -> Any:
    if isinstance(cell, Named):
        return cell.label if profile == "excel-fr" else cell.code
    return cell.value if isinstance(cell, Count) else cell
