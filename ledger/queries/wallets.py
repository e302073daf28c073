"""Every wallet of a team on one page, in as many queries however many there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.models import ProviderAccount, Team
from ledger.models import (
    Balance,
    Reconciliation,
    ReconciliationException,
    Refund,
    Snapshot,
)
from ledger.states import AWAITED, UNRESOLVED, AccountKind

NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Wallet:
    """`posted` is by the book, None where it has none; `snapshot` what the provider said last.

    `awaited`: how many refunds, and the most that they can bring. `open`: how many exceptions.
    """

    account: ProviderAccount
    posted: Decimal | None
    held: Decimal
    suspense: Decimal
    snapshot: Snapshot | None
    awaited: int
    awaited_amount: Decimal
    overdue: int
    open: int
    reconciliation: Reconciliation | None

    @property
    def available(self) -> Decimal:
        return (self.posted or NOTHING) - self.held

    @property
    def drift(self) -> Decimal | None:
        """What the provider said more than the book, when it was last asked."""
        return self.snapshot.drift - self.snapshot.explained if self.snapshot else None


def wallets(team: Team, *, now: datetime) -> list[Wallet]:
    """In the order of their labels, those in use first."""
    accounts = team.provider_accounts.order_by(F("archived_at").asc(nulls_first=True), "label")
    return _filled(list(accounts), now)


def wallet(account: ProviderAccount, *, now: datetime) -> Wallet:
    return _filled([account], now)[0]


def _filled(accounts: list[ProviderAccount], now: datetime) -> list[Wallet]:
    pks = [account.pk for account in accounts]
    balances = _balances(pks)
    snapshots = {s.wallet_id: s for s in _newest(Snapshot.objects.all(), "answered_at", pks)}
    runs = {r.wallet_id: r for r in _newest(Reconciliation.objects.all(), "asked_at", pks)}
    refunds = {row["wallet"]: row for row in _refunds(pks, now)}
    exceptions = dict(
        ReconciliationException.objects.filter(wallet__in=pks, state__in=UNRESOLVED)
        .order_by()
        .values_list("wallet")
        .annotate(Count("pk"))
    )
    return [
        Wallet(
            account,
            *_held(balances.get(account.pk)),
            snapshots.get(account.pk),
            refunds.get(account.pk, {}).get("count", 0),
            refunds.get(account.pk, {}).get("amount") or NOTHING,
            refunds.get(account.pk, {}).get("late", 0),
            exceptions.get(account.pk, 0),
            runs.get(account.pk),
        )
        for account in accounts
    ]


def _held(balances: Mapping[str, Balance] | None) -> tuple[Decimal | None, Decimal, Decimal]:
    if balances is None:
        return None, NOTHING, NOTHING
    own, suspense = balances[AccountKind.WALLET], balances[AccountKind.SUSPENSE]
    posted = own.debits_posted - own.credits_posted
    return posted, own.credits_pending, suspense.credits_posted - suspense.debits_posted


def _balances(pks: list[int]) -> dict[int, dict[str, Balance]]:
    found: dict[int, dict[str, Balance]] = {}
    rows = Balance.objects.filter(account__wallet__in=pks).select_related("account")
    for balance in rows:
        found.setdefault(balance.account.wallet_id, {})[balance.account.kind] = balance
    return found


def _newest(rows: QuerySet[Any], by: str, pks: list[int]) -> QuerySet[Any]:
    """The newest row of each wallet, by the index that is there for it."""
    return rows.filter(wallet__in=pks).order_by("wallet", f"-{by}", "-pk").distinct("wallet")


def _refunds(pks: list[int], now: datetime) -> list[dict[str, Any]]:
    awaited = Refund.objects.filter(wallet__in=pks, state__in=AWAITED, expected_max__gt=0)
    rows: QuerySet[Any, Any] = (
        awaited.order_by()
        .values("wallet")
        .annotate(
            count=Count("pk"),
            amount=Sum(F("expected_max") - F("received")),
            late=Count("pk", filter=Q(due_at__lt=now)),
        )
    )
    return list(rows)
