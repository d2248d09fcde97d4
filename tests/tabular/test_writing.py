"""Files to the byte, and workbooks as a spreadsheet reads them."""

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from aect.fields import PartialDate
from aect.tabular.writing import Column, File, QueryCsv, RowsCsv, Workbook
from partnerships.choices import OrganisationKind
from partnerships.models import Source
from tests import factories

COLUMNS = [
    Column("name", "Nom"),
    Column("kind", "Type", labels=OrganisationKind),
    Column("people", "Population", "integer"),
    Column("amount", "Montant (€)", "amount"),
    Column("signed", "Signée", "date"),
    Column("public", "Publique", "flag"),
]
ROWS = [
    ["=1+1", "ca", 12, Decimal("1234.50"), date(2015, 7, 5), True],
    ['-à; "x",\r\nsuite', "", None, None, PartialDate(date(2015, 7, 1), "month"), False],
    [None, None, 0, Decimal("-1.00"), PartialDate(date(1899, 1, 1), "year"), None],
]


def written(file: File) -> bytes:
    out = io.BytesIO()
    file.write(out)
    return out.getvalue()


def test_standard_is_raw_to_the_byte():
    assert written(RowsCsv(filename="x.csv", columns=COLUMNS, rows=ROWS)).decode() == (
        "name,kind,people,amount,signed,public\n"
        "=1+1,ca,12,1234.50,2015-07-05,true\n"
        '"-à; ""x"",\r\nsuite",,,,2015-07,false\n'
        ",,0,-1.00,1899,\n"
    )


def test_excel_fr_is_for_readers_to_the_byte():
    assert written(RowsCsv(filename="x.csv", columns=COLUMNS, rows=ROWS, profile="excel-fr")).decode() == (
        "\ufeffNom;Type;Population;Montant (€);Signée;Publique\r\n"
        "'=1+1;Communauté d’agglomération;12;1234,50;05/07/2015;oui\r\n"
        '"\'-à; ""x"",\r\nsuite";;;;07/2015;non\r\n'
        ";;0;-1,00;1899;\r\n"
    )


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_excel_fr_takes_no_text_for_a_formula(db, text):
    factories.SourceFactory(title=text)
    column = [Column("title", text)]
    by_us = RowsCsv(filename="x.csv", columns=column, rows=[[text]], profile="excel-fr")
    rows = Source.objects.values_list("title")
    by_copy = QueryCsv(filename="x.csv", columns=column, rows=rows, selected=("title",), profile="excel-fr")
    for file in (by_us, by_copy):
        cells = [
            row[0] for row in csv.reader(io.StringIO(written(file).decode("utf-8-sig"), newline=""), delimiter=";")
        ]
        assert [cell[0] for cell in cells] == ["'", "'"]
        assert [cell[1:].strip() for cell in cells] == [text.strip()] * 2


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)))
def test_any_text_is_read_back_as_it_was(texts):
    text = written(RowsCsv(filename="x.csv", columns=COLUMNS[:1], rows=[[text] for text in texts])).decode()
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [[text] for text in texts]


def test_a_row_must_fit_the_columns():
    with pytest.raises(ValueError, match="shorter"):
        written(RowsCsv(filename="x.csv", columns=COLUMNS, rows=[["seul"]]))


def sheets(file: File) -> dict[str, list]:
    book = load_workbook(io.BytesIO(written(file)))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_types_what_it_can_and_never_holds_a_formula():
    found = sheets(Workbook(filename="x.xlsx", columns=COLUMNS, rows=ROWS, title="Lignes", about=[("Filtre", "=2")]))
    header, first, second, third = found["Lignes"]
    assert header == [column.header for column in COLUMNS]
    assert first == ["=1+1", "Communauté d’agglomération", 12, 1234.5, date(2015, 7, 5), "oui"]
    assert second == ['-à; "x",\r\nsuite', "", "", "", "07/2015", "non"]
    assert third == ["", "", 0, -1, "1899", ""]
    assert found["À propos"] == [["Filtre", "=2"]]


def test_what_is_typed_below_texts_and_dates_stays_as_typed():
    """Excel makes 1 July of `07/2015`, and 1020 of `01020`, where the column says nothing."""
    kinds = ["text", "integer", "date"]
    columns = [Column(kind, kind, kind) for kind in kinds]
    data = written(Workbook(filename="x.xlsx", columns=columns, rows=[], title="x"))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        styles = re.findall(r"<col [^>]*>", book.read("xl/worksheets/sheet1.xml").decode())
        assert 'formatCode="@"' in book.read("xl/styles.xml").decode()
    assert ["style=" in style for style in styles] == [True, False, True]


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("integer", 10**15, "1000000000000000"),
        ("date", date(1899, 12, 31), "31/12/1899"),
        ("text", "https://example.test/", "https://example.test/"),
        ("text", "x" * 32_767, "x" * 32_767),
        ("text", "x" * 32_768, "x" * 32_766 + "…"),
        ("text", "a\x01b\x0bc", "a\x01b\x0bc"),
        ("text", "{=1+1}", "{=1+1}"),
        ("text", "007", "007"),
    ],
)
def test_what_a_spreadsheet_cannot_hold_stays_text(kind, value, read):
    book = Workbook(filename="x.xlsx", columns=[Column("x", "X", kind)], rows=[[value]], title="x")
    assert sheets(book)["x"][1] == [read]
