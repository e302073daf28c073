"""A million statement rows against a million bookings, and how fast rows are kept.

A wallet of a year: seven rentals in ten were kept, three were cancelled and came back. What is
matched is decided and written, matches and all. Where they are `landed`, the refunds are booked
already and only to be recognised; else each is landed on its claim.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import psycopg

from benchmarks.figures import Figure
from benchmarks.ground import ground

if TYPE_CHECKING:
    from accounts.models import ProviderAccount

ROWS: Final = 1_000_000
SERVICES: Final = 50
BEGINS: Final = datetime(2025, 3, 1, tzinfo=UTC)
YEAR: Final = 365 * 86_400
PAGE: Final = 100
IMPORTED: Final = 4_000  # a turn
COMMITS: Final = 500  # a turn
TURNS: Final = 5

# Rows 0 to 6 of ten are purchases; 7, 8 and 9 the refunds of the first three.
_SERIES: Final = """
    SELECT n, n % 10 AS place, n / 10 AS ten, 'Service ' || ((n / 10 + n % 10 % 7 * 7) % {services})
            AS service,
        CASE WHEN n % 10 < 7 THEN n ELSE n - 7 END AS bought,
        timestamptz '{begins}' + make_interval(secs => (n / 10 * 10) * {step}
            + (CASE WHEN n % 10 < 7 THEN n % 10 ELSE n % 10 - 7 END) * {step}
            + (CASE WHEN n % 10 < 7 THEN 0 ELSE 300 END)) AS at
    FROM generate_series(0, {rows} - 1) n
"""
_ROWS: Final = """
    INSERT INTO ledger_statementrow (wallet_id, provider_id, kind, kind_raw, amount, description,
        occurred_at, first_seen_at, before_cut_over)
    SELECT {wallet}, (1021 + s.n)::text, k.kind, k.kind, 0.25 + (s.ten % 40) * 0.01,
        CASE WHEN s.place < 7 THEN '' ELSE 'Refund for ' END || s.service
            || ' rental #' || (10000000 + s.bought),
        date_trunc('second', s.at), now(), false
    FROM ({series}) s
    CROSS JOIN LATERAL
        (SELECT CASE WHEN s.place < 7 THEN 'purchase' ELSE 'refund' END AS kind) k
"""
_TRANSFERS: Final = """
    INSERT INTO ledger_transfer (key, request_hash, wallet_id, currency, debit_id, credit_id,
        amount, kind, phase, reference, external_id, service, occurred_at, booked_on, day, reason,
        flagged)
    SELECT 'bench:{wallet}:' || s.n, '', {wallet}, 'USD',
        CASE WHEN s.place < 7 THEN {spend} ELSE {own} END,
        CASE WHEN s.place < 7 THEN {own} ELSE {spend} END,
        0.25 + (s.ten % 40) * 0.01, CASE WHEN s.place < 7 THEN 'purchase' ELSE 'refund' END,
        'posted', 'rental:' || s.bought, (10000000 + s.bought)::text, s.service,
        s.at + interval '0.2 s', s.at::date, s.at::date, '', false
    FROM ({series}) s WHERE s.place < {until}
"""
_CLAIMS: Final = """
    INSERT INTO ledger_refund (wallet_id, reference, external_id, service, cause, state, currency,
        charged, expected_min, expected_max, received, claimed_at, due_at, day, reason)
    SELECT {wallet}, 'rental:' || s.bought, (10000000 + s.bought)::text, s.service, 'cancelled',
        'expected', 'USD', p.amount, p.amount, p.amount, 0, s.at - interval '0.3 s',
        s.at + interval '1 h', s.at::date, ''
    FROM ({series}) s
    CROSS JOIN LATERAL (SELECT 0.25 + (s.ten % 40) * 0.01 AS amount) p
    WHERE s.place >= 7
"""


def measure() -> Iterator[Figure]:
    ground()
    small = _matching(ROWS // 10, landed=True)
    large = _matching(ROWS, landed=True)
    yield Figure("reconcile_1m_rows_seconds", large.seconds, 12.0)
    yield Figure("reconcile_1m_rows_processor_seconds", large.cpu, 12.0)
    yield Figure("reconcile_10x_rows", large.cpu / small.cpu, 15.0)
    landing = _matching(ROWS // 10, landed=False)
    yield Figure("reconcile_and_land_100k_rows_seconds", landing.seconds, 12.0)
    yield Figure("import_per_raw_commit", _importing(), 1.6, at_least=True)


@dataclass(frozen=True)
class _Spent:
    """`cpu`: of the database's process and ours, whatever else the machine was doing."""

    seconds: float
    cpu: float


def _matching(rows: int, landed: bool) -> _Spent:
    from django.db import connection

    from ledger.operations.statement.matching import match_wallet

    wallet = _wallet()
    _fill(wallet, rows, landed=landed)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    used, started = _cpu(backend), time.monotonic()
    outcome = match_wallet(wallet, now=BEGINS + timedelta(days=400))
    spent = _Spent(time.monotonic() - started, _cpu(backend) - used)
    if (outcome.matched, outcome.opened) != (rows, 0):
        raise RuntimeError(f"{outcome.matched} of {rows} rows were matched")
    _check(wallet)
    return spent


def _cpu(backend: int) -> float:
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(") ")[2].split()
    theirs = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return theirs + time.process_time()


def _check(wallet: "ProviderAccount") -> None:
    """Every row is matched to its own rental."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_match m JOIN ledger_statementrow r ON r.id = m.row_id"
            " JOIN ledger_transfer t ON t.id = m.transfer_id WHERE r.wallet_id = %s"
            " AND split_part(r.description, '#', 2) <> t.external_id",
            [wallet.pk],
        )
        if cursor.fetchone() != (0,):
            raise RuntimeError("rows were matched to other rentals")


def _wallet() -> "ProviderAccount":
    from accounts.models import ProviderAccount, Team
    from ledger.book import open_book

    number = ProviderAccount.objects.count() + 1
    team = Team.objects.create(name=f"Year {number}", slug=f"year-{number}")
    wallet = ProviderAccount.objects.create(
        team=team,
        provider="smsgig",
        label="Year",
        currency="USD",
        hook_token_hash=number.to_bytes(32, "big"),
        hook_token_sealed=b"",
    )
    open_book(wallet, balance=Decimal(1_000_000), cut_over_at=BEGINS - timedelta(days=1))
    return wallet


def _fill(wallet: "ProviderAccount", rows: int, *, landed: bool) -> None:
    from django.db import connection

    from ledger.models import Account

    accounts = dict(Account.objects.filter(wallet=wallet).values_list("kind", "pk"))
    series = _SERIES.format(
        services=SERVICES, begins=BEGINS.isoformat(), step=YEAR / ROWS, rows=rows
    )
    values = {
        "wallet": wallet.pk,
        "series": series,
        "spend": accounts["spend"],
        "own": accounts["wallet"],
        "until": 10 if landed else 7,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(**values))
        cursor.execute(_TRANSFERS.format(**values))
        if not landed:
            cursor.execute(_CLAIMS.format(**values))


def _importing() -> float:
    """Rows a second in pages, as they are imported, to plain rows a second, a commit each.

    Both take turns; the median of the turns.
    """
    wallet = _wallet()
    with psycopg.connect(ground().environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE plain AS SELECT wallet_id, provider_id, kind, kind_raw, amount,"
            " description, occurred_at, first_seen_at, before_cut_over"
            " FROM ledger_statementrow WHERE false"
        )
        connection.execute("ALTER TABLE plain ADD PRIMARY KEY (provider_id)")
        return median(
            _pages(wallet, turn * IMPORTED) / _commits(connection, turn * COMMITS)
            for turn in range(TURNS)
        )


def _commits(connection: psycopg.Connection, first: int) -> float:
    insert = "INSERT INTO plain VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    started = time.monotonic()
    for number in range(first, first + COMMITS):
        words = (1, str(number), "purchase", "purchase", Decimal("0.58"))
        told = (f"WhatsApp rental #{number}", BEGINS + timedelta(seconds=number), BEGINS, False)
        connection.execute(insert, words + told, prepare=True)
    return COMMITS / (time.monotonic() - started)


def _pages(wallet: "ProviderAccount", first: int) -> float:
    from django.db import transaction

    from ledger.operations.statement.rows import Reading, keep_changes, keep_new, known

    rows = [
        Reading(
            str(number),
            "purchase",
            Decimal("0.58"),
            f"WhatsApp rental #{number}",
            BEGINS + timedelta(seconds=number),
        )
        for number in range(first, first + IMPORTED)
    ]
    started = time.monotonic()
    for start in range(0, IMPORTED, PAGE):
        page = rows[start : start + PAGE]
        kept = known(wallet, page)
        with transaction.atomic():
            keep_new(wallet, page, before=None, now=BEGINS)
            keep_changes(wallet, page, kept, now=BEGINS)
    return IMPORTED / (time.monotonic() - started)
