"""Takes one download in this process: prints its peak MB above idle, its seconds and its lines."""

import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import django


def status(field: str) -> float:
    """MB of this process, by a field of its status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def take(wallet_id: int, membership_id: int, kind: str) -> tuple[float, float, int]:
    from django.test import Client

    from accounts.models import Membership, ProviderAccount

    finance = Membership.objects.select_related("team", "user").get(pk=membership_id)
    client = Client(headers={"host": "localhost"})
    client.force_login(finance.user)
    wallet = ProviderAccount.objects.get(pk=wallet_id)
    address = f"/t/{finance.team.slug}/wallets/{wallet.pk}"
    for warm in ("/", f"/export?format={kind}&kind=opening"):  # what any worker has done by then
        answer: Any = client.get(address + warm)
        b"".join(answer.streaming_content) if answer.streaming else None
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    idle, begun, lines = status("VmRSS"), time.perf_counter(), 0
    with TemporaryFile() as kept:
        answer = client.get(f"{address}/export?format={kind}")
        for piece in answer.streaming_content:
            lines += piece.count(b"\n") if kind == "csv" else 0
            kept.write(piece)
        seconds, peak = time.perf_counter() - begun, status("VmHWM")
        if kind == "xlsx":
            lines = rows_of(kept)
    return peak - idle, seconds, lines - 1


def rows_of(file: Any) -> int:
    """The sheet's rows, without taking it into memory."""
    found, rest = 0, b""
    with zipfile.ZipFile(file) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
        while piece := sheet.read(1 << 20):
            found += (rest + piece).count(b"<row")
            rest = piece[-3:]
    return found


if __name__ == "__main__":
    django.setup()
    wallet, finance, kind = sys.argv[1:]
    print(*take(int(wallet), int(finance), kind))  # noqa: T201 - the line is what it is for
