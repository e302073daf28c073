"""Makes one file in this process as a worker does: prints its peak MB above idle, its seconds, its
rows and its MB."""

import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import django


def status(field: str) -> float:
    """MB of this process, by a field of its status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def make(
    name: str, about: int | None, person: int, kind: str, warm: str
) -> tuple[float, float, int, float]:
    from accounts.models import Membership

    finance = Membership.objects.select_related("team", "user").get(pk=person)
    made(finance, name, about, kind, warm)  # what any worker has done by then
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    idle, begun = status("VmRSS"), time.perf_counter()
    file = made(finance, name, about, kind, "")
    seconds, peak = time.perf_counter() - begun, status("VmHWM")
    rows = lines_of(file) if kind == "csv" else rows_of(file)
    return peak - idle, seconds, rows - 1, file.stat().st_size / 1e6


def made(finance: Any, name: str, about: int | None, kind: str, query: str) -> Path:
    """The file of a list, for somebody."""
    from django.conf import settings
    from django.http import QueryDict
    from django.utils import timezone

    from ledger.exports.listings import Asked, listing
    from ledger.models import Export
    from ledger.operations.exporting import ask, make_next

    now, there, asked = timezone.now(), listing(name), QueryDict(query)
    table = there.table(Asked(finance, asked, now, about))
    export = ask(
        membership=finance,
        listing=there,
        table=table,
        about=about,
        query=asked,
        format_=kind,
        now=now,
    )
    make_next()
    ready = Export.objects.get(pk=export.pk)
    if not ready.is_there:
        raise RuntimeError(f"{ready.state}: {ready.problem}")
    return Path(settings.EXPORTS_DIR) / ready.file


def lines_of(file: Path) -> int:
    with file.open("rb") as read:
        return sum(piece.count(b"\n") for piece in iter(lambda: read.read(1 << 20), b""))


def rows_of(file: Path) -> int:
    """The sheets' rows, without taking them into memory."""
    found, rest = 0, b""
    with zipfile.ZipFile(file) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
        while piece := sheet.read(1 << 20):
            found += (rest + piece).count(b"<row")
            rest = piece[-3:]
    return found


if __name__ == "__main__":
    django.setup()
    name, about, person, kind, warm = sys.argv[1:]
    figures = make(name, int(about) or None, int(person), kind, warm)
    print(*figures)  # noqa: T201 - the line is what it is for
