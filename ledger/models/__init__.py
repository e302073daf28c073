from ledger.models.book import Account, Balance, Book, ClosedMonth, Transfer
from ledger.models.changes import SpendChange
from ledger.models.exceptions import ReconciliationException
from ledger.models.exports import Export
from ledger.models.findings import Finding
from ledger.models.rates import ExchangeRate, PinnedRate
from ledger.models.refund_sums import RefundSum
from ledger.models.refunds import Refund
from ledger.models.runs import Reconciliation, Step
from ledger.models.snapshots import Snapshot
from ledger.models.statements import Match, RowVersion, StatementRow

__all__ = [
    "Account",
    "Balance",
    "Book",
    "ClosedMonth",
    "ExchangeRate",
    "Export",
    "Finding",
    "Match",
    "PinnedRate",
    "Reconciliation",
    "ReconciliationException",
    "Refund",
    "RefundSum",
    "RowVersion",
    "Snapshot",
    "SpendChange",
    "StatementRow",
    "Step",
    "Transfer",
]
