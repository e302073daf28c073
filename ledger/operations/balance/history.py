"""What a wallet's balance did from one quiet reading to the next, and what may have happened since.

A step is the change of the drift between two quiet readings, as what was booked between them left
it. Where something was booked that had happened before, the step says nothing.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

from django.db.models import Q

from accounts.models import ProviderAccount
from ledger import renters
from ledger.book.entries import SMALLEST
from ledger.explaining import Dated, Item, Owed, Seen, Step
from ledger.models import Finding, Refund, Snapshot, Transfer
from ledger.operations.balance.drifts import READINGS, left_over
from ledger.operations.balance.open_items import MOVED, OpenItem
from ledger.states import AWAITED, AccountKind, Evidence, FindingKind, RefundCause, TransferKind

MOVING: Final = 40  # steps that moved something, of which a rule is learned
# Between the hold of a rental's price and the time by which its own answer has charged it.
ANSWERED_WITHIN: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class History:
    """`steps[n]` leads from `readings[n]` to the one after; all of them quiet, oldest first."""

    wallet: ProviderAccount
    readings: Sequence[Snapshot]
    steps: Sequence[Step]

    def after(self, place: int) -> "History":
        """What followed a reading."""
        return History(self.wallet, self.readings[place:], self.steps[place:])

    def latest(self, moving: int) -> "History":
        """The end of it, with so many steps that moved something."""
        moved = list(accumulate(bool(step.amount) for step in reversed(self.steps)))
        return self.after(max(0, len(self.steps) - bisect_left(moved, moving) - 1))

    def since_explained(self, moment: datetime) -> "History":
        """From the last reading before `moment` that left nothing unexplained."""
        clean = [
            place
            for place, reading in enumerate(self.readings)
            if reading.answered_at < moment and not left_over(reading)
        ]
        return self.after(clean[-1] if clean else 0)

    @property
    def begins(self) -> datetime:
        return self.readings[0].answered_at


def history(wallet: ProviderAccount, *, now: Snapshot | None = None) -> History:
    """The latest of it; `now`: a quiet reading that is not kept yet."""
    newest = Snapshot.objects.filter(wallet=wallet).order_by("-answered_at", "-pk")[:READINGS]
    kept = [*reversed(newest), *([now] if now is not None else [])]
    readings = [each for each in kept if each.quiet]
    told = _told(wallet, readings) if len(readings) > 1 else set()
    return History(wallet, readings, list(_steps(kept, told)))


def _steps(kept: Sequence[Snapshot], told: Collection[int]) -> Iterator[Step]:
    """What readings that were not quiet have explained is of the step around them."""
    before: Snapshot | None = None
    between, place = Decimal(0), 0
    for each in kept:
        if not each.quiet:
            between += each.explained
            continue
        if before is not None:
            place += 1
            amount = each.drift - left_over(before) + between
            yield Step(amount, each.answered_at, is_told=place in told)
        before, between = each, Decimal(0)


def _told(wallet: ProviderAccount, readings: Sequence[Snapshot]) -> set[int]:
    """The places of the readings up to which something else than a refund is known to have moved,
    or was booked that had happened before."""
    lasts = [each.last_transfer for each in readings]
    places = set()
    for transfer in _moved(wallet, readings):
        place = bisect_left(lasts, transfer.pk)
        if transfer.key.startswith("snapshot:"):  # a price that a reading corrected
            places.add(place - 1)
        elif not _is_answered(transfer, readings[place - 1].asked_at):
            places.add(place)
    charged = Finding.objects.filter(
        wallet=wallet,
        kind=FindingKind.CHARGED,
        evidence=Evidence.BALANCE,
        found_at__gte=readings[0].answered_at,
    )
    found = set(charged.values_list("found_at", flat=True))
    return places | {n for n, each in enumerate(readings) if each.answered_at in found}


def _moved(wallet: ProviderAccount, readings: Sequence[Snapshot]) -> Iterator[Transfer]:
    sides = Q(debit__kind=AccountKind.WALLET) | Q(credit__kind=AccountKind.WALLET)
    own = Q(key__startswith="exception:") | (
        Q(key__startswith="snapshot:") & ~Q(key__contains=":price:")
    )
    booked = Transfer.objects.filter(
        sides,
        wallet=wallet,
        phase__in=MOVED,
        booked_on__gte=(readings[0].asked_at - timedelta(days=2)).date(),
        pk__gt=readings[0].last_transfer,
        pk__lte=readings[-1].last_transfer,
    )
    return booked.exclude(own).select_related("resolves").iterator()


def _is_answered(transfer: Transfer, before: datetime) -> bool:
    """Whether it is the charge of a rental that was asked for after the reading before."""
    if transfer.kind == TransferKind.ADJUSTMENT:
        return True  # beside a charge, which tells
    held = transfer.resolves
    is_charge = transfer.kind == TransferKind.PURCHASE and held is not None
    return is_charge and held is not None and held.occurred_at > before - ANSWERED_WITHIN


def seen(past: History) -> Seen:
    """What refunds may be learned from: the steps, and all that may have moved them."""
    begins, wallet = past.begins, past.wallet
    owed, others = [], []
    for refund in _refunds(wallet, begins):
        if refund.cause == RefundCause.CANCELLED and refund.age is not None:
            owed.append(Owed(_id(refund), refund.charged, refund.age, refund.claimed_at))
        else:
            low, high = max(refund.expected_min, SMALLEST), refund.expected_max
            if refund.received:
                low = high = refund.received
            others.append(Dated(Item(_id(refund), "other", low, high), refund.claimed_at))
    for doubt in renters.in_doubt(wallet):
        item = Item(doubt.reference, "doubt", -doubt.amount, -doubt.amount)
        others.append(Dated(item, doubt.since))
    for price in renters.assumed(wallet, begins):
        if price.other is not None:
            moved = price.booked - price.other
            others.append(Dated(Item(price.reference, "price", moved, moved), price.since))
    return Seen(past.steps, owed, [each for each in others if each.item.low])


def may_have_happened(
    past: History, found: Sequence[OpenItem], booked: dict[str, Decimal]
) -> list[Dated]:
    """What is open, and the refunds that were booked meanwhile. `booked`: what of it this reading
    books by itself."""
    awaited = [
        Dated(each.item, each.since)
        for each in found
        if not each.item.is_passing and each.reversal is None and each.item.id not in booked
    ]
    since = {each.item.id: each.since for each in found}
    now = [(name, amount, since[name]) for name, amount in booked.items()]
    before = [
        (_id(refund), refund.received, refund.claimed_at)
        for refund in _refunds(past.wallet, past.begins)
        if refund.received
    ]
    return awaited + [
        Dated(Item(name, name.partition(":")[0], amount, amount), moment, is_booked=True)
        for name, amount, moment in now + before
    ]


def _refunds(wallet: ProviderAccount, since: datetime) -> list[Refund]:
    """Those that were awaited at some time since."""
    rows = Refund.objects.filter(wallet=wallet).filter(
        Q(state__in=AWAITED, expected_max__gt=0) | Q(received__gt=0, received_at__gt=since)
    )
    return list(rows.order_by("claimed_at", "pk"))


def _id(refund: Refund) -> str:
    return f"refund:{refund.pk}"
