"""The balance is read, written down beside the book, explained, and what is proved is booked.

The book's WALLET account holds what was proved to be in the provider's wallet. What the provider
says beyond that, the drift, is explained by what is open, or stands in front of a person, or waits
for the next reading to say more; nothing else is done about it.

Locks are taken in this order: the book's row, exceptions, refunds, findings, balances. The book's
row keeps two readings of a wallet from booking the same change; the balances keep everybody else
out while it is checked that nothing was booked since the request was sent.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import announcements, gateway
from accounts.models import ProviderAccount
from accounts.states import Lane
from ledger import renters
from ledger.book import open_book
from ledger.book.entries import SMALLEST
from ledger.explaining import Ambiguous, Explained, Result, Unexplained, judge
from ledger.models import Book, ReconciliationException, Snapshot
from ledger.operations.balance import drifts, opposites, proofs, refund_rules, remainder, undecided
from ledger.operations.balance.hindsight import told_by_all
from ledger.operations.balance.open_items import OpenItems, open_items
from ledger.operations.balance.positions import Position, has_moved, lock_balances, position
from ledger.operations.balance.proofs import Moves
from ledger.operations.balance.role import BalanceRole, balance_role
from providers.errors import ProviderError
from providers.registry import provider

UNASKED: Final = (ProviderError, gateway.OverBudget, gateway.NoKey)
BEFORE_ALL: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the provider said that the wallet holds, and between when it was true."""

    amount: Decimal
    asked_at: datetime
    answered_at: datetime


def read_and_explain(wallet: ProviderAccount, *, now: datetime) -> Snapshot | None:
    """Read the balance and act on it; None where it can't be read now.

    No transaction may be open. The book is looked at before the request: what is booked
    meanwhile belongs to something that was under way, or makes the reading too old to act on.
    """
    refund_rules.renew_expectations(wallet, now=now)
    before = position(wallet.pk)
    reading = _read(wallet, now)
    if reading is None:
        undecided.tell(wallet, renters.in_doubt(wallet), hidden_by=[], now=now)
        return None
    if before is None:
        open_book(wallet, balance=reading.amount, cut_over_at=reading.asked_at)
        before = position(wallet.pk)
    assert before is not None  # noqa: S101 - it is open by now
    return _act_on(wallet, reading, before)


def _read(wallet: ProviderAccount, now: datetime) -> Reading | None:
    call = provider(wallet.provider, wallet.server_prefix).balance()
    try:
        balance = gateway.ask(wallet, call, lane=Lane.BALANCE, now=now)
    except UNASKED:
        return None
    reading = Reading(balance.amount.quantize(SMALLEST), now, timezone.now())
    ProviderAccount.objects.filter(
        Q(balance_read_at__isnull=True) | Q(balance_read_at__lt=reading.answered_at), pk=wallet.pk
    ).update(balance=reading.amount, balance_read_at=reading.answered_at)
    announcements.wallets_read(wallet.team_id)
    return reading


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the drift is made of: `result` explains all but `left`."""

    result: Result
    left: Decimal = Decimal(0)
    is_loose: bool = False  # only by a refund that is less than it should be
    awaits_prices: bool = False  # a refund would be it, but for a price that may be another

    @property
    def amount(self) -> Decimal:
        return self.result.amount if isinstance(self.result, Explained) else Decimal(0)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is booked if nothing has moved meanwhile."""

    verdict: _Verdict
    moves: Moves
    closing: list[tuple[ReconciliationException, Moves]]
    remainder: ReconciliationException | None = None
    told: Moves = field(default_factory=list)  # by all that the balance did before
    undone: ReconciliationException | None = None  # what a match has explained since

    @property
    def all_moves(self) -> Moves:
        closing = [move for _, moves in self.closing for move in moves]
        return [*self.moves, *closing, *self.told]

    @property
    def told_amount(self) -> Decimal:
        return sum((amount for _, amount in self.told), Decimal(0))


_NOTHING_PLANNED: Final = _Plan(_Verdict(Unexplained()), [], [])


@transaction.atomic
def _act_on(wallet: ProviderAccount, reading: Reading, before: Position) -> Snapshot:
    Book.objects.select_for_update(no_key=True).get(wallet=wallet)
    role = balance_role(wallet)
    found = _open_items(wallet, reading)
    snapshot = Snapshot(
        wallet=wallet,
        asked_at=reading.asked_at,
        answered_at=reading.answered_at,
        ledger=before.posted,
        provider=reading.amount,
        drift=reading.amount - before.posted,
        quiet=found.is_quiet,
        last_transfer=before.last,
    )
    plan = _plan(snapshot, found, role)
    is_true = proofs.lock_refunds(snapshot.wallet, plan.all_moves) and _is_still_true(
        snapshot, plan, found, before
    )
    snapshot.quiet = is_true and found.is_quiet
    if is_true and role != BalanceRole.IS_KEPT:
        _book(snapshot, plan, found, role)
    else:
        snapshot.save()
    return snapshot


def _plan(snapshot: Snapshot, found: OpenItems, role: BalanceRole) -> _Plan:
    if role == BalanceRole.EXPLAINS:
        undecided.close(snapshot.wallet, found.doubts, now=snapshot.answered_at)
        return _planned(snapshot, found)
    if role == BalanceRole.COMPARES and snapshot.drift and found.is_quiet:
        return replace(_NOTHING_PLANNED, undone=opposites.undone_by_match(snapshot))
    return _NOTHING_PLANNED


def _is_still_true(snapshot: Snapshot, plan: _Plan, found: OpenItems, before: Position) -> bool:
    """Whether nothing was booked meanwhile; from here on nobody can. What is found is written down
    before the balances are locked, and is forgotten where it is not true."""
    with transaction.atomic():
        charged = proofs.find_charged(snapshot, plan.all_moves, now=snapshot.answered_at)
        if _proves_absence(plan, found, snapshot):
            free = [doubt for doubt in found.doubts if doubt not in charged]
            closing = [exception for exception, _ in plan.closing]
            proofs.release_doubts(snapshot, free, but_for=closing, now=snapshot.answered_at)
        lock_balances(snapshot.wallet_id)
        if has_moved(snapshot.wallet_id, before, except_for=found.charging):
            transaction.set_rollback(True)
            return False
    return True


def _open_items(wallet: ProviderAccount, reading: Reading) -> OpenItems:
    clean = drifts.quiet_snapshots(wallet).filter(drift=F("explained")).first()
    return open_items(
        wallet,
        asked_at=reading.asked_at,
        clean_since=clean.asked_at if clean is not None else BEFORE_ALL,
        now=reading.answered_at,
    )


def _planned(snapshot: Snapshot, found: OpenItems) -> _Plan:
    wallet = snapshot.wallet
    exceptions = drifts.lock_unexplained(wallet)
    follows = remainder.lock_remainder(wallet)
    verdict = _judged(wallet, snapshot.drift, found)
    parts = verdict.result.parts if isinstance(verdict.result, Explained) else ()
    if not found.is_quiet:
        return _Plan(verdict, found.of(parts), [], follows)
    taken = {part.item for part in parts}
    settled = [each for each in exceptions if not remainder.is_remainder(each)]
    closing = list(drifts.explained_by_now(settled, found, taken))
    moves = found.of(parts)
    if any(each.reversal is not None for each, _ in moves):
        return _Plan(verdict, moves, closing)
    closed = [move for _, each in closing for move in each]
    told = told_by_all(snapshot, found, booked=moves, closed=closed, remainder=follows)
    return _Plan(verdict, moves, closing, follows, told)


def _judged(wallet: ProviderAccount, drift: Decimal, found: OpenItems) -> _Verdict:
    """By what the open refunds should be, and only then by what they may be."""
    earlier = drifts.before_the_change(wallet, drift)
    left = drifts.left_over(earlier) if earlier is not None else Decimal(0)
    then = {item.id for item in found.by(earlier.answered_at)} if earlier is not None else set()
    for is_loose, items in enumerate((found.items, found.loosened())):
        old = [item for item in items if item.id in then]
        judgement = judge(drift=drift, before=left, items=items, then=old)
        if not isinstance(judgement.result, Unexplained):
            verdict = _Verdict(judgement.result, judgement.left, is_loose=bool(is_loose))
            return _sure_of_prices(verdict, found)
    return _Verdict(Unexplained())


def _sure_of_prices(verdict: _Verdict, found: OpenItems) -> _Verdict:
    """A refund of unknown size would take up a price that has risen: until the provider's prices
    were read it proves nothing."""
    unread = [price for price in found.prices if not price.is_checked]
    parts = verdict.result.parts if isinstance(verdict.result, Explained) else ()
    if not any(each.may_hide_a_price(amount, unread) for each, amount in found.of(parts)):
        return verdict
    return replace(verdict, result=Ambiguous((parts,)), awaits_prices=True)


def _book(snapshot: Snapshot, plan: _Plan, found: OpenItems, role: BalanceRole) -> None:
    now, verdict = snapshot.answered_at, plan.verdict
    left = snapshot.drift - verdict.amount
    taken = plan.told_amount
    if plan.remainder is not None:
        taken = left if _joins_remainder(snapshot, plan, found) else Decimal(0)
    left -= taken
    seen_at = _told_since(snapshot, left, verdict, found, role) if snapshot.quiet else None
    since = None
    if snapshot.quiet and seen_at is None and plan.remainder is None:
        since = _unsettled_since(snapshot, left, verdict, found, role)
    is_told = seen_at is not None or since is not None
    snapshot.explained = snapshot.drift if is_told else verdict.amount + taken
    snapshot.save()
    proofs.book(snapshot, [*plan.moves, *plan.told], now=now)
    for exception, moves in plan.closing:
        drifts.reverse(snapshot, exception, now=now)
        proofs.book(snapshot, moves, now=now)
    if plan.remainder is not None and (taken or plan.told):
        remainder.add(
            snapshot,
            plan.remainder,
            taken - plan.told_amount,
            is_explained=bool(plan.told),
            now=now,
        )
    if role == BalanceRole.EXPLAINS:
        charged = {each.reference for each, _ in plan.all_moves if each.doubt is not None}
        open_still = [doubt for doubt in found.doubts if doubt.reference not in charged]
        hidden_by = undecided.hiding(verdict.result, found)
        undecided.tell(snapshot.wallet, open_still, hidden_by=hidden_by, now=now)
    result = verdict.result
    ways = result.candidates if isinstance(result, Ambiguous) else ()
    if seen_at is not None and plan.undone is not None:
        opposites.take_back(snapshot, plan.undone, now=now)
    elif seen_at is not None:
        drifts.tell(snapshot, left, seen_at, candidates=ways, now=now)
    elif since is not None:
        can_be = isinstance(result, Ambiguous)
        remainder.open_remainder(snapshot, left, since, can_be=can_be, now=now)


def _joins_remainder(snapshot: Snapshot, plan: _Plan, found: OpenItems) -> bool:
    """Whether what is left of this reading is added to what a person was told of before.

    At once where it can be several things; what can be nothing may yet stay, and is told by itself.
    """
    if not snapshot.quiet:
        return False
    if isinstance(plan.verdict.result, Ambiguous):
        return True
    left = snapshot.drift - plan.verdict.amount
    return _unsettled_since(snapshot, left, plan.verdict, found, BalanceRole.EXPLAINS) is not None


def _unsettled_since(
    snapshot: Snapshot, left: Decimal, verdict: _Verdict, found: OpenItems, role: BalanceRole
) -> datetime | None:
    """Since when readings leave something that is not told, if that is long enough."""
    if not left or role != BalanceRole.EXPLAINS:
        return None
    is_unknown = isinstance(verdict.result, Unexplained) and found.waits_for_prices
    is_waiting = is_unknown or verdict.awaits_prices
    wait = drifts.WAIT_FOR_PRICES if is_waiting else drifts.WAIT_TO_TELL
    return drifts.unsettled_since(snapshot.wallet, snapshot.asked_at, wait=wait)


def _told_since(
    snapshot: Snapshot, left: Decimal, verdict: _Verdict, found: OpenItems, role: BalanceRole
) -> datetime | None:
    """Since when a change has waited for an explanation, if that is long enough."""
    if left == 0 or isinstance(verdict.result, Ambiguous):
        return None
    wait = _patience(found) if role == BalanceRole.EXPLAINS else timedelta(0)
    since = drifts.seen_first(snapshot.wallet, left, snapshot.asked_at, wait=wait)
    if since is None or role == BalanceRole.EXPLAINS:
        return since
    is_matched = drifts.was_matched_between(snapshot.wallet, since, snapshot.asked_at)
    return since if is_matched else None


def _patience(found: OpenItems) -> timedelta:
    return drifts.WAIT_FOR_PRICES if found.waits_for_prices else drifts.APART


def _proves_absence(plan: _Plan, found: OpenItems, snapshot: Snapshot) -> bool:
    """Whether what is not in the explanation did not happen."""
    verdict = plan.verdict
    is_sure = isinstance(verdict.result, Explained) and not verdict.is_loose
    is_all = snapshot.drift == verdict.amount and plan.remainder is None
    return found.is_quiet and is_sure and is_all
