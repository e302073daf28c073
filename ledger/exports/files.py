"""Rows are written into a file on disk, one by one, so that no list is too long for memory."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

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
    file: IO[bytes],
    format_: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    beside: Path | None = None,
) -> None:
    """What has to be written down on the way goes into a folder of its own: beside the file, in
    whose name it begins, or where temporary files go."""
    if format_ == XLSX:
        name, folder = (f"{beside.stem}-", beside.parent) if beside else (None, None)
        _write_xlsx(file, head, rows, TemporaryDirectory(prefix=name, dir=folder))
    else:
        _write_csv(file, head, rows)


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


def _write_xlsx(
    file: IO[bytes],
    head: Sequence[str],
    rows: Iterable[Sequence[Value]],
    place: TemporaryDirectory[str],
) -> None:
    """In as many sheets as it takes. A row leaves the memory when the next one begins, for a
    folder that goes whatever happens but a `kill -9`."""
    with place as folder:
        book = Workbook(file, {"constant_memory": True, "use_zip64": True, "tmpdir": folder})
        sheets = _Sheets(book, head)
        for row in rows:
            sheets.append(row)
        try:
            book.close()
        except FileCreateError as wrapped:  # says of every OSError no more than that there was one
            raise OSError(*wrapped.args[0].args) from wrapped


class _Sheets:
    """Each with the titles in a row that stays in sight."""

    def __init__(self, book: Workbook, head: Sequence[str]) -> None:
        self._book, self._head = book, head
        self._bold = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = book.add_format({"num_format": "yyyy-mm-dd h:mm:ss"})
        self._begin()

    def append(self, row: Sequence[Value]) -> None:
        if self._row == SHEET_LIMIT:
            self._begin()
        sheet, place = self._sheet, self._row
        for column, value in enumerate(map(as_cell, row)):
            if isinstance(value, str):
                sheet.write_string(place, column, value)
            elif isinstance(value, datetime):
                sheet.write_datetime(place, column, value, self._time)
            elif isinstance(value, date):
                sheet.write_datetime(place, column, value, self._day)
            elif value is not None:
                sheet.write_number(place, column, value)
        self._row += 1

    def _begin(self) -> None:
        self._sheet, self._row = self._book.add_worksheet(), 1
        self._sheet.freeze_panes(1, 0)
        for column, title in enumerate(self._head):
            self._sheet.write_string(0, column, title, self._bold)
