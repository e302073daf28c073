"""A wallet without a statement that is never at rest: rents and cancels go on all the time, and
refunds land some time after, seen only as changes of the balance.

The ledger's own functions book, claim and read, over HTTP; the sandbox holds the money.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from heapq import heappop, heappush
from typing import Final

from ledger.days import team_day
from ledger.models import ReconciliationException, Refund
from ledger.operations import holds, refunds
from ledger.operations.balance import snapshots
from ledger.operations.holds import Purchase
from ledger.operations.refunds import Claim
from ledger.states import UNRESOLVED, ExceptionKind, RefundCause
from sandbox.money import to_mills
from tests.ledger.watching import Watch

EVERY: Final = 30  # seconds from rent to rent
TTL: Final = 1200
LANDS: Final = (60, 1200)  # seconds after a cancel
CANCELLED: Final = (30, 600)  # seconds after a rent
PRICES: Final = tuple(map(Decimal, ("500", "650", "812.5", "1200")))

type Rule = Callable[[Decimal, Decimal], Decimal]  # the price, and the part of the time used

_references = itertools.count(10_000_000)


def full(price: Decimal, age: Decimal) -> Decimal:
    return price


def unused(price: Decimal, age: Decimal) -> Decimal:
    """The provider's clock starts and stops a little later than ours."""
    return (price * (1 - age - Decimal("0.0005"))).quantize(Decimal("0.01"), ROUND_DOWN)


@dataclass
class Busy:
    """`owed`: what the provider pays back for each rental, 0 where nothing. `open_ones`: how many
    exceptions stood open after each reading."""

    watched: Watch
    chance: random.Random
    rule: Rule
    owed: dict[str, Decimal] = field(default_factory=dict)
    landed: set[str] = field(default_factory=set)
    open_ones: list[int] = field(default_factory=list)
    _now: float = 0
    _rented: int = 0
    _coming: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def live(self, *, hours: float, reads_every: float) -> None:
        """So many hours of it, and then as long as it takes for all to land."""
        begun, end = self._now, self._now + hours * 3600
        rest = end + CANCELLED[1] + LANDS[1] + 2 * reads_every
        for number in range(int(hours * 3600 / EVERY)):
            self._at(begun + number * EVERY, self._rent)
        for number in range(1, int((rest - begun) / reads_every) + 1):
            self._at(begun + number * reads_every, self._read)
        while self._coming:
            at, _, happens = heappop(self._coming)
            self.watched.scene.times.move(at - self._now)
            self._now = at
            happens()

    def _at(self, moment: float, happens: Callable[[], None]) -> None:
        heappush(self._coming, (moment, next(_references), happens))

    def _rent(self) -> None:
        scene, price = self.watched.scene, self.chance.choice(PRICES)
        now = scene.times.now()
        bought = Purchase(
            wallet=scene.account,
            reference=f"rental:{next(_references)}",
            service="WhatsApp",
            day=team_day(scene.account.team, now),
        )
        holds.hold(bought, price, now=now)
        holds.charge(bought, price, now=now, occurred_at=now)
        scene.sandbox.wallets.charge(
            scene.wallet_id, to_mills(price), description="rent", activation_id=None
        )
        self._rented += 1
        if self._rented % 3 == 0:
            after = self.chance.uniform(*CANCELLED)
            self._at(self._now + after, lambda: self._cancel(bought, price, after / TTL))

    def _cancel(self, bought: Purchase, price: Decimal, age: float) -> None:
        wanted = Claim(
            wallet=bought.wallet,
            reference=bought.reference,
            cause=RefundCause.CANCELLED,
            charged=price,
            day=bought.day,
            age=age,
            queued=True,
        )
        refunds.claim(wanted, now=self.watched.scene.times.now())
        amount = self.rule(price, Decimal(repr(age)))
        self.owed[bought.reference] = amount
        if amount:
            lands = self._now + self.chance.uniform(*LANDS)
            self._at(lands, lambda: self._land(bought.reference, amount))

    def _land(self, reference: str, amount: Decimal) -> None:
        scene = self.watched.scene
        scene.sandbox.wallets.credit(
            scene.wallet_id, to_mills(amount), kind="refund", description="", activation_id=None
        )
        self.landed.add(reference)

    def _read(self) -> None:
        assert snapshots.read_and_explain(
            self.watched.account, now=self.watched.scene.times.now() - timedelta(microseconds=1)
        )
        self.open_ones.append(len(self.exceptions()))

    def exceptions(self) -> list[ReconciliationException]:
        return list(
            ReconciliationException.objects.filter(
                wallet=self.watched.account, kind=ExceptionKind.DRIFT, state__in=UNRESOLVED
            )
        )

    def booked(self) -> dict[str, Decimal]:
        rows = Refund.objects.filter(wallet=self.watched.account, received__gt=0)
        return dict(rows.values_list("reference", "received"))

    def wrong(self) -> dict[str, Decimal]:
        """What was booked for a rental whose refund is another amount."""
        return {what: sum_ for what, sum_ in self.booked().items() if self.owed[what] != sum_}

    def share(self) -> float:
        """Of the refunds that landed, those that are booked; alike ones stand for each other."""
        landed = Counter(self.owed[reference] for reference in self.landed)
        return (Counter(self.booked().values()) & landed).total() / landed.total()
