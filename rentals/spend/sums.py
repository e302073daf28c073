"""Sums of what rentals cost. Money of different currencies is never in one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

NOTHING: Final = Decimal(0)
SMALLEST: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Sum:
    """`rentals` of which `received` brought a code; `decided` are those that were bought and are
    over. Of what was `charged`, `refunded` came back; `held` may be charged still."""

    rentals: int = 0
    received: int = 0
    decided: int = 0
    charged: Decimal = NOTHING
    refunded: Decimal = NOTHING
    held: Decimal = NOTHING

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(
            self.rentals + other.rentals,
            self.received + other.received,
            self.decided + other.decided,
            self.charged + other.charged,
            self.refunded + other.refunded,
            self.held + other.held,
        )

    @property
    def net(self) -> Decimal:
        return self.charged - self.refunded

    @property
    def success(self) -> Decimal | None:
        """The share of the decided rentals that brought a code, 0 to 1; None where none is."""
        return Decimal(self.received) / self.decided if self.decided else None

    @property
    def per_code(self) -> Decimal | None:
        """What a received code cost, with all that brought none; None where there is none."""
        if not self.received:
            return None
        return (self.net / self.received).quantize(SMALLEST, ROUND_HALF_UP)


def total(sums: Iterable[Sum]) -> Sum:
    return sum(sums, Sum())
