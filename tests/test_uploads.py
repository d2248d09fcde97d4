"""Which files are taken to be kept: extension and content must agree."""

import hashlib
import io
import zipfile

import pytest
from django.core.exceptions import ValidationError

from aect import uploads

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
JPEG = b"\xff\xd8\xff\xe0" + bytes(8)


def archive(*names: str, stored: dict[str, str] | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, text in (stored or {}).items():
            file.writestr(zipfile.ZipInfo(name), text)
        for name in names:
            file.writestr(name, "<x/>")
    return made.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml")
ODT = archive("content.xml", stored={"mimetype": "application/vnd.oasis.opendocument.text"})
ODS = archive("content.xml", stored={"mimetype": "application/vnd.oasis.opendocument.spreadsheet"})
SAMPLES = {
    "a.pdf": PDF,
    "a.png": PNG,
    "a.jpg": JPEG,
    "a.jpeg": JPEG,
    "a.docx": DOCX,
    "a.xlsx": XLSX,
    "a.odt": ODT,
    "a.ods": ODS,
    "a.csv": "année;montant\n2025;3\n".encode(),
}


def check(name: str, content: bytes, most: int = 10_000) -> uploads.Accepted:
    return uploads.check(io.BytesIO(content), name, most_bytes=most)


def test_each_kind_is_taken_under_its_own_name_and_no_other():
    accepted = {(name, of) for name in SAMPLES for of, content in SAMPLES.items() if takes(name, content)}
    assert accepted == {(name, name) for name in SAMPLES} | {("a.jpg", "a.jpeg"), ("a.jpeg", "a.jpg")}


def takes(name: str, content: bytes) -> bool:
    try:
        return bool(check(name, content))
    except ValidationError:
        return False


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("a.html", b"<!doctype html>"),
        ("a.csv", b"\xef\xbb\xbf  <!doctype html><script>alert(1)</script>"),
        ("a.csv", b"a\0b"),
        ("a.pdf.exe", PDF),
        ("a.pdf", b" %PDF-1.7"),
        ("a", PDF),
        (".pdf", PDF),
        ("a.zip", DOCX),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("a.docx", b"PK\x03\x04 cut short"),
        ("a.odt", archive("content.xml", "mimetype")),
        ("a.pdf", b""),
        ("a.pdf", PDF * 1000),
    ],
)
def test_what_a_browser_would_run_or_what_lies_is_refused(name, content):
    assert not takes(name, content)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\moi\\Budget 2025.pdf", "Budget 2025.pdf"),
        ("de\u0301libe\u0301ration.pdf", "délibération.pdf"),
        ("facture\u202efdp.exe.pdf", "facture fdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_a_name_is_neutralised(name, kept):
    assert check(name, PDF).name == kept


def test_what_is_kept_of_a_file():
    accepted = check("a.pdf", PDF)
    assert accepted.size == len(PDF)
    assert accepted.sha256 == hashlib.sha256(PDF).hexdigest()


def test_an_archive_of_too_many_files_is_not_listed(monkeypatch):
    """Listing what 10 MB of a directory name took a worker for seconds; what the directory's end says may lie."""
    monkeypatch.setattr(uploads, "MOST_MEMBERS", 2)
    assert uploads.members(io.BytesIO(DOCX)) == ["[Content_Types].xml", "word/document.xml"]
    many = io.BytesIO(archive("a", "b", "c"))
    monkeypatch.setattr(uploads.zipfile, "ZipFile", None)  # reading it fails
    assert uploads.members(many) == []
