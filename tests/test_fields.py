import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.template import Context, Template
from django.utils import translation

from aect.fields import PartialDate, Precision, first_day, last_day, parse_amount, parse_partial_date, partial_date
from tests.factories import ConventionFactory, MilestoneFactory


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234\u00a0567,89", "1234567.89"),
        ("1\u202f234", "1234"),
        (" 0 ", "0"),
        ("-12,00", "-12"),
        ("999999999999999.99", "999999999999999.99"),
        ("1 234,50\u00a0€", "1234.50"),
        ("12 EUR", "12"),
        ("1,234.50", "1234.50"),
        ("-1,234,567.8", "-1234567.80"),
        ("1.234.567,89", "1234567.89"),
    ],
)
def test_amounts_are_read_as_people_write_them(text, amount):
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        *["", "1e5", "1e3000000", "NaN", "Infinity", "1_000", "١٢٣", "12,345", "1 23", "1,2,3", "0x10", "9" * 50_000],
        *["1,234", "1.234", "1,234,567", "1.234.50", "1,234,50", "$1,234.50", "1 234.567,00", "€"],
    ],
)
def test_what_is_no_amount_is_refused_at_once(text):
    with pytest.raises(ValidationError):
        parse_amount(text)


@pytest.mark.parametrize(
    ("precision", "shown", "last"),
    [
        ("decade", "années 2010", datetime.date(2019, 12, 31)),
        ("year", "2015", datetime.date(2015, 12, 31)),
        ("month", "juillet 2015", datetime.date(2015, 7, 31)),
        ("day", "1er juillet 2015", datetime.date(2015, 7, 1)),
    ],
)
def test_a_date_is_shown_as_exactly_as_it_is_known(precision, shown, last):
    date = first_day(datetime.date(2015, 7, 1), precision)
    with translation.override("fr"):
        assert partial_date(date, precision) == shown
    assert last_day(date, precision) == last


@pytest.mark.parametrize(
    ("language", "shown"),
    [("fr", "1er janvier 2027, 11 janvier 2027"), ("es", "1 de enero de 2027, 11 de enero de 2027")],
)
def test_templates_write_the_first_of_a_month_as_its_language_does(language, shown):
    template = Template('{{ first|date:"DATE_FORMAT" }}, {{ other|date:"DATE_FORMAT" }}{{ none|date:"DATE_FORMAT" }}')
    days = {"first": datetime.date(2027, 1, 1), "other": datetime.date(2027, 1, 11), "none": None}
    with translation.override(language):
        assert template.render(Context(days)) == shown


def test_an_unknown_date_is_empty():
    assert partial_date(None, "day") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ("NaN", "convention_provisional_amount_is_an_amount"),
        ("-0.01", "convention_provisional_amount_is_an_amount"),
        ("1e15", "numeric field overflow"),
        ("Infinity", "numeric field overflow"),
    ],
)
def test_the_database_refuses_what_is_no_amount(amount, refusal):
    pk = ConventionFactory().pk
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partnerships_convention SET provisional_amount = %s::numeric WHERE id = %s", [amount, pk]
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("date", "precision"),
    [((2015, 1, 1), "decade"), ((2015, 7, 15), "year"), ((2015, 7, 1), "year"), ((2015, 7, 15), "month")],
)
def test_the_database_refuses_a_date_that_is_finer_than_its_precision(date, precision):
    with pytest.raises(IntegrityError, match="milestone_happened_on_fits_precision"):
        MilestoneFactory(happened_on=datetime.date(*date), happened_on_precision=precision)


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2015-07-15", "2015-07-15", "day"),
        (" 15/07/2015 ", "2015-07-15", "day"),
        ("1er août 2015", "2015-08-01", "day"),
        ("15\u00a0FÉVRIER 2015", "2015-02-15", "day"),
        ("7/2015", "2015-07-01", "month"),
        ("2015-07", "2015-07-01", "month"),
        ("juillet 2015", "2015-07-01", "month"),
        ("2015", "2015-01-01", "year"),
        ("1990", "1990-01-01", "year"),
        ("1990s", "1990-01-01", "decade"),
        ("années 1990", "1990-01-01", "decade"),
        ("15-07-2015", "2015-07-15", "day"),
        ("15.7.2015", "2015-07-15", "day"),
        ("15/07/2015 00:00", "2015-07-15", "day"),
        ("2015-07-15 00:00:00", "2015-07-15", "day"),
        ("15 de julio de 2015", "2015-07-15", "day"),
        ("aout 2015", "2015-08-01", "month"),
        ("Agosto de 2015", "2015-08-01", "month"),
        ("15 July 2015", "2015-07-15", "day"),
        ("años 1990", "1990-01-01", "decade"),
        ("década de 1990", "1990-01-01", "decade"),
    ],
)
def test_dates_are_read_as_people_write_them(text, iso, precision):
    assert parse_partial_date(text) == (datetime.date.fromisoformat(iso), precision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "31/02/2015",
        "13/2015",
        "0000",
        "99999",
        "15/07/15",
        "٢٠١٥",
        "1995s",
        "2015-07-15T00:00",
        "15/07/2015 10:00",
        "15-07.2015",
        "juil 2015",
        "1/1",
    ],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValidationError, match="n’est pas une date"):
        parse_partial_date(text)


@pytest.mark.parametrize("precision", Precision)
def test_a_date_is_read_back_as_files_write_it(precision):
    told = PartialDate(first_day(datetime.date(1994, 5, 17), precision), precision)
    assert parse_partial_date(told.iso) == told
    assert parse_partial_date(told.french) == told
