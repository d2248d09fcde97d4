"""Brings `fixtures/` into the registry: countries, local authorities, and the founding cases."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import cast

from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.utils.text import slugify
from stdnum.fr import siren

from aect.fixtures import (
    WHOLE_NUMBER,
    Column,
    Entry,
    Writer,
    code,
    one_of,
    optional,
    read_csv,
    read_toml,
    require,
    stage,
    text,
    upsert,
)
from aect.loading.merging import BadFixture, Changes, Loader, Told, deleted_before, nobody
from aect.loading.models import LoadedRow, Origin
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


def load_countries(loader: Loader, folder: Path) -> Changes:
    path = folder / "countries.csv"
    rows = {row["iso2"]: row for row in read_csv(path, COUNTRIES, unique=[["iso2"], ["iso3"]])}
    loader.standing[Country] = held = Country.objects.in_bulk()
    for code_, row in rows.items():
        place, values = f"{path.name}, line {row.pop('line')}", dict(row)
        former = partial(deleted_before, Country, {"iso2": code_})
        loader.put(Told(Country, [code_], values, place, partial(held.get, code_), former))
    loader.drop_unseen(Country)
    return loader.changes[Country]


def load_french_authorities(loader: Loader, cursor: CursorWrapper, folder: Path) -> Changes:
    path = folder / "french_collectivities.csv.gz"
    rows = read_csv(path, FRENCH, unique=[["siren"], *([name] for name in COG)])
    return _load_authorities(loader, cursor, path, map(_french, rows), country="FR", scheme="siren", area="region")


def load_mexican_authorities(loader: Loader, cursor: CursorWrapper, folder: Path) -> Changes:
    path = folder / "mexican_authorities.csv.gz"
    rows = read_csv(path, MEXICAN, unique=[["inegi"]])
    return _load_authorities(loader, cursor, path, map(_mexican, rows), country="MX", scheme="inegi", area="state")


def _french(row: dict[str, str]) -> dict[str, str]:
    slug = f"{slugify(row['name'])[:120]}-{row['siren']}"
    return {**row, "slug": slug, "area": row["region"], "as_area": row["cog_region"], "inegi": ""}


def _mexican(row: dict[str, str]) -> dict[str, str]:
    slug = f"{slugify(row['name'])[:120]}-mx{row['inegi']}"
    as_area = row["inegi"] if len(row["inegi"]) == 2 else ""
    return {**row, "slug": slug, "area": row["state"], "as_area": as_area, "siren": "", **dict.fromkeys(COG, "")}


#: Facts of an authority that are written when it is made, and stay.
ONCE = frozenset({"slug"})


def reference_loader() -> Loader:
    """Knows the countries at once; of the many authorities, those that need a look are added on the way."""
    rows = LoadedRow.objects.filter(origin=Origin.REFERENCE)
    return Loader(Origin.REFERENCE, rows.exclude(model=Organisation._meta.label_lower))


def _load_authorities(
    loader: Loader,
    cursor: CursorWrapper,
    path: Path,
    rows: Iterator[Mapping[str, str]],
    *,
    country: str,
    scheme: str,
    area: str,
) -> Changes:
    """An authority is known by its official code; its id and its address (the slug) then stay as they are.

    Those that are new, or that nobody changed, are written all at once; the few others one by one.
    """
    stage(cursor, "staged_rows", [*AUTHORITY, *COG], rows)
    known_areas = "SELECT as_area FROM staged_rows WHERE as_area IS NOT NULL"
    require(cursor, path, "staged_rows", "area", known_areas, named=area)
    cursor.execute(_COMPARED, {"scheme": scheme, "country": country, "origin": Origin.REFERENCE})
    cursor.execute(_JUDGED)
    columns = {name: name for name in ("id", "slug", "name", "kind", "country_id", "region_id", "population")}
    told = {"description": "''", "source_place": "''"}
    changes = upsert(cursor, Organisation, "staged_organisations", columns | told, key=["id"], keep=["slug", *told])
    codes = {name: name for name in ("organisation_id", "scheme", "code")}
    changes.changed += upsert(cursor, Identifier, "staged_codes", codes, key=["organisation_id", "scheme"]).changed
    cursor.execute(_REMEMBERED, {"origin": Origin.REFERENCE})
    loader.changes[Organisation] = changes
    loader.drop(LoadedRow.objects.raw(_DROPPED, {"origin": Origin.REFERENCE, "start": f'["{scheme}", %'}))
    _put_with_people(loader, cursor, path)
    cursor.execute("SELECT count(*), count(*) FILTER (WHERE verdict = 'same' AND is_kept) FROM compared")
    changes.read, same_kept = cursor.fetchone()
    changes.kept += same_kept
    return changes


def _put_with_people(loader: Loader, cursor: CursorWrapper, path: Path) -> None:
    """The authorities that people changed or deleted, and those that cannot stand beside people's own."""
    cursor.execute("""
        SELECT loaded_id, key, id, former, values::text, line FROM compared
        WHERE verdict = 'people' ORDER BY as_area IS NULL, line
    """)
    rows = cursor.fetchall()
    known = LoadedRow.objects.in_bulk([loaded for loaded, *_rest in rows if loaded])
    loader.known |= {(row.model, row.key): row for row in known.values()}
    held = Organisation.objects.prefetch_related("identifiers").in_bulk([pk for _loaded, _key, pk, *_rest in rows])
    loader.standing[Organisation] = {str(pk): row for pk, row in held.items()}
    for _loaded, key, pk, former, values, line in rows:
        place = f"{path.name}, line {line}"
        found, number = partial(held.get, pk), partial(str, former) if former else nobody
        loader.put(Told(Organisation, json.loads(key), json.loads(values), place, found, number, once=ONCE))


# What the file does not know (a population, the region of a grouping that spans two) stays as the registry has it.
# `values` is what the file says of an authority, `base` what it said at the last load,
# `current` what the registry says.
_COMPARED = """
    ANALYZE staged_rows, partnerships_organisation, partnerships_identifier, loading_loadedrow;
    DROP TABLE IF EXISTS compared;
    CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
    WITH codes AS (
        SELECT organisation_id, jsonb_object_agg(scheme, code) AS told FROM partnerships_identifier GROUP BY 1
    )
    SELECT staged.*, staged.key_text AS key, %(country)s::varchar AS country_id, loaded.id AS loaded_id,
           loaded.values AS base, loaded.object_id, organisation.id IS NOT NULL AS is_there,
           COALESCE(organisation.id, loaded.object_id::bigint,
                    nextval(pg_get_serial_sequence('partnerships_organisation', 'id'))) AS id,
           organisation.version AS version_here, organisation.population AS population_here,
           organisation.region_id AS region_here,
           jsonb_build_object('name', organisation.name, 'kind', organisation.kind, 'country', organisation.country_id,
               'region', organisation.region_id, 'population', organisation.population)
               || COALESCE(codes.told, '{}') AS current,
           NULL::bigint AS area_id, NULL::bigint AS former, NULL::jsonb AS values, NULL::text AS verdict,
           false AS is_kept
    FROM (
        SELECT *, jsonb_build_array(%(scheme)s::text, COALESCE(siren, inegi))::text AS key_text FROM staged_rows
    ) AS staged
    LEFT JOIN loading_loadedrow AS loaded
           ON (loaded.origin, loaded.model, loaded.key) = (%(origin)s, 'partnerships.organisation', staged.key_text)
    LEFT JOIN partnerships_organisation AS own ON own.id = loaded.object_id::bigint
    LEFT JOIN partnerships_identifier AS held
           ON held.scheme = %(scheme)s AND held.code = COALESCE(staged.siren, staged.inegi)
    LEFT JOIN partnerships_organisation AS organisation ON organisation.id = COALESCE(own.id, held.organisation_id)
    LEFT JOIN codes ON codes.organisation_id = organisation.id;
    ANALYZE compared;

    UPDATE compared AS part SET area_id = area.id FROM compared AS area WHERE area.as_area = part.area;
    UPDATE compared SET former = event.organisation_id FROM partnerships_identifierevent AS event
    WHERE NOT is_there AND loaded_id IS NULL AND event.pgh_label = 'delete'
      AND (event.scheme, event.code) = (%(scheme)s, COALESCE(siren, inegi));
    UPDATE compared SET values = jsonb_strip_nulls(jsonb_build_object(
        'slug', COALESCE(base ->> 'slug', slug), 'name', name, 'kind', kind, 'country', country_id, 'region', area_id,
        'population', population::integer, 'siren', siren, 'inegi', inegi, 'cog_commune', cog_commune,
        'cog_departement', cog_departement, 'cog_region', cog_region));
"""
# `same`: the file says what it said; `free`: nobody has changed the authority since; `people`: all that needs a look,
# what somebody saves meanwhile too.
_JUDGED = """
    DROP TABLE IF EXISTS staged_codes;
    CREATE TEMPORARY TABLE staged_codes ON COMMIT DROP AS
    SELECT staged.id AS organisation_id, held.scheme, held.code
    FROM compared AS staged
    CROSS JOIN LATERAL (VALUES ('siren', staged.siren), ('inegi', staged.inegi),
                               ('cog_commune', staged.cog_commune), ('cog_departement', staged.cog_departement),
                               ('cog_region', staged.cog_region)) AS held (scheme, code)
    WHERE held.code IS NOT NULL;
    ANALYZE staged_codes;

    UPDATE compared SET is_kept = is_there AND NOT current @> (values - 'slug'), verdict = CASE
        WHEN loaded_id IN (SELECT row_id FROM loading_difference WHERE state = 'open' OR field = '') THEN 'people'
        WHEN loaded_id IS NOT NULL AND is_there AND object_id = id::text AND base = values THEN 'same'
        WHEN id IN (
            SELECT staged.organisation_id FROM staged_codes AS staged
            JOIN partnerships_identifier AS held ON (held.scheme, held.code) = (staged.scheme, staged.code)
            WHERE held.organisation_id <> staged.organisation_id
        ) THEN 'people'
        WHEN NOT is_there AND loaded_id IS NULL AND former IS NULL
            AND NOT EXISTS (SELECT FROM partnerships_organisation AS other WHERE other.slug = compared.slug) THEN 'new'
        WHEN NOT is_there THEN 'people'
        WHEN loaded_id IS NOT NULL AND object_id = id::text AND current @> (base - 'slug') AND NOT EXISTS (
            SELECT FROM jsonb_object_keys(values) AS name WHERE NOT base ? name AND COALESCE(current ->> name, '') <> ''
        ) THEN 'free'
        WHEN current @> (values - 'slug') THEN 'free'
        ELSE 'people'
    END;
    ANALYZE compared;
    SELECT held.id FROM partnerships_organisation AS held
    WHERE id IN (SELECT id FROM compared WHERE verdict = 'free' AND is_kept) FOR NO KEY UPDATE;
    UPDATE compared SET verdict = 'people' FROM partnerships_organisation AS held
    WHERE held.id = compared.id AND held.version <> version_here AND verdict = 'free' AND is_kept;
    UPDATE compared SET verdict = 'people'
    WHERE verdict IN ('new', 'free') AND area IN (
        SELECT as_area FROM compared WHERE as_area IS NOT NULL AND NOT is_there AND verdict = 'people'
    );

    DROP TABLE IF EXISTS staged_organisations;
    CREATE TEMPORARY TABLE staged_organisations ON COMMIT DROP AS
    SELECT id, slug, name, kind, country_id, COALESCE(area_id, region_here) AS region_id,
           COALESCE(population::integer, population_here) AS population
    FROM compared WHERE verdict IN ('new', 'free');
    DELETE FROM staged_codes WHERE organisation_id NOT IN (SELECT id FROM staged_organisations);
"""
_REMEMBERED = """
    INSERT INTO loading_loadedrow AS old (origin, model, key, object_id, values)
    SELECT %(origin)s, 'partnerships.organisation', key, id::text, values FROM compared
    WHERE verdict IN ('new', 'free')
    ON CONFLICT (origin, model, key) DO UPDATE SET object_id = excluded.object_id, values = excluded.values
    WHERE (old.object_id, old.values) IS DISTINCT FROM (excluded.object_id, excluded.values)
"""
_DROPPED = """
    SELECT loaded.* FROM loading_loadedrow AS loaded
    WHERE origin = %(origin)s AND model = 'partnerships.organisation' AND key LIKE %(start)s
      AND key NOT IN (SELECT key FROM compared)
"""

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
            held = _of_register(writer, entry, scheme, entry.values.pop(scheme))
            organisation = held if held._state.adding else writer.put(entry, Organisation, "id", id=held.pk)
        else:
            identifiers = entry.entries("identifier")
            organisation = writer.put(entry, Organisation, "slug", slug=name)
            for identifier in identifiers:
                writer.put(identifier, Identifier, "organisation", "scheme", organisation=organisation)
        writer.names[Organisation][name] = organisation


def _of_register(writer: Writer, entry: Entry, scheme: str, code: str) -> Organisation:
    """The one that the reference data know by this code, even if people changed it or deleted the organisation."""
    found = writer.loader.gone(Organisation, [scheme, code])
    found = found or Organisation.objects.filter(identifiers__scheme=scheme, identifiers__code=code).first()
    if found is None:
        raise BadFixture(f"{entry.place}: no organisation has this {scheme}; run load_reference first")
    return cast(Organisation, found)


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
    partnership = writer.put(entry, Partnership, "slug", links={"themes": themes})
    for model, key, rows in parts:
        for row in rows:
            writer.put(row, model, "partnership", *key, partnership=partnership)
    for convention in conventions:
        signatories = {"signatories": convention.pop("signatories")}
        writer.put(convention, Convention, "slug", links=signatories, partnership=partnership)
    for action in actions:
        _load_action(writer, action, partnership)
    for milestone in milestones:
        _load_milestone(writer, milestone, partnership)


def _load_milestone(writer: Writer, entry: Entry, partnership: Partnership | None) -> None:
    organisations = {"organisations": entry.pop("organisations")}
    writer.put(entry, Milestone, "partnership", "title", links=organisations, partnership=partnership)


def _load_action(writer: Writer, entry: Entry, partnership: Partnership) -> None:
    indicators = entry.entries("indicator")
    action = writer.put(entry, Action, "partnership", "title", partnership=partnership)
    for indicator in indicators:
        writer.put(indicator, Indicator, "action", "name", action=action)
