"""What is read of CSV and XLSX files, and what each refusal says."""

import datetime
import io
import resource
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aect.tabular.reading import Table, Unreadable, column_letters, is_mojibake, read_table, wrong_cell
from tests.tabular.files import in_sheet, tampered, workbook


def read(data: bytes, name: str = "a.csv", **more) -> Table:
    return read_table(io.BytesIO(data), name, **more)


def cells(table: Table) -> list[list[str]]:
    assert not any(row.surplus for row in table.rows)
    return [row.cells for row in table.rows]


def refusal(data: bytes, name: str = "a.csv") -> str:
    with pytest.raises(Unreadable) as refused:
        read(data, name)
    return str(refused.value)


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_csv_of_every_sort_reads_alike(encoding, delimiter, ending):
    lines = [["Nom", "Été"], ["Orléans", '"à, b; c"'], ["", ""], ["Œuvre", '"deux\nlignes"']]
    text = ending.join(delimiter.join(line) for line in lines) + ending
    table = read(text.encode(encoding))
    assert table.header == ["Nom", "Été"]
    assert cells(table) == [["Orléans", "à, b; c"], ["Œuvre", "deux\nlignes"]]
    assert table.notes == []
    assert [row.line for row in table.rows] == [2, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_line_that_tells_excel_its_separator_is_no_header(delimiter):
    table = read(f"sep={delimiter}\r\nnom{delimiter}ville\r\na{delimiter}b\r\n".encode())
    assert (table.header, [*table.rows]) == (["nom", "ville"], [(3, ["a", "b"], [])])


def test_windows_1252_is_read_and_said():
    table = read("nom;côté\nL’Haÿ;œuvre\n".encode("cp1252"))
    assert cells(table) == [["L’Haÿ", "œuvre"]]
    assert "Windows-1252" in table.notes[0]


def test_bytes_of_no_known_encoding_are_refused_with_their_line():
    assert "Ligne 2" in refusal(b"nom\n\x81\x8d\n")
    assert "Ligne 1" in refusal(b"\xff\xfea")


def test_damaged_accents_are_told_and_true_ones_left_alone():
    assert "UTF-8" in wrong_cell("Orl\u00c3\u00a9ans")
    assert not any(map(wrong_cell, ["Orléans", "SÃO TOMÉ", "« IRMÃ »"]))


@pytest.mark.parametrize(
    "cell", ["#N/A", "#N/D", "#REF!", "#NOM ?", "#VALEUR!", "#¡DIV/0!", "#¿NOMBRE?", "#DIV/0! ", "##########"]
)
def test_what_a_spreadsheet_writes_for_a_value_that_it_lacks_is_refused(cell):
    assert "formule" in wrong_cell(cell)
    assert wrong_cell(f"Un {cell}") == wrong_cell("#1") == wrong_cell("# N/A") == wrong_cell("###") == ""


@given(st.text(alphabet="abcéèàùçôîœÉ’«»– ", min_size=1))
def test_any_french_text_damaged_once_is_recognised(text):
    try:
        damaged = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    assert is_mojibake(damaged) is (not text.isascii())
    assert not is_mojibake(text)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "vide"),
        (b"\n\n;;\n", "aucune ligne"),
        (b"nom\n", "en-tête"),
        (b"nom;Nom\na;b\n", "Deux colonnes"),
        (b"nom;;ville\na;b;c\n", "colonne B"),
        (b"nom;ville\na;b\x00c\n", "Ligne 2"),
        (b'nom;ville\na;b\n"c;d\ne;f\n', "Ligne 3"),
        (b'nom\n"a"b\n', "Ligne 2"),
        (b";".join(b"c%d" % n for n in range(100_000)) + b"\nx", "100000 colonnes"),
        (b"nom\n" + b"a\n" * 100_001, "plus de 100000 lignes"),
        (b"PK\x03\x04 not a csv", "contenu"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "mot de passe"),
    ],
)
def test_a_csv_that_cannot_be_read_says_where_and_what_is_accepted(data, words):
    assert words in refusal(data)


def test_limits_are_settings(settings):
    settings.IMPORT_MAX_BYTES = 10
    assert "10\u00a0octets" in refusal(b"nom\n" + b"a" * 10)


def test_a_row_that_ends_early_is_completed_and_one_that_goes_on_says_so():
    rows = read(b"a,b\n1\n1,2,3,,4\n1,2,,\n").rows
    assert [(row.cells, row.surplus) for row in rows] == [(["1", ""], []), (["1", "2"], ["3", "4"]), (["1", "2"], [])]


def test_a_cell_too_long_is_refused(settings):
    settings.IMPORT_MAX_CELL = 10
    assert wrong_cell("x" * 10) == ""
    assert "11 caractères ; 10" in wrong_cell("x" * 11)


def test_an_extension_is_asked_for():
    assert ".xlsx" in refusal(b"a", "a.pdf")
    assert "contenu" in refusal(b"nom\na\n", "a.xlsx")


# XLSX


def test_a_workbook_reads_as_one_would_type_it():
    data = workbook(
        ["Texte", "Nombre", "Date", "Instant", "Vrai", "Formule"],
        [
            "  é ",
            3,
            datetime.date(2015, 7, 15),
            datetime.datetime(2015, 7, 15, 8, 30),  # noqa: DTZ001  # spreadsheets know no zone
            True,
            "=1+1",
        ],
        [],
        ["=2+3", 0.25, 1e20, "", False, ""],
    )
    table = read(data, "a.XLSX")
    assert cells(table) == [
        ["  é ", "3", "2015-07-15", "2015-07-15T08:30:00", "true", "0"],
        ["0", "0.25", "100000000000000000000", "", "false", ""],
    ]
    assert [row.line for row in table.rows] == [2, 4]
    assert table.notes == []


def test_the_sheet_named_like_the_kind_is_read_else_the_first():
    data = workbook(["a"], ["premier"], Conventions=[["a"], ["second"]])
    assert cells(read(data, "a.xlsx", sheet="conventions")) == [["second"]]
    table = read(data, "a.xlsx", sheet="actions")
    assert cells(table) == [["premier"]]
    assert "Feuille 1" in table.notes[0]


def test_a_formula_in_error_is_told_in_the_sheet_that_is_read():
    wrong = [["nom", "part"], ["a", 1], ["b", 2]]
    data = tampered(workbook(*wrong), in_sheet(b"<v>2</v></c></row>", b"<v>#DIV/0!</v></c></row>"))
    data = tampered(data, in_sheet(b'<c r="B3">', b'<c r="B3" t="e"><f>1/0</f>'))
    assert cells(read(data, "a.xlsx")) == [["a", "1"], ["b", "#DIV/0!"]]
    assert cells(read(workbook(*wrong), "a.xlsx")) == [["a", "1"], ["b", "2"]]


def test_a_nul_in_a_workbook_is_left_out():
    data = tampered(workbook(["nom"], ["aXb"]), lambda name, content: content.replace(b"aXb", b"a_x0000_b"))
    assert cells(read(data, "a.xlsx")) == [["ab"]]


BOMB = b"0" * (20 << 20)
SMALL = workbook(["nom", "part"], ["a", 1])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + b"rubbish" * 50, "abîmé"),
        (SMALL[: len(SMALL) // 2], "abîmé"),
        (tampered(SMALL, lambda name, content: b"" if "workbook.xml" in name else content), "abîmé"),
        (tampered(SMALL, in_sheet(b'r="B2"', b'r="XFD1048576"')), "ligne 1048576"),
        (tampered(SMALL, in_sheet(b'r="B2"', b'r="XFD2"')), "colonne n° 16384"),
        (tampered(SMALL, in_sheet(b'r="B2"', b'r="GR60000"')), "plus de 1500000 cellules"),
        (tampered(SMALL, in_sheet(b'<c r="B2">', b"<c></c>" * 300 + b"<c>")), "colonne n°"),
        (
            tampered(
                SMALL,
                lambda name, content: (
                    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
                    + content.split(b"?>", 1)[1]
                    if name.endswith("sharedStrings.xml")
                    else content
                ),
            ),
            "entités",
        ),
        (
            tampered(SMALL, lambda name, content: b"<a>%s</a>" % (BOMB * 6) if "app.xml" in name else content),
            "Décompressé",
        ),
        (tampered(SMALL, lambda name, content: BOMB if "app.xml" in name else content, lie=100), "abîmé"),
    ],
)
def test_a_hostile_workbook_is_refused_in_bounded_time_and_memory(data, words):
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert words in refusal(data, "a.xlsx")
    assert time.monotonic() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024


def test_formulas_of_a_csv_are_text():
    assert cells(read(b"nom\n=1+1\n@cmd\n1e3000000\n")) == [["=1+1"], ["@cmd"], ["1e3000000"]]


@given(
    st.lists(
        st.lists(st.one_of(st.text(max_size=8), st.sampled_from(['"', ",", ";", "\r\n", "\x00", "Ã©"])), max_size=4)
    )
)
def test_no_text_at_all_breaks_the_reading(rows):
    text = "\n".join(";".join(row) for row in rows)
    try:
        table = read(text.encode("utf-8", "surrogatepass"))
    except Unreadable:
        return
    assert all(len(row.cells) == len(table.header) for row in table.rows)


def test_columns_are_named_as_a_spreadsheet_does():
    assert [column_letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
