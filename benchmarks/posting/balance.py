"""What a wallet holds, read from a book of ten thousand transfers and of a million."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from django.db import connection

from benchmarks.figures import Figure
from benchmarks.posting.scene import make_wallet
from ledger import book
from ledger.models import Account
from ledger.states import AccountKind

FEW, MANY = 10_000, 1_000_000
READS = 3000
ROUNDS = 30
BATCH = 50_000

FILL = """
    INSERT INTO ledger_transfer (key, request_hash, wallet_id, currency, debit_id, credit_id,
        amount, kind, phase, reference, external_id, service, occurred_at, booked_on, day,
        reason, flagged)
    SELECT format('fill:%%s:%%s', %(wallet)s, number), '\\x00', %(wallet)s, 'USD', %(spend)s,
        %(own)s, 0.45, 'purchase', 'posted', format('rental:%%s', number), '', 'WhatsApp', now(),
        current_date, current_date, '', false
    FROM generate_series(%(first)s, %(last)s) number
"""


def measure() -> Iterator[Figure]:
    few, many = filled(FEW), filled(MANY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_transfer, ledger_balance, ledger_account")
    ratios, slowest = [], []
    for _ in range(ROUNDS):
        of_few, of_many = reads(few), reads(many)
        ratios.append(median(of_many) / median(of_few))
        slowest += of_many
    yield Figure("balance_at_1m_transfers_p99_ms", 1000 * at(slowest, 0.99), 1.0)
    yield Figure("balance_at_1m_per_10k_transfers", median(ratios), 2.5)


def filled(transfers: int) -> int:
    """A wallet with so many transfers, booked through the triggers like any other."""
    wallet = make_wallet()
    given = {
        "wallet": wallet.pk,
        "spend": Account.objects.get(wallet=wallet, kind=AccountKind.SPEND).pk,
        "own": Account.objects.get(wallet=wallet, kind=AccountKind.WALLET).pk,
    }
    with connection.cursor() as cursor:
        for first in range(1, transfers + 1, BATCH):
            last = min(first + BATCH - 1, transfers)
            cursor.execute(FILL, given | {"first": first, "last": last})
    return int(wallet.pk)


def reads(wallet_id: int) -> list[float]:
    seconds = []
    for _ in range(READS // ROUNDS):
        started = perf_counter()
        book.wallet_balance(wallet_id)
        seconds.append(perf_counter() - started)
    return seconds


def at(seconds: list[float], share: float) -> float:
    """The time within which this share of them was done."""
    ordered = sorted(seconds)
    return ordered[int(share * (len(ordered) - 1))]
