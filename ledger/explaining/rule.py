"""What a provider's refunds follow, learned from refunds that came one at a time.

SMS Villa's document says "the unused portion" and no more. Three readings are tried: all of it, a
fixed share of the price, and a share by the time that was not used. One is learned only where
enough refunds agree with it and no other reading agrees with them all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Final

ENOUGH: Final = 5
UNITS: Final = (Decimal("0.01"), Decimal(1))  # rounded down to the cent, or to the whole
PERCENT: Final = Decimal("0.01")
# The age is ours, and the provider's clock starts and stops a little later: this part of the time
# may be counted otherwise by it. Less is enough where all that was seen kept to half of it.
CLOCKS: Final = Decimal("0.02")
SHARP: Final = (Decimal("0.004"), Decimal("0.01"), CLOCKS)


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
    clocks: Decimal = CLOCKS

    def expects(self, charged: Decimal, age: float) -> tuple[Decimal, Decimal]:
        unused = min(Decimal(1), max(Decimal(0), 1 - Decimal(repr(age))))
        low = max(Decimal(0), unused - self.clocks)
        high = min(Decimal(1), unused + self.clocks)
        return _down(charged * low, self.unit), _down(charged * high, self.unit)

    @property
    def while_learned(self) -> "ProRata":
        """What has to agree with all that was seen: it keeps to half of what may still come."""
        return self if self.clocks == CLOCKS else replace(self, clocks=self.clocks / 2)


type RefundRule = FullRefund | Share | ProRata


def learn(seen: Sequence[Observation]) -> RefundRule | None:
    """The one reading that all the refunds agree with, None where there is none or several.

    Roundings that make no difference to any of them count as one, the finest.
    """
    if len(seen) < ENOUGH:
        return None
    agreeing = [rule for rules in readings() if (rule := _finest(rules, seen))]
    return agreeing[0] if len(agreeing) == 1 else None


def readings() -> Iterable[Sequence[RefundRule]]:
    """Every reading, with its roundings and clocks, the finest first."""
    yield [FullRefund()]
    yield [ProRata(unit, clocks) for clocks in SHARP for unit in UNITS]
    for percents in range(1, 100):
        yield [Share(percents * PERCENT, unit) for unit in UNITS]


def while_learned(rule: RefundRule) -> RefundRule:
    return rule.while_learned if isinstance(rule, ProRata) else rule


def _finest(rules: Iterable[RefundRule], seen: Sequence[Observation]) -> RefundRule | None:
    return next(
        (rule for rule in rules if all(agrees(while_learned(rule), each) for each in seen)), None
    )


def agrees(rule: RefundRule, one: Observation) -> bool:
    low, high = rule.expects(one.charged, one.age)
    is_rounded = not isinstance(rule, ProRata) or one.amount % rule.unit == 0
    return low <= one.amount <= high and is_rounded


def _down(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).to_integral_value(rounding=ROUND_DOWN) * unit
