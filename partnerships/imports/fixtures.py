"""Brings `fixtures/` into the registry: countries, local authorities, and the founding cases."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.utils.text import slugify
from stdnum.fr import siren

from aect.fixtures import (
    WHOLE_NUMBER,
    BadFixture,
    Changes,
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
from partnerships.choices import FRENCH_KINDS, MEXICAN_KINDS
from partnerships.models import (
    Action,
    Convention,
    Country,
    Identifier,
    Indicator,
    Milestone,
    NetworkMembership,
    Organisation,
    OrganisationName,
    Partnership,
    Party,
    SdgContribution,
    Source,
    StaffContribution,
    Succession,
    Theme,
)

COUNTRIES = {
    "iso2": Column("two capital letters", lambda value: len(value) == 2 and value.isascii() and value.isupper()),
    "iso3": Column("three capital letters", lambda value: len(value) == 3 and value.isascii() and value.isupper()),
    "name_fr": text(100),
    "name_es": text(100),
    "name_en": text(100),
    "zone": optional(text(100)),
}
FRENCH = {
    "siren": Column("a SIREN: nine digits with their checksum", siren.is_valid),
    "kind": one_of(FRENCH_KINDS),
    "name": text(200),
    "cog_commune": optional(code("a COG code of five characters", 5)),
    "cog_departement": optional(code("a COG code of two or three characters", 2, 3)),
    "cog_region": optional(code("a COG code of two digits", 2)),
    "departement": optional(text(40)),
    "region": optional(code("the COG code of a région", 2)),
    "population": optional(WHOLE_NUMBER),
}
MEXICAN = {
    "inegi": code("an INEGI code of two or five digits", 2, 5),
    "kind": one_of(MEXICAN_KINDS),
    "name": text(200),
    "state": optional(code("the INEGI code of a state", 2)),
    "population": optional(WHOLE_NUMBER),
}
# A French or Mexican authority on its way in: `area` is the code of the région or state it lies in, `as_area`
# the code under which it is one itself.
AUTHORITY = ["slug", "name", "kind", "area", "as_area", "population", "siren", "inegi"]
COG = ["cog_commune", "cog_departement", "cog_region"]


def load_countries(cursor: CursorWrapper, folder: Path) -> Changes:
    rows = read_csv(folder / "countries.csv", COUNTRIES, unique=[["iso2"], ["iso3"]])
    stage(cursor, "staged_countries", list(COUNTRIES), rows)
    columns = {name: name for name in COUNTRIES} | {"zone": "COALESCE(zone, '')"}
    return upsert(cursor, Country, "staged_countries", columns, key=["iso2"])


def load_french_authorities(cursor: CursorWrapper, folder: Path) -> Changes:
    path = folder / "french_collectivities.csv.gz"
    rows = read_csv(path, FRENCH, unique=[["siren"], *([name] for name in COG)])
    return _load_authorities(cursor, path, map(_french, rows), country="FR", scheme="siren", area="region")


def load_mexican_authorities(cursor: CursorWrapper, folder: Path) -> Changes:
    path = folder / "mexican_authorities.csv.gz"
    rows = read_csv(path, MEXICAN, unique=[["inegi"]])
    return _load_authorities(cursor, path, map(_mexican, rows), country="MX", scheme="inegi", area="state")


def _french(row: dict[str, str]) -> dict[str, str]:
    slug = f"{slugify(row['name'])[:120]}-{row['siren']}"
    return {**row, "slug": slug, "area": row["region"], "as_area": row["cog_region"], "inegi": ""}


def _mexican(row: dict[str, str]) -> dict[str, str]:
    slug = f"{slugify(row['name'])[:120]}-mx{row['inegi']}"
    as_area = row["inegi"] if len(row["inegi"]) == 2 else ""
    return {**row, "slug": slug, "area": row["state"], "as_area": as_area, "siren": "", **dict.fromkeys(COG, "")}


def _load_authorities(
    cursor: CursorWrapper, path: Path, rows: Iterator[Mapping[str, str]], *, country: str, scheme: str, area: str
) -> Changes:
    """An authority is known by its official code; its id and its address (the slug) then stay as they are."""
    stage(cursor, "staged_rows", [*AUTHORITY, *COG], rows)
    known_areas = "SELECT as_area FROM staged_rows WHERE as_area IS NOT NULL"
    require(cursor, path, "staged_rows", "area", known_areas, named=area)
    cursor.execute(_WITH_IDS, {"scheme": scheme, "country": country})
    columns = {name: name for name in ("id", "slug", "name", "kind", "country_id", "region_id", "population")}
    told = {"description": "''", "source_place": "''"}
    changes = upsert(cursor, Organisation, "staged_organisations", columns | told, key=["id"], keep=["slug", *told])
    cursor.execute(_CODES)
    for name in COG:
        held = f"scheme = '{name}' AND {_HELD_BY_ANOTHER}"
        refuse(cursor, path, "staged_codes", "code", held, "is the code of another organisation", named=name)
    codes = {name: name for name in ("organisation_id", "scheme", "code")}
    changes.changed += upsert(cursor, Identifier, "staged_codes", codes, key=["organisation_id", "scheme"]).changed
    return changes


# What the file does not know (a population, the region of a grouping that spans two) stays as the registry has it.
_WITH_IDS = """
    DROP TABLE IF EXISTS staged_organisations;
    CREATE TEMPORARY TABLE staged_organisations ON COMMIT DROP AS
    SELECT COALESCE(held.organisation_id, nextval(pg_get_serial_sequence('partnerships_organisation', 'id'))) AS id,
           staged.line, staged.slug, staged.name, staged.kind, %(country)s AS country_id,
           COALESCE(staged.population::integer, organisation.population) AS population,
           organisation.region_id, staged.area, staged.as_area,
           staged.siren, staged.inegi, staged.cog_commune, staged.cog_departement, staged.cog_region
    FROM staged_rows AS staged
    LEFT JOIN partnerships_identifier AS held
           ON held.scheme = %(scheme)s AND held.code = COALESCE(staged.siren, staged.inegi)
    LEFT JOIN partnerships_organisation AS organisation ON organisation.id = held.organisation_id;
    UPDATE staged_organisations AS part SET region_id = area.id
    FROM staged_organisations AS area WHERE area.as_area = part.area;
"""
_CODES = """
    DROP TABLE IF EXISTS staged_codes;
    CREATE TEMPORARY TABLE staged_codes ON COMMIT DROP AS
    SELECT staged.line, staged.id AS organisation_id, held.scheme, held.code
    FROM staged_organisations AS staged
    CROSS JOIN LATERAL (VALUES ('siren', staged.siren), ('inegi', staged.inegi),
                               ('cog_commune', staged.cog_commune), ('cog_departement', staged.cog_departement),
                               ('cog_region', staged.cog_region)) AS held (scheme, code)
    WHERE held.code IS NOT NULL;
"""
_HELD_BY_ANOTHER = """EXISTS (
    SELECT FROM partnerships_identifier AS held
    WHERE (held.scheme, held.code) = (staged.scheme, staged.code) AND held.organisation_id <> staged.organisation_id
)"""


# The founding cases


def load_cases(writer: Writer, folder: Path) -> None:
    """Sources, organisations with names and lineage, partnerships with all that hangs on them, the field's timeline."""
    for entry in read_toml(folder / "sources.toml").entries("source"):
        writer.put(entry, Source, "slug")
    _load_organisations(writer, read_toml(folder / "organisations.toml"))
    _load_names(writer, read_toml(folder / "names.toml"))
    for entry in read_toml(folder / "lineage.toml").entries("succession"):
        writer.put(entry, Succession, "predecessor", "successor")
    for entry in read_toml(folder / "networks.toml").entries("membership"):
        writer.put(entry, NetworkMembership, "network", "member")
    for entry in read_toml(folder / "themes.toml").entries("theme"):
        writer.put(entry, Theme, "slug")
    for path in sorted((folder / "partnerships").glob("*.toml")):
        _load_partnership(writer, read_toml(path))
    for entry in read_toml(folder / "timeline.toml").entries("milestone"):
        _load_milestone(writer, entry, None)


def _load_organisations(writer: Writer, file: Entry) -> None:
    """Each table names an organisation: one of the registers by its official code, or a new one by its slug.

    A `parent` stands before the bodies that belong to it.
    """
    for name, values in file.values.items():
        entry = Entry(f"{file.place}, [{name}]", dict(values))
        if scheme := next((scheme for scheme in ("siren", "inegi") if scheme in values), None):
            held = Identifier.objects.filter(scheme=scheme, code=entry.values.pop(scheme)).first()
            if held is None:
                raise BadFixture(f"{entry.place}: no organisation has this {scheme}; run load_reference first")
            organisation = writer.put(entry, Organisation, "id", id=held.organisation_id)
        else:
            identifiers = entry.entries("identifier")
            organisation = writer.put(entry, Organisation, "slug", slug=name)
            for identifier in identifiers:
                writer.put(identifier, Identifier, "organisation", "scheme", organisation=organisation)
        writer.names[Organisation][name] = organisation


def _load_names(writer: Writer, file: Entry) -> None:
    """Each table names an organisation and holds its other names."""
    for name, values in file.values.items():
        entry = Entry(f"{file.place}, [{name}]", dict(values))
        organisation = writer.find(entry, Organisation, name)
        for other in entry.entries("other"):
            writer.put(other, OrganisationName, "organisation", "text", organisation=organisation)


#: What a partnership's table holds that is told in one row: the name of its tables, the model, its key within it.
PARTS: list[tuple[str, type[Model], list[str]]] = [
    ("party", Party, ["organisation"]),
    ("sdg", SdgContribution, ["goal"]),
    ("staff", StaffContribution, ["organisation", "year", "kind", "department"]),
]


def _load_partnership(writer: Writer, entry: Entry) -> None:
    themes = entry.pop("themes")
    parts = [(model, key, entry.entries(name)) for name, model, key in PARTS]
    conventions, actions, milestones = map(entry.entries, ("convention", "action", "milestone"))
    partnership = writer.put(entry, Partnership, "slug")
    writer.relate(entry, partnership, "themes", themes)
    for model, key, rows in parts:
        for row in rows:
            writer.put(row, model, "partnership", *key, partnership=partnership)
    for convention in conventions:
        signatories = convention.pop("signatories")
        row = writer.put(convention, Convention, "slug", partnership=partnership)
        writer.relate(convention, row, "signatories", signatories)
    for action in actions:
        _load_action(writer, action, partnership)
    for milestone in milestones:
        _load_milestone(writer, milestone, partnership)


def _load_milestone(writer: Writer, entry: Entry, partnership: Partnership | None) -> None:
    organisations = entry.pop("organisations")
    milestone = writer.put(entry, Milestone, "partnership", "title", partnership=partnership)
    writer.relate(entry, milestone, "organisations", organisations)


def _load_action(writer: Writer, entry: Entry, partnership: Partnership) -> None:
    indicators = entry.entries("indicator")
    action = writer.put(entry, Action, "partnership", "title", partnership=partnership)
    for indicator in indicators:
        writer.put(indicator, Indicator, "action", "name", action=action)
