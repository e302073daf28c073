"""The columns of each list, and its rows one by one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount
from ledger.exports.cells import Value
from ledger.models import ExchangeRate, ReconciliationException, Refund
from ledger.queries import exceptions, refunds
from ledger.queries.months import Month
from ledger.queries.wallets import Wallet
from ledger.states import Resolution, TransferKind

type Rows = Iterator[Sequence[Value]]

PORTION: Final = 2000  # rows that are read at a time

WALLETS: Final = [
    _("Wallet"),
    _("Provider"),
    _("Currency"),
    _("Balance"),
    _("Held"),
    _("By the provider"),
    _("Read"),
    _("Drift"),
    _("Awaited refunds"),
    _("Awaited at most"),
    _("Open exceptions"),
    _("Last reconciled"),
]
STATEMENT: Final = [
    _("Line"),
    _("Booked on"),
    _("Happened"),
    _("Kind"),
    _("Reference"),
    _("Activation"),
    _("Service"),
    _("Currency"),
    _("Amount"),
    _("Balance after"),
    _("Reason"),
]
REFUNDS: Final = [
    _("Refund"),
    _("Wallet"),
    _("Reference"),
    _("Activation"),
    _("Service"),
    _("Cause"),
    _("State"),
    _("Overdue"),
    _("Currency"),
    _("Charged"),
    _("Expected at least"),
    _("Expected at most"),
    _("Received"),
    _("Claimed"),
    _("Due"),
    _("Last received"),
    _("Closed by"),
    _("Reason"),
]
EXCEPTIONS: Final = [
    _("Exception"),
    _("Wallet"),
    _("Kind"),
    _("State"),
    _("Currency"),
    _("Amount"),
    _("Reference"),
    _("Provider's row"),
    _("Provider's words"),
    _("Detail"),
    _("Happened"),
    _("Opened"),
    _("Assigned to"),
    _("It was"),
    _("Resolved"),
    _("Resolved by"),
    _("Reason"),
]
MONTHS: Final = [
    _("Wallet"),
    _("Month"),
    _("Currency"),
    _("Opening"),
    *(kind.label for kind in TransferKind),
    _("Closing"),
    _("Closed"),
    _("Closed by"),
    _("Left open"),
    _("Note"),
]
RATES: Final = [
    _("Day"),
    _("Currency"),
    _("Into"),
    _("Rate"),
    _("Source"),
    _("Entered"),
    _("Entered by"),
    _("Corrects the rate before it"),
]


def wallet_rows(wallets: Iterable[Wallet]) -> Rows:
    for each in wallets:
        read, run = each.snapshot, each.reconciliation
        yield (
            each.account.label,
            each.account.provider,
            each.account.currency,
            each.posted,
            each.held,
            read.provider if read else None,
            read.answered_at if read else None,
            each.drift,
            each.awaited,
            each.awaited_amount,
            each.open,
            run.finished_at if run else None,
        )


def statement_rows(lines: Iterable[tuple[Any, ...]]) -> Rows:
    """Of what `all_lines` gives."""
    kinds = {kind.value: str(kind.label) for kind in TransferKind}
    for pk, day, at, kind, about, external, service, currency, reason, amount, after in lines:
        said = kinds.get(kind, kind)
        yield pk, day, at, said, about, external, service, currency, amount, after, reason


def refund_rows(rows: QuerySet[Refund], *, now: datetime) -> Rows:
    for refund in refunds.shown(rows).iterator(chunk_size=PORTION):
        yield (
            refund.pk,
            refund.wallet.label,
            refund.reference,
            refund.external_id,
            refund.service,
            refund.get_cause_display(),
            refund.get_state_display(),
            str(_("yes")) if refunds.owed(refund, now=now).is_overdue else "",
            refund.currency,
            refund.charged,
            refund.expected_min,
            refund.expected_max,
            refund.received,
            refund.claimed_at,
            refund.due_at,
            refund.received_at,
            _person(refund.closed_by),
            refund.reason,
        )


def exception_rows(rows: QuerySet[ReconciliationException]) -> Rows:
    for each in exceptions.shown(rows).iterator(chunk_size=PORTION):
        word = each.resolution
        yield (
            each.pk,
            each.wallet.label,
            each.title,
            each.get_state_display(),
            each.currency,
            each.amount,
            each.reference,
            each.row.provider_id if each.row else "",
            each.row.description if each.row else "",
            each.detail,
            each.occurred_at,
            each.opened_at,
            _person(each.assigned_to),
            str(Resolution(word).label) if word in Resolution.values else word,
            each.resolved_at,
            _person(each.resolved_by),
            each.reason,
        )


def month_rows(months: Iterable[tuple[ProviderAccount, Month]]) -> Rows:
    for wallet, month in months:
        closed = month.closed
        yield (
            wallet.label,
            f"{month.first:%Y-%m}",
            wallet.currency,
            month.opening,
            *(month.movements.get(kind) for kind in TransferKind),
            month.closing,
            closed.closed_at if closed else None,
            _person(closed.closed_by) if closed else "",
            len(closed.left_open) if closed else None,
            closed.note if closed else "",
        )


def rate_rows(rates: QuerySet[ExchangeRate]) -> Rows:
    for rate in rates.select_related("entered_by").iterator(chunk_size=PORTION):
        yield (
            rate.day,
            rate.currency,
            rate.into,
            rate.rate.normalize(),
            rate.source,
            rate.entered_at,
            _person(rate.entered_by),
            rate.reason,
        )


def _person(user: Any) -> str:
    return str(user) if user else ""
