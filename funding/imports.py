"""Brings `fixtures/` into the money side: code lists, the DAC list, founding calls, projects and figures."""

from pathlib import Path

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from aect.fixtures import (
    DAY,
    YEAR,
    Column,
    Entry,
    Writer,
    code,
    one_of,
    optional,
    read_csv,
    read_toml,
    refuse,
    require,
    stage,
    text,
    upsert,
)
from aect.loading.merging import Changes, Loader
from aect.loading.models import Origin
from funding.choices import IncomeGroup, ProjectState
from funding.models import (
    AidType,
    Call,
    Channel,
    Cofinancing,
    DacListing,
    FinanceType,
    FlowType,
    Project,
    PublishedFigure,
    PurposeCode,
)
from partnerships.imports import fixtures as registry

LABELS = {"label_fr": optional(text(300)), "label_en": text(300), "withdrawn_on": optional(DAY)}
SHORT = {"code": code("a code of one to four characters", 1, 2, 3, 4), **LABELS}
FIVE_DIGITS = code("a CRS code of five digits", 5)
PURPOSE = {"code": FIVE_DIGITS, "parent": optional(FIVE_DIGITS), "category": code("a category of three digits", 3)}
CODE_LISTS: list[tuple[str, type[models.Model], dict[str, Column]]] = [
    ("purpose_codes.csv", PurposeCode, PURPOSE | LABELS),
    ("aid_types.csv", AidType, SHORT),
    ("finance_types.csv", FinanceType, SHORT),
    ("flow_types.csv", FlowType, SHORT),
    ("channels.csv", Channel, {"code": FIVE_DIGITS, "parent": optional(FIVE_DIGITS), **LABELS}),
]
DAC_LIST = {
    "iso2": code("a country's two letters", 2),
    "dac_code": Column("a number of two to four digits", lambda value: value.isdigit() and 2 <= len(value) <= 4),
    "income_group": one_of(IncomeGroup.values),
    "first_year": YEAR,
    "last_year": optional(YEAR),
    "origin": text(200),
}


@transaction.atomic
def load_reference(folder: Path) -> dict[str, Changes]:
    """Everything of `folder`/reference, or nothing. Returns what changed, by file; raises BadFixture."""
    reference = folder / "reference"
    with connection.cursor() as cursor:
        loader = registry.reference_loader()
        loaded = {
            "countries": registry.load_countries(loader, reference),
            "French authorities": registry.load_french_authorities(loader, cursor, reference),
            "Mexican authorities": registry.load_mexican_authorities(loader, cursor, reference),
        }
        loader.finish()
        for name, model, columns in CODE_LISTS:
            loaded[name.removesuffix(".csv").replace("_", " ")] = _load_codes(cursor, reference / name, model, columns)
        loaded["DAC list"] = _load_dac_list(cursor, reference / "dac_list.csv")
        # Until autovacuum comes by, the planner may believe a table emptied before to be empty still, and join
        # 38 000 authorities with themselves row by row: minutes instead of milliseconds.
        cursor.execute("ANALYZE partnerships_country, partnerships_organisation, partnerships_identifier")
    return loaded


def _load_codes(cursor: CursorWrapper, path: Path, model: type[models.Model], columns: dict[str, Column]) -> Changes:
    stage(cursor, "staged_codes", list(columns), read_csv(path, columns, unique=[["code"]]))
    sql = {name: name for name in columns}
    sql |= {"label_fr": "COALESCE(label_fr, '')", "withdrawn_on": "withdrawn_on::date"}
    if "parent" in columns:
        require(cursor, path, "staged_codes", "parent", "SELECT code FROM staged_codes")
        sql["parent_id"] = sql.pop("parent")
    return upsert(cursor, model, "staged_codes", sql, key=["code"])


def _load_dac_list(cursor: CursorWrapper, path: Path) -> Changes:
    rows = read_csv(path, DAC_LIST, unique=[["iso2", "first_year"]])
    stage(cursor, "staged_dac_list", list(DAC_LIST), rows)
    told = "SELECT object_id FROM loading_loadedrow WHERE model = 'partnerships.country'"
    require(cursor, path, "staged_dac_list", "iso2", f"SELECT iso2 FROM partnerships_country UNION {told}")  # noqa: S608
    cursor.execute("DELETE FROM staged_dac_list WHERE iso2 NOT IN (SELECT iso2 FROM partnerships_country)")
    refuse(cursor, path, "staged_dac_list", "last_year", "last_year < first_year", "comes before the first year")
    columns = {"country_id": "iso2", "income_group": "income_group", "origin": "origin"}
    columns |= {name: f"{name}::smallint" for name in ("dac_code", "first_year", "last_year")}
    return upsert(cursor, DacListing, "staged_dac_list", columns, key=["country_id", "first_year"])


@transaction.atomic
def load_founding(folder: Path) -> dict[str, Changes]:
    """Everything of `folder`/founding, or nothing. Returns what changed, by model; raises BadFixture."""
    founding = folder / "founding"
    writer = Writer(Loader.of(Origin.FOUNDING))
    registry.load_cases(writer, founding)
    for entry in read_toml(founding / "calls.toml").entries("call"):
        organisers = {"organisers": entry.pop("organisers")}
        writer.put(entry, Call, "slug", links=organisers)
    for entry in read_toml(founding / "projects.toml").entries("project"):
        _load_project(writer, entry)
    for entry in read_toml(founding / "figures.toml").entries("figure"):
        writer.put(entry, PublishedFigure, "key")
    writer.loader.drop_unseen()
    writer.loader.finish()
    return {str(model._meta.model_name): changes for model, changes in writer.loader.changes.items()}


def _load_project(writer: Writer, entry: Entry) -> None:
    cofinancings = entry.entries("cofinancing")
    project = writer.put(entry, Project, "slug", state=ProjectState.PUBLISHED)
    for cofinancing in cofinancings:
        writer.put(cofinancing, Cofinancing, "project", "funder", "scheme", project=project)
