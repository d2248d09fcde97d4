"""What the database itself refuses, and what it says in French."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from partnerships.choices import PartyRole, Side
from partnerships.models import Country, Identifier, Indicator, Organisation, Partnership
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2015, 7, 15)


def refused(row, constraint: str, message: str) -> None:
    """The form's validation tells the reader, and the database holds without it."""
    with pytest.raises(ValidationError) as told:
        row.validate_constraints()
    assert message in str(told.value)
    with pytest.raises(IntegrityError) as held, transaction.atomic():
        row.save()
    assert constraint in str(held.value)


def convention(**fields):
    return factories.ConventionFactory.build(partnership=factories.PartnershipFactory(), **fields)


def test_convention_enters_into_force_after_transmission():
    told = "Une convention n’entre pas en vigueur avant sa transmission au préfet"
    early = convention(transmitted_on=DAY, in_force_on=DAY - datetime.timedelta(days=1))
    refused(early, "convention_in_force_after_transmission", told)
    refused(convention(in_force_on=DAY), "convention_in_force_after_transmission", told)
    convention(transmitted_on=DAY, in_force_on=DAY).save()


def test_convention_is_transmitted_after_signature_and_ends_after_it():
    before = DAY - datetime.timedelta(days=1)
    late = convention(signed_on=DAY, transmitted_on=before)
    refused(late, "convention_transmitted_after_signature", "transmise au préfet après sa signature")
    refused(
        convention(signed_on=DAY, ends_on=before), "convention_ends_after_signature", "prend fin après sa signature"
    )


@pytest.mark.parametrize("amount", ["-1", "NaN", "1e15"])
def test_amount_is_within_bounds(amount):
    row = convention(provisional_amount=Decimal(amount))
    with pytest.raises((DatabaseError, ValidationError)), transaction.atomic():
        row.save()


def test_unknown_amount_stays_unknown():
    row = convention()
    row.save()
    row.refresh_from_db()
    assert row.provisional_amount is None


@pytest.mark.parametrize(("precision", "date"), [("year", DAY), ("month", DAY), ("year", DAY.replace(day=1))])
def test_a_partly_known_date_is_the_first_day(precision, date):
    row = factories.PartnershipFactory.build(began_on=date, began_on_precision=precision)
    refused(row, "partnership_began_on_fits_precision", "le premier jour du mois")


@pytest.mark.parametrize(
    ("precision", "date", "shown"),
    [
        ("year", datetime.date(1990, 1, 1), "1990"),
        ("month", DAY.replace(day=1), "juillet 2015"),
        ("day", DAY, "15 juillet 2015"),
    ],
)
def test_a_date_is_shown_as_far_as_it_is_known(precision, date, shown):
    assert factories.PartnershipFactory(began_on=date, began_on_precision=precision).began == shown


@pytest.mark.parametrize("code", ["241700435", "24170043", "241 700 434", "²41700434"])
def test_siren_has_its_checksum(code):
    row = Identifier(organisation=factories.OrganisationFactory(), scheme="siren", code=code)
    refused(row, "identifier_siren_has_checksum", "clé de contrôle")


def test_codes_of_one_organisation_and_of_all():
    paris = factories.OrganisationFactory(name="Paris")
    for scheme, code in [("siren", "217500016"), ("cog_commune", "75056"), ("cog_departement", "75")]:
        Identifier.objects.create(organisation=paris, scheme=scheme, code=code)
    assert str(paris.main_identifier) == "SIREN 217500016"
    other = Identifier(organisation=factories.OrganisationFactory(), scheme="siren", code="217500016")
    refused(other, "identifier_code_is_unique", "appartient déjà à une organisation")
    second = Identifier(organisation=paris, scheme="cog_commune", code="75101")
    refused(second, "identifier_one_per_scheme", "déjà un code de ce registre")


def test_kind_fits_country():
    mexico = factories.CountryFactory(iso2="MX")
    row = factories.OrganisationFactory.build(kind="commune", country=mexico)
    refused(row, "organisation_kind_fits_country", "n’existe pas dans ce pays")


@pytest.mark.parametrize(("latitude", "longitude"), [(46.2, None), (91, 0), (0, 181), (float("nan"), 0)])
def test_a_place_is_on_earth(latitude, longitude):
    row = factories.OrganisationFactory.build(
        country=factories.CountryFactory(), latitude=latitude, longitude=longitude
    )
    with pytest.raises(IntegrityError, match="organisation_place_is_on_earth"), transaction.atomic():
        row.save()


def test_an_organisation_takes_part_once():
    party = factories.PartyFactory()
    row = factories.PartyFactory.build(partnership=party.partnership, organisation=party.organisation)
    refused(row, "party_takes_part_once", "prend déjà part au partenariat")


def test_status_comes_from_a_partnership_milestone():
    row = factories.MilestoneFactory.build(partnership=None, status_after="active")
    refused(row, "milestone_status_needs_partnership", "Seul un repère de partenariat")


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_indicator_is_a_finite_number(value):
    from partnerships.models import Action

    action = Action.objects.create(partnership=factories.PartnershipFactory(), title="Eau")
    with pytest.raises((DatabaseError, ValidationError)), transaction.atomic():
        Indicator.objects.create(action=action, name="Déficit", baseline=value)


def test_latest_event_gives_the_status():
    partnership = factories.PartnershipFactory()
    for year, status in [(2018, "slowed"), (2015, "active"), (2019, None)]:
        factories.MilestoneFactory(partnership=partnership, happened_on=datetime.date(year, 6, 1), status_after=status)
    assert Partnership.objects.with_status().get().status == "slowed"
    assert Partnership.objects.with_status().get().status_label == "Ralenti"


def test_search_ignores_accents_and_case():
    factories.OrganisationFactory(name="Île-de-France", kind="region")
    coded = factories.OrganisationFactory(name="CA de La Rochelle", kind="ca")
    Identifier.objects.create(organisation=coded, scheme="siren", code="241700434")
    assert Organisation.objects.matching("ILE-DE").get().name == "Île-de-France"
    assert Organisation.objects.matching("241700434").get() == coded
    assert not Organisation.objects.matching("100%").exists()


def test_another_name_stands_once_and_its_years_are_in_order():
    name = factories.OrganisationNameFactory(text="CDMX", first_year=2016, last_year=2016)
    twice = factories.OrganisationNameFactory.build(organisation=name.organisation, text="CDMX")
    refused(twice, "organisationname_stands_once", "porte déjà ce nom")
    early = factories.OrganisationNameFactory.build(organisation=name.organisation, first_year=2016, last_year=2015)
    refused(early, "organisationname_years_in_order", "ne vient pas avant la première")
    factories.OrganisationNameFactory(text="CDMX")  # of another organisation


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [(None, None, ""), (2016, None, "depuis 2016"), (None, 2016, "jusqu’en 2016"), (1991, 2000, "de 1991 à 2000")],
)
def test_a_name_tells_its_years(first, last, shown):
    assert factories.OrganisationNameFactory.build(first_year=first, last_year=last).period == shown


def test_a_succession_links_two_organisations_once():
    row = factories.SuccessionFactory(happened_on=DAY)
    assert row.happened == "15 juillet 2015"
    old, new = row.predecessor, row.successor
    for before, after in [(old, new), (new, old)]:
        again = factories.SuccessionFactory.build(predecessor=before, successor=after)
        refused(again, "succession_stands_once", "est déjà enregistrée")
    alone = factories.SuccessionFactory.build(predecessor=old, successor=old)
    refused(alone, "succession_links_two", "ne se succède pas à elle-même")
    third = factories.OrganisationFactory()
    vague = factories.SuccessionFactory.build(
        predecessor=new, successor=third, happened_on=DAY, happened_on_precision="year"
    )
    refused(vague, "succession_happened_on_fits_precision", "le premier jour du mois")
    assert set(Organisation.objects.current()) == {new, third}


def test_names_sort_without_accents():
    names = ["Zoug", "Évreux", "Eu", "éclaron", "Abbeville"]
    for name in names:
        factories.OrganisationFactory(name=name)
    found = [row.name for row in Organisation.objects.alphabetical()]
    assert found == ["Abbeville", "éclaron", "Eu", "Évreux", "Zoug"]


def test_figures_count_each_authority_once():
    lyon, leon = factories.OrganisationFactory(), factories.MexicanMunicipalityFactory()
    for _ in range(2):
        partnership = factories.PartnershipFactory()
        factories.PartyFactory(partnership=partnership, organisation=lyon)
        factories.PartyFactory(partnership=partnership, organisation=leon, side=Side.FOREIGN)
        university = factories.OrganisationFactory(kind="university")
        factories.PartyFactory(partnership=partnership, organisation=university, role=PartyRole.ACTOR)
    assert Partnership.objects.figures() == {"partnerships": 2, "french": 1, "foreign": 1, "countries": 1}


def test_country_speaks_the_reader_s_language():
    from django.utils.translation import override

    mexico: Country = factories.CountryFactory(iso2="MX")
    with override("es"):
        assert str(mexico) == "México"
    assert str(mexico) == "Mexique"
