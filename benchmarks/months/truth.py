"""A wallet's months as they truly were: what was rented and by whom, and what the provider did.

A row of the statement each 30 seconds, round the clock. Shares are invented, and unkinder than a
provider should be; the seed makes them repeatable.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Final

ROWS_A_DAY: Final = 2880
BEGINS: Final = datetime(2026, 3, 1, tzinfo=UTC)
CENT: Final = Decimal("0.01")

# Shares of our rents.
DOUBTFUL: Final = 0.007  # no clear answer came
DOUBT_CHARGED: Final = 0.6  # of those
CANCELLED: Final = 0.45  # no SMS came
# Shares of the cancelled ones; what is left comes back whole and within seconds.
LATE: Final = 0.03
SHORT: Final = 0.02
NEVER: Final = 0.01
TWICE: Final = 0.003
# Shares of all purchases and days.
OUTSIDE: Final = 0.002
DEPOSITS_A_DAY: Final = 2

SERVICES: Final = {
    "WhatsApp": "0.58",
    "Telegram": "0.58",
    "Gmail": "0.40",
    "eBay": "0.75",
    "Discord": "0.33",
    "Uber": "0.75",
    "Tinder": "1.10",
    "Steam": "0.42",
    "PayPal": "0.90",
    "Vinted": "0.58",
}


class Numbers(StrEnum):
    """What the descriptions' numbers are."""

    ACTIVATION = "activation"
    RENTAL = "rental"  # the provider's own count, which other activations are numbered by, too
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """`rental`: whose it truly is, 0 for nobody's here. `explainable`: by what the portal did."""

    number: int
    kind: str
    amount: Decimal
    description: str
    at: datetime
    rental: int = 0
    explainable: bool = True


@dataclass(frozen=True, slots=True)
class Rented:
    """A rent of ours as the portal knows it: without activation where it is in doubt."""

    number: int
    service: str
    price: Decimal
    asked_at: datetime
    at: datetime  # by the provider's clock
    activation: str
    charged: bool
    cancelled_at: datetime | None

    @property
    def is_doubtful(self) -> bool:
        return not self.activation


@dataclass(slots=True)
class Day:
    """What came to be known on one day: rents and cancels of ours, and rows in their order."""

    ends: datetime
    rents: list[Rented] = field(default_factory=list)
    cancels: list[Rented] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class Wallet:
    """Gives its days, one after another."""

    def __init__(self, seed: int, numbers: Numbers) -> None:
        self._chance = random.Random(seed)  # noqa: S311
        self._numbers = numbers
        self._ids = count(1021)
        self._rentals = count(1)
        self._activations = count(503 if numbers is Numbers.RENTAL else 10_000_000)
        self._own_count = count(503 + self._chance.randrange(40))
        self._prices = {name: Decimal(price) for name, price in SERVICES.items()}
        self._waiting: list[tuple[datetime, int, Row]] = []  # rows that are still to come
        self._cancels: list[tuple[datetime, int, Rented]] = []
        self._order = count()

    def days(self, number: int) -> Iterator[Day]:
        for index in range(number):
            begins = BEGINS + timedelta(days=index)
            day = Day(begins + timedelta(days=1))
            self._change_prices()
            purchases = round(ROWS_A_DAY / (1 + CANCELLED * (1 - NEVER)))
            for second in sorted(self._chance.random() * 86_400 for _ in range(purchases)):
                self._purchase(day, begins + timedelta(seconds=second))
            for _ in range(DEPOSITS_A_DAY):
                at = begins + timedelta(seconds=self._chance.random() * 86_400)
                self._row(at, "deposit", Decimal(self._chance.choice([250, 500, 1000])), "Deposit")
            self._hand_out(day)
            yield day

    def _change_prices(self) -> None:
        name = self._chance.choice(list(self._prices))
        self._prices[name] += self._chance.choice([-1, 0, 0, 1]) * CENT

    def _purchase(self, day: Day, at: datetime) -> None:
        chance, service = self._chance, self._chance.choice(list(self._prices))
        price = self._prices[service]
        activation = next(self._activations)
        told = self._told(service, activation)
        if chance.random() < OUTSIDE:
            self._row(at, "purchase", price, told, explainable=False)
            if chance.random() < CANCELLED:
                back = at + timedelta(seconds=chance.uniform(30, 600))
                self._row(back, "refund", price, f"Refund for {told}", explainable=False)
            return
        doubtful = chance.random() < DOUBTFUL
        charged = not doubtful or chance.random() < DOUBT_CHARGED
        cancelled = not doubtful and chance.random() < CANCELLED
        rent = Rented(
            number=next(self._rentals),
            service=service,
            price=price,
            asked_at=at - timedelta(seconds=chance.uniform(0.05, 2)),
            at=at.replace(microsecond=0),
            activation="" if doubtful else str(activation),
            charged=charged,
            cancelled_at=at + timedelta(seconds=chance.uniform(30, 590)) if cancelled else None,
        )
        day.rents.append(rent)
        if charged:
            self._row(at, "purchase", price, told, rent.number)
        if rent.cancelled_at is not None:
            heapq.heappush(self._cancels, (rent.cancelled_at, next(self._order), rent))
            self._refund(rent, rent.cancelled_at, told)

    def _refund(self, rent: Rented, at: datetime, told: str) -> None:
        chance, what = self._chance, self._chance.random()
        description, amount = f"Refund for {told}", rent.price
        back = at + timedelta(seconds=chance.uniform(0.05, 3))
        if what < NEVER:
            return
        if what < NEVER + LATE:
            back = at + timedelta(seconds=chance.uniform(600, 2 * 86_400))
        elif what < NEVER + LATE + SHORT:
            amount = (rent.price * Decimal("0.9")).quantize(CENT)
        self._row(back, "refund", amount, description, rent.number)
        if chance.random() < TWICE:
            again = back + timedelta(seconds=chance.uniform(60, 86_400))
            self._row(again, "refund", amount, description, rent.number, explainable=False)

    def _told(self, service: str, activation: int) -> str:
        if self._numbers is Numbers.NONE:
            return f"{service} rental"
        number = activation if self._numbers is Numbers.ACTIVATION else next(self._own_count)
        return f"{service} rental #{number}"

    def _row(
        self,
        at: datetime,
        kind: str,
        amount: Decimal,
        description: str,
        rental: int = 0,
        *,
        explainable: bool = True,
    ) -> None:
        told = at.replace(microsecond=0)
        row = Row(0, kind, amount, description, told, rental, explainable)
        heapq.heappush(self._waiting, (at, next(self._order), row))

    def _hand_out(self, day: Day) -> None:
        """Rows are numbered by the provider in the order in which it books them."""
        while self._waiting and self._waiting[0][0] < day.ends:
            row = heapq.heappop(self._waiting)[2]
            day.rows.append(
                Row(
                    next(self._ids),
                    row.kind,
                    row.amount,
                    row.description,
                    row.at,
                    row.rental,
                    row.explainable,
                )
            )
        while self._cancels and self._cancels[0][0] < day.ends:
            day.cancels.append(heapq.heappop(self._cancels)[2])
