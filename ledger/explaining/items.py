"""What may have moved a wallet, and what an explanation of its balance says."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """Something that may have happened, once, unseen: a refund that is awaited, a rent in doubt.

    It moved the wallet by `low` to `high`, with their sign; one amount where they are equal.
    Items of the same `kind` and amounts are interchangeable, and the oldest is taken first.
    `is_passing`: under way, and booked by its own answer. It may be part of an explanation, and
    nothing is booked for it.
    """

    id: str
    kind: str
    low: Decimal
    high: Decimal
    is_passing: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """An item that happened, and how much it moved; None where only the sum of several is known."""

    item: str
    amount: Decimal | None


type Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """There is one explanation. `parts` is empty where nothing but what is passing happened."""

    parts: Parts

    @property
    def amount(self) -> Decimal:
        """How much of the change is to be booked."""
        return sum((part.amount for part in self.parts if part.amount is not None), Decimal(0))


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The items can't have made the change, whichever of them happened."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """There are several explanations, and these are some; none where there are too many to tell."""

    candidates: tuple[Parts, ...] = ()


type Result = Explained | Unexplained | Ambiguous
