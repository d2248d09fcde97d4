"""APD totals and lines as CSV files, in the profiles of the contract, written by PostgreSQL's COPY.

A file is whole before its first byte leaves: an error gives an error, never a shorter file.

- `standard`: UTF-8, comma, dot, ISO dates, LF, English headers; raw.
- `excel-fr`: UTF-8 with BOM, semicolon, decimal comma, dd/mm/yyyy, French headers; every line break is CRLF,
  those inside a cell too; text that a spreadsheet would take for a formula starts with an apostrophe.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO, Any

from django.contrib.postgres.aggregates import BoolOr
from django.db import connection
from django.db.models import F, Func, Max, Min, QuerySet, TextField, Value
from django.http import FileResponse
from django.utils import translation
from psycopg2 import sql

from funding.filters import ApdFilter
from funding.models.apd import siren_of
from funding.models.totals import SUMMED_COLUMNS
from partnerships.choices import OrganisationKind

MEMORY = 1 << 20  # a file above 1 MB waits on disk
BOM = b"\xef\xbb\xbf"
DELIMITERS = {"standard": ",", "excel-fr": ";"}

#: Column: its kind and its French header.
COLUMNS = {
    "year": ("integer", "Année"),
    "collectivity_siren": ("text", "SIREN"),
    "collectivity": ("text", "Collectivité"),
    "collectivity_type": ("authority", "Type de collectivité"),
    "recipient_iso2": ("text", "Code pays"),
    "recipient": ("text", "Pays"),
    "purpose_code": ("text", "Code secteur"),
    "purpose": ("text", "Secteur"),
    "lines": ("integer", "Lignes"),
    "committed_eur": ("amount", "Engagé (€)"),
    "paid_eur": ("amount", "Versé (€)"),
    "net_eur": ("amount", "Net (€)"),
    "apd_eur": ("amount", "APD (€)"),
    "apd_without_refugees_eur": ("amount", "APD hors réfugiés (€)"),
    "fictitious_lines": ("integer", "Lignes fictives"),
    "line_id": ("text", "Identifiant de ligne"),
    "project_reference": ("text", "Projet"),
    "title": ("text", "Intitulé"),
    "description": ("text", "Description"),
    "aid_type": ("text", "Type d’aide"),
    "finance_type": ("text", "Type de financement"),
    "flow_type": ("text", "Type de flux"),
    "channel_code": ("text", "Canal"),
    "bi_multi": ("integer", "Bilatéral ou multilatéral"),
    "currency": ("text", "Monnaie"),
    "committed_amount": ("amount", "Montant engagé"),
    "paid_amount": ("amount", "Montant versé"),
    "refunded_amount": ("amount", "Montant remboursé"),
    "public_receipts_amount": ("amount", "Recettes publiques affectées"),
    "one_percent_fund": ("text", "Fonds « 1 % »"),
    "sdg_goals": ("text", "ODD"),
    "refugee_costs": ("flag", "Accueil de réfugiés en France"),
    "starts_on": ("date", "Début"),
    "ends_on": ("date", "Fin"),
    "is_fictitious": ("flag", "Donnée fictive"),
}
#: Columns of the lines, in the contract's order, and where each comes from.
LINE_COLUMNS: dict[str, Any] = {
    "line_id": "line_id",
    "year": "year",
    "collectivity_siren": "siren__code",
    "project_reference": "project__slug",
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
}

#: How PostgreSQL writes a kind of column; `{}` is the column. An empty text is written as nothing.
STANDARD = {
    "text": "nullif({}, '')",
    "authority": "{}",
    "integer": "{}",
    "amount": "{}",
    "date": "{}",
    "flag": "{}::text",
}
FORMULA = r"CASE WHEN {} ~ '^[=+@\t\r-]' THEN '''' ELSE '' END"
ONE_BREAK = r"regexp_replace({}, '\r\n?', E'\n', 'g')"
EXCEL_FR = {
    "text": f"nullif({FORMULA} || {ONE_BREAK}, '')",
    "integer": "{}",
    "amount": "replace({}::text, '.', ',')",
    "date": "to_char({}, 'DD/MM/YYYY')",
    "flag": "CASE WHEN {} THEN 'oui' ELSE 'non' END",
}
COPY = "COPY (SELECT {cells} FROM ({rows}) AS asked ({names})) TO STDOUT WITH (FORMAT csv, DELIMITER {delimiter})"


@dataclass(frozen=True, slots=True)
class Export:
    """One file to be: its name, its profile, its columns, and the query with the names of what it selects."""

    filename: str
    profile: str
    columns: tuple[str, ...]
    rows: QuerySet[Any]
    selected: tuple[str, ...]

    def write(self, file: IO[bytes]) -> None:
        """Writes the whole file; raises Django's DatabaseError."""
        excel = self.profile == "excel-fr"
        file.write((BOM if excel else b"") + self._header())
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(self._copy(cursor), _WithCrlf(file) if excel else file)

    def response(self) -> FileResponse:
        """The file as an attachment, once it is whole."""
        file = SpooledTemporaryFile(MEMORY)  # noqa: SIM115  # the response closes it
        self.write(file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=self.filename, content_type="text/csv; charset=utf-8")

    def save(self, path: Path) -> None:
        """Writes the file under its name only once it is whole."""
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                self.write(file)
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink()
                raise

    def _header(self) -> bytes:
        excel = self.profile == "excel-fr"
        line = io.StringIO()
        writer = csv.writer(line, delimiter=DELIMITERS[self.profile], lineterminator="\r\n" if excel else "\n")
        writer.writerow([COLUMNS[name][1] if excel else name for name in self.columns])
        return line.getvalue().encode()

    def _copy(self, cursor: Any) -> sql.Composable:
        asked = cursor.mogrify(*self.rows.query.sql_with_params()).decode()
        return sql.SQL(COPY).format(
            cells=sql.SQL(", ").join(_cell(name, self.profile) for name in self.columns),
            rows=sql.SQL(asked),
            names=sql.SQL(", ").join(map(sql.Identifier, self.selected)),
            delimiter=sql.Literal(DELIMITERS[self.profile]),
        )


class _WithCrlf:
    """Turns each LF into CRLF. No CR comes in: the query took them out of every text."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, data: bytes) -> int:
        return self.file.write(data.replace(b"\n", b"\r\n"))


def _cell(name: str, profile: str) -> sql.Composable:
    """How one column is written; its expression may name it several times."""
    column, kind = sql.Identifier(name), COLUMNS[name][0]
    if kind == "authority" and profile == "excel-fr":
        return _authority_name(column)
    template = (EXCEL_FR if profile == "excel-fr" else STANDARD)[kind]
    return sql.SQL(template).format(*[column] * template.count("{}"))


def _authority_name(column: sql.Identifier) -> sql.Composable:
    """The French name of an OrganisationKind, whatever language the reader has chosen."""
    with translation.override("fr"):
        pairs = [(sql.Literal(kind.value), sql.Literal(str(kind.label))) for kind in OrganisationKind]
    whens = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(*pair) for pair in pairs)
    return sql.SQL("CASE {} {} END").format(column, whens)


def summary(filterset: ApdFilter) -> Export:
    """The totals that a valid filterset asks for, in the columns of their dimensions."""
    rows = filterset.summed()
    selected = tuple(name.removesuffix("_") for name in rows.query.annotation_select)
    columns = tuple(name for name in SUMMED_COLUMNS if name in selected)
    return Export(_filename("synthese", filterset), filterset.profile, columns, rows, selected)


def lines(filterset: ApdFilter) -> Export:
    """The lines themselves, in the columns that `import_apd` reads, and whether each is fictitious."""
    rows = filterset.rows.annotate(siren=siren_of("collectivity")).order_by("year", "line_id")
    cells = [F(column) if isinstance(column, str) else column for column in LINE_COLUMNS.values()]
    columns = tuple(LINE_COLUMNS)
    return Export(_filename("lignes", filterset), filterset.profile, columns, rows.values_list(*cells), columns)


def _filename(what: str, filterset: ApdFilter) -> str:
    """Such as `apd-synthese-mx-2016-2024-FICTIF.csv`: the scope, the years that are in it, a mark on made-up data."""
    asked = filterset.form.cleaned_data if filterset.is_bound else {}
    places = [country.pk.lower() for country in asked.get("pays") or ()]
    siren = getattr(asked.get("collectivite"), "siren", "")
    found = filterset.rows.aggregate(first=Min("year"), last=Max("year"), fictitious=BoolOr("is_fictitious"))
    years = sorted({str(year) for year in (found["first"], found["last"]) if year})
    parts = ["apd", what, *places[:3], siren, *years, "FICTIF" if found["fictitious"] else ""]
    return "-".join(filter(None, parts)) + ".csv"
