"""The real reference data, loaded once for this module."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from stdnum.fr import siren

from aect.journal.models import Line
from aect.journal.views import MOST_IN_FILE
from funding.models import AidType, Channel, DacListing, FinanceType, FlowType, PurposeCode
from partnerships.choices import OrganisationKind
from partnerships.models import Country, Identifier, Organisation
from tests import factories

COUNTED = [Country, Organisation, Identifier, PurposeCode, AidType, FinanceType, FlowType, Channel, DacListing]


def by_code(code: str) -> Organisation:
    return Organisation.objects.get(identifiers__code=code)


def fingerprint() -> list[tuple]:
    """Every row of every table that the command writes, as one number a table."""
    with connection.cursor() as cursor:
        rows = []
        for model in COUNTED:
            table = model._meta.db_table
            cursor.execute(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")  # noqa: S608
            rows.append((table, *cursor.fetchone()))
    return rows


@pytest.mark.usefixtures("reference", "db")
class TestReference:
    def test_a_second_run_changes_nothing_and_says_so(self):
        before, out = fingerprint(), StringIO()
        call_command("load_reference", stdout=out)
        assert fingerprint() == before
        assert all(line.endswith("nothing to change") for line in out.getvalue().splitlines())

    def test_a_row_that_people_changed_stays_as_they_left_it(self):
        paris = by_code("217500016")
        Organisation.objects.filter(pk=paris.pk).update(name="Paname", slug="paname", latitude=48.8, longitude=2.3)
        out = StringIO()
        call_command("load_reference", stdout=out)
        assert "French authorities: 36335 read, 1 left to people, nothing to change" in out.getvalue()
        paris.refresh_from_db()
        assert (paris.name, paris.slug, paris.latitude) == ("Paname", "paname", 48.8)

    def test_the_journal_gives_what_was_loaded_as_a_file(self, client):
        """One line for each row, of which there are more than a hundred thousand; a kind of few is written here."""
        assert 100_000 < Line.objects.count() < MOST_IN_FILE / 2
        client.force_login(factories.UserFactory(role="administrator"))
        response = client.get("/journal/export.csv?fiche=partnerships.country")
        assert response.status_code == 200
        count = Country.objects.count()
        assert b"".join(response.streaming_content).count(b"\n") == count + 1

    def test_what_the_file_does_not_know_is_not_erased(self):
        Organisation.objects.filter(pk=by_code("217500016").pk).update(population=2_100_000)
        call_command("load_reference", stdout=StringIO())
        assert by_code("217500016").population == 2_100_000

    def test_paris_is_one_organisation_with_three_codes(self):
        paris = by_code("217500016")
        assert dict(paris.identifiers.values_list("scheme", "code")) == {
            "siren": "217500016",
            "cog_commune": "75056",
            "cog_departement": "75",
        }
        assert paris.name == "Paris"
        assert paris.kind == OrganisationKind.SPECIAL_STATUS
        assert paris.region.name == "Île-de-France"
        assert Organisation.objects.filter(name="Paris").count() == 1

    @pytest.mark.parametrize(
        ("scheme", "code", "name", "kind", "region"),
        [
            ("siren", "241700434", "CA de La Rochelle", "ca", "Nouvelle-Aquitaine"),
            ("siren", "200071827", "CA du Grand Angoulême", "ca", "Nouvelle-Aquitaine"),
            ("siren", "243300316", "Bordeaux Métropole", "metropole", "Nouvelle-Aquitaine"),
            ("siren", "210600292", "Cannes", "commune", "Provence-Alpes-Côte d’Azur"),
            ("cog_commune", "11069", "Carcassonne", "commune", "Occitanie"),
            ("inegi", "09", "Ciudad de México", "mx_state", None),
            ("inegi", "04", "Estado de Campeche", "mx_state", None),
            ("inegi", "04002", "Campeche", "mx_municipality", "Estado de Campeche"),
            ("inegi", "11015", "Guanajuato", "mx_municipality", "Estado de Guanajuato"),
            ("inegi", "14120", "Zapopan", "mx_municipality", "Estado de Jalisco"),
            ("inegi", "12001", "Acapulco de Juárez", "mx_municipality", "Estado de Guerrero"),
        ],
    )
    def test_the_founding_parties_are_there(self, scheme, code, name, kind, region):
        held = Organisation.objects.get(identifiers__code=code, identifiers__scheme=scheme)
        assert (held.name, held.kind, held.region and held.region.name) == (name, kind, region)

    def test_every_french_authority_has_a_valid_siren(self):
        french = Organisation.objects.filter(country="FR").count()
        sirens = list(Identifier.objects.filter(scheme="siren").values_list("code", flat=True))
        assert len(sirens) == french == 36_335
        assert all(map(siren.is_valid, sirens))

    def test_mexico_is_whole(self):
        kinds = Organisation.objects.filter(country="MX")
        assert kinds.filter(kind="mx_state").count() == 32
        assert kinds.filter(kind="mx_municipality", region__isnull=False).count() == 2462
        assert kinds.filter(kind="mx_alcaldia", region__name="Ciudad de México").count() == 16

    def test_a_voluntary_code_counts_under_its_parent(self):
        assert PurposeCode.objects.get(pk="15185").parent_id == "15112"
        assert PurposeCode.objects.filter(parent="93010").count() == 8

    def test_withdrawn_codes_stay(self):
        assert PurposeCode.objects.get(pk="11322").withdrawn_on.year == 2019
        assert FlowType.objects.get(pk="20").withdrawn_on.year == 2015

    def test_the_defaults_of_a_line_exist(self):
        assert AidType.objects.filter(pk="C01").exists()
        assert FinanceType.objects.filter(pk="110").exists()
        assert FlowType.objects.filter(pk="10").exists()
        assert Channel.objects.get(pk="11002").parent_id == "11000"

    @pytest.mark.parametrize(
        ("country", "year", "group"),
        [
            ("MX", 2018, "UMIC"),
            ("MX", 2024, "UMIC"),
            ("CL", 2017, "UMIC"),
            ("CL", 2018, None),
            ("SC", 2018, None),
            ("UY", 2018, None),
            ("CK", 2019, "UMIC"),
            ("CK", 2020, None),
            ("AG", 2021, "UMIC"),
            ("AG", 2022, None),
            ("SN", 2020, "LDC"),
            ("SY", 2024, "LIC"),
            ("PS", 2018, "LMIC"),
            ("XK", 2020, "UMIC"),
            ("SS", 2010, None),
            ("FR", 2018, None),
            ("US", 2018, None),
        ],
    )
    def test_the_dac_list_of_a_year(self, country, year, group):
        listing = DacListing.objects.in_year(year).filter(country=country).first()
        assert (listing and listing.income_group) == group

    def test_a_dac_entry_says_where_it_comes_from(self):
        assert not DacListing.objects.filter(origin="").exists()
        assert DacListing.objects.get(country="MX").dac_code == 358

    def test_countries_have_three_names(self):
        mexico = Country.objects.get(pk="MX")
        assert (mexico.name_fr, mexico.name_es, mexico.name_en) == ("Mexique", "México", "Mexico")
        assert mexico.zone == "Amérique centrale"
