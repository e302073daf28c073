"""A wallet's months are lived through, and what was matched is held against the truth."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from accounts.models import ProviderAccount
from benchmarks.months.truth import Numbers, Rented, Row, Wallet
from benchmarks.months.writing import act_on_findings, new_wallet, reference, write
from ledger.book import wallet_balance
from ledger.models import Match
from ledger.operations.statement.matching import match_wallet

FUNDS = Decimal(100_000)
SIGNS = {"purchase": -1, "refund": 1, "deposit": 1}


@dataclass(frozen=True)
class Verdict:
    """`explainable`: rows that what the portal did explains, `matched` those of them that it
    matched by itself; `wrong`: rows matched to what they are not; `apart`: wallet less book."""

    rows: int = 0
    explainable: int = 0
    matched: int = 0
    wrong: int = 0
    apart: Decimal = Decimal(0)

    @property
    def share(self) -> float:
        return self.matched / self.explainable

    @property
    def wrong_per_million(self) -> float:
        return self.wrong / self.rows * 1_000_000

    def __add__(self, other: Self) -> "Verdict":
        return Verdict(
            self.rows + other.rows,
            self.explainable + other.explainable,
            self.matched + other.matched,
            self.wrong + other.wrong,
            self.apart + other.apart,
        )


def live_through(seed: int, numbers: Numbers, days: int) -> Verdict:
    """Let the days pass, each with its night's matching, and judge the whole."""
    account = new_wallet()
    rents: dict[str, Rented] = {}
    rows: list[Row] = []
    for day in Wallet(seed, numbers).days(days):
        rents |= {reference(account, rent.number): rent for rent in day.rents}
        rows += day.rows
        write(account, day)
        _match(account, rents, day.ends)
    for hours in (1, 2):  # what was too young at the end has its time
        _match(account, rents, day.ends + timedelta(hours=hours))
    return _judged(account, rows, rents)


def _match(account: ProviderAccount, rents: dict[str, Rented], now: datetime) -> None:
    match_wallet(account, now=now)
    act_on_findings(account, rents, now)


def _judged(account: ProviderAccount, rows: list[Row], rents: dict[str, Rented]) -> Verdict:
    by_id = {str(row.number): row for row in rows}
    live = Match.objects.filter(row__wallet=account, undone_at=None)
    matched = 0
    wrong = 0
    for told, kind, said in live.values_list(
        "row__provider_id", "transfer__kind", "transfer__reference"
    ):
        row = by_id[told]
        matched += row.explainable
        if kind != row.kind or (row.kind != "deposit" and not _right(row, rents[said])):
            wrong += 1
    book = wallet_balance(account.pk)
    assert book is not None  # noqa: S101
    truth = FUNDS + sum((SIGNS[row.kind] * row.amount for row in rows), Decimal(0))
    explainable = sum(row.explainable for row in rows)
    return Verdict(len(rows), explainable, matched, wrong, abs(truth - book.posted))


def _right(row: Row, rent: Rented) -> bool:
    """It is this rental's, or of one of the same service and price, which nobody can tell apart.

    What somebody else bought or got back is nothing of ours, however alike.
    """
    if row.rental == rent.number:
        return True
    service = row.description.removeprefix("Refund for ").partition(" rental")[0]
    if not row.rental or service != rent.service:
        return False
    return rent.charged and row.amount <= rent.price
