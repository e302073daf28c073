"""What a provider's refunds follow, learned from refunds that came one at a time.

SMS Villa's document says "the unused portion" and no more. Three readings are tried: all of it, a
fixed share of the price, and a share by the time that was not used. One is learned only where
enough refunds agree with it and no other reading agrees with them all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

ENOUGH: Final = 5
UNITS: Final = (Decimal("0.01"), Decimal(1))  # rounded down to the cent, or to the whole
PERCENT: Final = Decimal("0.01")
# The age is ours, and the provider's clock starts and stops a little later: this part of the time
# may be counted otherwise by it.
CLOCKS: Final = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Observation:
    """A refund that came alone; `age` is the part of the time that was used, 0 to 1."""

    charged: Decimal
    age: float
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FullRefund:
    """All that was charged comes back."""

    def expects(self, charged: Decimal, age: float) -> tuple[Decimal, Decimal]:
        return charged, charged


@dataclass(frozen=True, slots=True)
class Share:
    """A fixed share of the price, in whole percents."""

    share: Decimal
    unit: Decimal

    def expects(self, charged: Decimal, age: float) -> tuple[Decimal, Decimal]:
        amount = _down(charged * self.share, self.unit)
        return amount, amount


@dataclass(frozen=True, slots=True)
class ProRata:
    """The price times the part of the time that was not used.

    It gives two amounts, close together, because no two clocks agree to the millisecond.
    """

    unit: Decimal

    def expects(self, charged: Decimal, age: float) -> tuple[Decimal, Decimal]:
        unused = min(Decimal(1), max(Decimal(0), 1 - Decimal(repr(age))))
        low = max(Decimal(0), unused - CLOCKS)
        high = min(Decimal(1), unused + CLOCKS)
        return _down(charged * low, self.unit), _down(charged * high, self.unit)


type RefundRule = FullRefund | Share | ProRata


def learn(seen: Sequence[Observation]) -> RefundRule | None:
    """The one reading that all the refunds agree with, None where there is none or several.

    Roundings that make no difference to any of them count as one, the finest.
    """
    if len(seen) < ENOUGH:
        return None
    agreeing = [rule for rules in _readings(seen) if (rule := _finest(rules, seen))]
    return agreeing[0] if len(agreeing) == 1 else None


def _readings(seen: Sequence[Observation]) -> Iterable[Sequence[RefundRule]]:
    """Every reading, with its roundings, the finest first."""
    yield [FullRefund()]
    yield [ProRata(unit) for unit in UNITS]
    for percents in range(1, 100):
        yield [Share(percents * PERCENT, unit) for unit in UNITS]


def _finest(rules: Iterable[RefundRule], seen: Sequence[Observation]) -> RefundRule | None:
    return next((rule for rule in rules if all(_agrees(rule, each) for each in seen)), None)


def _agrees(rule: RefundRule, one: Observation) -> bool:
    low, high = rule.expects(one.charged, one.age)
    is_rounded = not isinstance(rule, ProRata) or one.amount % rule.unit == 0
    return low <= one.amount <= high and is_rounded


def _down(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).to_integral_value(rounding=ROUND_DOWN) * unit
