"""One good row of every table of the ledger, and how it is copied with something wrong in it."""

# ruff: noqa: S608 - the names and values are this file's
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import ProviderAccount
from ledger import book
from ledger.models import (
    Account,
    ClosedMonth,
    ExchangeRate,
    Finding,
    Match,
    PinnedRate,
    Reconciliation,
    ReconciliationException,
    Refund,
    RowVersion,
    Snapshot,
    StatementRow,
)
from ledger.states import AccountKind
from tests.accounts.making import make_provider_account, make_user
from tests.ledger.books import NOW, TODAY, opened, pending, purchase

NEW = 900_000_000  # an id that is free
NOBODY = -1  # an id that there never is
LATER = (NOW + timedelta(days=1)).isoformat()

type Changes = Mapping[str, object]


@dataclass(frozen=True)
class Attack:
    """`sql` must be refused while the guard is there, and go through once it is gone.

    `lifted` guards are out of the way from the start: they would refuse it, too.
    """

    sql: str
    lifted: tuple[str, ...] = ()


@dataclass
class World:
    """`wallet` has a row in every table; `other` has a book of its own, and `bookless` none."""

    wallet: ProviderAccount = field(default_factory=lambda: opened("50"))
    other: ProviderAccount = field(default_factory=lambda: opened("70", "smsvilla"))
    bookless: ProviderAccount = field(default_factory=make_provider_account)

    def __post_init__(self) -> None:
        self.user = make_user()
        self.posted = book.post(purchase(self.wallet, "posted", "2", actor_id=self.user.pk))
        self.held = pending(self.wallet, "held", "3")
        self._statement()
        self._queue()
        self._rates()
        Snapshot.objects.create(
            wallet=self.wallet, asked_at=NOW, answered_at=NOW, ledger=48, provider=49, drift=1,
            quiet=True,
        )  # fmt: skip
        Reconciliation.objects.create(wallet=self.wallet, asked_at=NOW)
        ClosedMonth.objects.create(
            wallet=self.wallet, month=date(2026, 1, 1), closed_at=NOW, closed_by=self.user,
            totals={},
        )  # fmt: skip

    def account(self, kind: AccountKind, wallet: ProviderAccount | None = None) -> int:
        return Account.objects.get(wallet=wallet or self.wallet, kind=kind).pk

    def _statement(self) -> None:
        self.row = row = StatementRow.objects.create(
            wallet=self.wallet, provider_id="1", kind="purchase", kind_raw="purchase",
            amount=2, occurred_at=NOW, first_seen_at=NOW,
        )  # fmt: skip
        RowVersion.objects.create(row=row, seen_at=NOW, kind_raw="purchase", amount=3)
        Match.objects.create(row=row, transfer_id=self.posted, by_pass="unique", at=NOW)

    def _queue(self) -> None:
        ReconciliationException.objects.create(
            wallet=self.wallet, key="row:1", kind="unknown_row", row=self.row,
            currency="USD", occurred_at=NOW, opened_at=NOW,
        )  # fmt: skip
        Finding.objects.create(
            wallet=self.wallet, reference="rental:1", kind="charged", evidence="person", amount=1,
            found_at=NOW,
        )  # fmt: skip
        Refund.objects.create(
            wallet=self.wallet, reference="rental:1", cause="cancelled", currency="USD", charged=2,
            expected_min=1, expected_max=2, claimed_at=NOW, due_at=NOW, day=TODAY,
        )  # fmt: skip

    def _rates(self) -> None:
        rate = ExchangeRate.objects.create(
            team=self.wallet.team, currency="NGN", into="USD", day=TODAY, rate=Decimal("0.0006"),
            entered_at=NOW, entered_by=self.user,
        )  # fmt: skip
        PinnedRate.objects.create(transfer_id=self.posted, into="USD", rate=rate, pinned_at=NOW)


def fresh(world: World) -> dict[str, Changes]:
    """What makes a copy of each table's good row a good row, too."""
    return {
        "ledger_account": {"id": NEW, "wallet_id": world.bookless.pk},
        "ledger_balance": {"account_id": NEW},
        "ledger_book": {"wallet_id": world.bookless.pk},
        "ledger_closedmonth": {"id": NEW, "month": "2026-02-01"},
        "ledger_exchangerate": {"id": NEW, "day": LATER},
        "ledger_finding": {"id": NEW, "reference": "rental:2"},
        "ledger_match": {"id": NEW, "undone_at": LATER},
        "ledger_pinnedrate": {"id": NEW, "into": "GBP"},
        "ledger_reconciliation": {"id": NEW, "finished_at": LATER},
        "ledger_reconciliationexception": {"id": NEW, "key": "row:2", "row_id": None},
        "ledger_refund": {"id": NEW, "reference": "rental:2"},
        "ledger_rowversion": {"id": NEW},
        "ledger_snapshot": {"id": NEW},
        "ledger_statementrow": {"id": NEW, "provider_id": "2"},
        "ledger_transfer": {"id": NEW, "key": "another"},
    }


GOOD_ROW = {
    "ledger_transfer": "key = 'posted'",
    "ledger_account": "kind = 'wallet'",
}
WRITTEN_BY_TRIGGERS = {
    "ledger_balance": ("only_by_transfers of ledger_balance", "begin_balance of ledger_account")
}


def copy(world: World, table: str, /, *lifted: str, **changes: object) -> Attack:
    """Insert a copy of the table's good row, fresh but for `changes`."""
    values = json.dumps({**fresh(world)[table], **changes})
    sql = f"""
        INSERT INTO {table} SELECT (jsonb_populate_record(r, '{values}')).*
        FROM {table} r WHERE {GOOD_ROW.get(table, "true")} ORDER BY 1 LIMIT 1
    """
    if table == "ledger_balance":  # an account that has none yet
        sql = copy(world, "ledger_account").sql + ";" + sql
    return Attack(sql, (*lifted, *WRITTEN_BY_TRIGGERS.get(table, ())))
