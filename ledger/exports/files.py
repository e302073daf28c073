"""Rows are written into a file on disk, one by one, so that no list is too long for memory."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from ledger.exports.cells import Value, as_cell, texts

CSV, XLSX = "csv", "xlsx"
TYPES: Final = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHEET_LIMIT: Final = 1_048_576  # rows that a sheet can have, its head among them


def write(format_: str, head: Sequence[str], rows: Iterable[Sequence[Value]]) -> IO[bytes]:
    """A temporary file with the rows, at its beginning; it is gone when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        write_into(file, format_, head, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def write_into(
    file: IO[bytes], format_: str, head: Sequence[str], rows: Iterable[Sequence[Value]]
) -> None:
    (_write_xlsx if format_ == XLSX else _write_csv)(file, head, rows)


def _write_csv(file: IO[bytes], head: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    file.write(b"\xef\xbb\xbf")  # without it Excel takes it for something else than UTF-8
    text = io.TextIOWrapper(file, "utf-8", newline="")
    try:
        writer = csv.writer(text)
        writer.writerow(head)
        writer.writerows(texts(rows))
        text.flush()
    finally:
        text.detach()


def _write_xlsx(file: IO[bytes], head: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """In as many sheets as it takes."""
    book = Workbook(write_only=True)
    try:
        sheet = _sheet(book, head)
        for number, row in enumerate(rows):
            if number and number % (SHEET_LIMIT - 1) == 0:
                sheet = _sheet(book, head)
            sheet.append([as_cell(value) for value in row])
        book.save(file)
    except BaseException:
        _forget(book)
        raise


def _sheet(book: Workbook, head: Sequence[str]) -> WriteOnlyWorksheet:
    sheet = book.create_sheet()
    assert isinstance(sheet, WriteOnlyWorksheet)  # noqa: S101 - narrows the type
    sheet.freeze_panes = "A2"
    sheet.append([_bold(sheet, title) for title in head])
    return sheet


def _bold(sheet: WriteOnlyWorksheet, title: str) -> Any:
    cell = WriteOnlyCell(sheet, title)
    cell.font = Font(bold=True)
    return cell


def _forget(book: Workbook) -> None:
    """What is written so far would stay on disk for as long as the process lives."""
    for sheet in book.worksheets:
        writer: Any = getattr(sheet, "_writer", None)
        if writer is not None and Path(writer.out).exists():
            writer.cleanup()
