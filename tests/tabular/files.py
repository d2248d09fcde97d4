"""Files made for the tests: CSV as bytes, workbooks, and workbooks tampered with."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import xlsxwriter


def workbook(*rows: list[Any], sheet: str = "Feuille 1", **more: list[list[Any]]) -> bytes:
    """A workbook of these rows, and of more sheets by name; strings stay strings, but `=…` is a formula."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        for name, cells in {sheet: rows, **more}.items():
            page = book.add_worksheet(name)
            for line, row in enumerate(cells):
                page.write_row(line, 0, row)
    return buffer.getvalue()


def tampered(data: bytes, change: Callable[[str, bytes], bytes], *, lie: int | None = None) -> bytes:
    """The workbook with each part passed through `change`; `lie` is the size that the archive declares of each."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
        if lie is not None:
            for info in new.filelist:
                info.file_size = lie
    return buffer.getvalue()


def in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    """A change of the first sheet's XML."""
    return lambda name, content: content.replace(old, new) if name.endswith("sheet1.xml") else content
