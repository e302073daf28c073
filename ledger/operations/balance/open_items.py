"""What may have moved a wallet without being booked: the items of an explanation, and what they
stand for."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from accounts.models import ProviderAccount
from ledger import renters
from ledger.book.entries import SMALLEST
from ledger.explaining import Item, Part
from ledger.models import Finding, ReconciliationException, Refund, Transfer
from ledger.renters import Assumed, Doubt, UnderWay
from ledger.states import (
    AWAITED,
    UNRESOLVED,
    AccountKind,
    ExceptionKind,
    FindingKind,
    Phase,
    RefundCause,
)

MOVED = (Phase.POSTED, Phase.POST)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item and the one thing that it stands for; none of them where it is under way."""

    item: Item
    since: datetime
    refund: Refund | None = None
    doubt: Doubt | None = None
    price: Assumed | None = None
    reversal: ReconciliationException | None = None

    @property
    def reference(self) -> str:
        """The rental's that it is about; "" for none."""
        known = self.refund or self.doubt or self.price or self.reversal
        return known.reference if known is not None else ""

    def may_hide_a_price(self, amount: Decimal, prices: Iterable[Assumed]) -> bool:
        """Whether `amount` of it may be a refund of more, beside another rental that was charged
        more than was booked: it is a part, of no size that was expected, and one of `prices` is
        not known."""
        claim = self.refund
        if claim is None or amount == claim.charged:
            return False
        is_learned = (claim.expected_min, claim.expected_max) != (Decimal(0), claim.charged)
        if is_learned and claim.expected_min <= amount <= claim.expected_max:
            return False
        return any(not price.is_known for price in prices if price.reference != claim.reference)


@dataclass(frozen=True, slots=True)
class OpenItems:
    """All that was open when a balance was read.

    `is_quiet`: nothing was under way. `charging`: the references whose charges may be booked at
    any time, by their own answers.
    """

    all: Sequence[OpenItem]
    is_quiet: bool
    charging: frozenset[str]
    prices: Sequence[Assumed] = ()  # of the rents whose answer named none

    @property
    def waits_for_prices(self) -> bool:
        """Whether the provider's prices were not read since one of these rents."""
        return any(not price.is_checked for price in self.prices)

    @property
    def items(self) -> list[Item]:
        return [each.item for each in self.all]

    @property
    def doubts(self) -> list[Doubt]:
        return [each.doubt for each in self.all if each.doubt is not None]

    def by(self, moment: datetime) -> list[Item]:
        """Those that were open at an earlier moment as well, less what was under way."""
        return [each.item for each in self.all if self._lasts(each) and each.since <= moment]

    def loosened(self) -> list[Item]:
        """The same, if a refund may also be less than it should."""
        return [_loose(each) if each.refund is not None else each.item for each in self.all]

    def of(self, parts: Iterable[Part]) -> list[tuple[OpenItem, Decimal]]:
        """What the parts of an explanation stand for."""
        known = {each.item.id: each for each in self.all}
        return [(known[part.item], part.amount) for part in parts if part.amount is not None]

    def _lasts(self, each: OpenItem) -> bool:
        return not each.item.is_passing and each.reversal is None


def open_items(
    wallet: ProviderAccount, *, asked_at: datetime, clean_since: datetime, now: datetime
) -> OpenItems:
    """What is open for a balance that was asked for at `asked_at`.

    `clean_since` is when the balance last agreed with the book: the prices of before are known.
    """
    under_way = list(renters.under_way(wallet, asked_at))
    findings = list(Finding.objects.filter(wallet=wallet, consumed_at__isnull=True))
    refunds = list(_refunds(wallet, now))
    decided = {each.reference for each in under_way} | {each.reference for each in findings}
    prices = renters.assumed(wallet, clean_since)
    found = [
        *map(_refund, refunds),
        *_doubts(wallet, decided),
        *(_price(one, one.other) for one in prices if one.other is not None),
        *_reversals(wallet),
        *_under_way(under_way, {refund.reference for refund in refunds}, asked_at),
        *_findings(findings, asked_at),
    ]
    proved = {each.reference for each in findings if each.kind == FindingKind.CHARGED}
    rents = {each.reference for each in under_way if not each.is_cancel}
    return OpenItems(
        found,
        is_quiet=not under_way and not proved,
        charging=frozenset(rents | proved),
        prices=prices,
    )


def _refunds(wallet: ProviderAccount, now: datetime) -> Iterable[Refund]:
    """Awaited ones, oldest first; one that no document promises for as long as it may be due."""
    awaited = Refund.objects.filter(wallet=wallet, state__in=AWAITED, expected_max__gt=0)
    unpromised = Q(cause=RefundCause.EXPIRED, due_at__lte=now)
    return awaited.exclude(unpromised).order_by("claimed_at", "pk")


def _refund(refund: Refund) -> OpenItem:
    low = max(refund.expected_min, SMALLEST)
    item = Item(f"refund:{refund.pk}", "refund", low, refund.expected_max)
    return OpenItem(item, refund.claimed_at, refund=refund)


def _loose(each: OpenItem) -> Item:
    assert each.refund is not None  # noqa: S101 - as the caller saw
    return replace(each.item, low=SMALLEST, high=each.refund.charged)


def _doubts(wallet: ProviderAccount, decided: Collection[str]) -> Iterator[OpenItem]:
    for doubt in renters.in_doubt(wallet):
        if doubt.reference not in decided and doubt.amount > 0:
            item = Item(f"doubt:{doubt.reference}", "doubt", -doubt.amount, -doubt.amount)
            yield OpenItem(item, doubt.since, doubt=doubt)


def _price(price: Assumed, other: Decimal) -> OpenItem:
    moved = price.booked - other
    item = Item(f"price:{price.reference}", "price", moved, moved)
    return OpenItem(item, price.since, price=price)


def _under_way(
    requests: Iterable[UnderWay], claimed: Collection[str], since: datetime
) -> Iterator[OpenItem]:
    """Open both ways. A cancel whose refund is claimed by now stands among the refunds."""
    for one in requests:
        if one.amount <= 0 or (one.is_cancel and one.reference in claimed):
            continue
        low, high = (SMALLEST, one.amount) if one.is_cancel else (-one.amount, -one.amount)
        kind = "cancel" if one.is_cancel else "rent"
        item = Item(f"{kind}:{one.reference}", kind, low, high, is_passing=True)
        yield OpenItem(item, since)


def _findings(findings: Iterable[Finding], since: datetime) -> Iterator[OpenItem]:
    """A charge that is proved is booked by whoever rents; until then it is like one under way."""
    for one in findings:
        if one.kind == FindingKind.CHARGED and one.amount:
            item = Item(f"finding:{one.pk}", "finding", -one.amount, -one.amount, is_passing=True)
            yield OpenItem(item, since)


def _reversals(wallet: ProviderAccount) -> Iterator[OpenItem]:
    """Money in suspense of which the book may have learned otherwise since.

    Where something that happened before was booked after an exception was reported, the balance
    moves back by the exception's amount: it was seen twice.
    """
    for exception in unexplained(wallet):
        if _booked_late(exception):
            amount = -exception.amount
            item = Item(f"exception:{exception.pk}", "reversal", amount, amount)
            yield OpenItem(item, exception.occurred_at, reversal=exception)


def unexplained(wallet: ProviderAccount) -> Iterable[ReconciliationException]:
    """The changes of the balance that stand in front of a person, oldest first."""
    drifts = ReconciliationException.objects.filter(unexplained_in(wallet))
    return drifts.order_by("occurred_at", "pk")


def unexplained_in(wallet: ProviderAccount) -> Q:
    return Q(wallet=wallet, kind=ExceptionKind.DRIFT, state__in=UNRESOLVED) & ~Q(amount=0)


def _booked_late(exception: ReconciliationException) -> bool:
    reported = Transfer.objects.filter(key=f"exception:{exception.pk}:suspense").first()
    if reported is None:
        return False
    side = "debit" if exception.amount > 0 else "credit"
    later = Transfer.objects.filter(
        wallet=exception.wallet_id,
        pk__gt=reported.pk,
        phase__in=MOVED,
        occurred_at__lte=exception.occurred_at,
        **{f"{side}__kind": AccountKind.WALLET},
    )
    own = Q(key__startswith="snapshot:") | Q(key__startswith="exception:")
    return later.exclude(own).exists()
