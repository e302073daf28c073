"""A refund rule is learned from the steps of a balance, where refunds are never seen alone.

Each rule is tried on all the steps together. One is learned where it explains enough of them in
one way only, nothing since has gone against it, and each other rule is refuted: the amounts can't
be made by it, or what must have come back by the one would have been another amount by the other,
time and again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from math import gcd
from typing import Final

from ledger.explaining.items import Item
from ledger.explaining.rule import (
    CLOCKS,
    ENOUGH,
    UNITS,
    ProRata,
    RefundRule,
    Share,
    readings,
    while_learned,
)
from ledger.explaining.search import UNIT, TooMany, in_units
from ledger.explaining.steps import Dated, Followed, Step, follow

BITS: Final = 2_000_000  # of a table of sums


@dataclass(frozen=True, slots=True)
class Owed:
    """A cancelled rental whose refund may have come at any time since."""

    id: str
    charged: Decimal
    age: float
    since: datetime


@dataclass(frozen=True, slots=True)
class Lesson:
    """A rule, and when the steps were that it alone explains, oldest first."""

    rule: RefundRule
    proofs: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """The steps, and all that may have happened in them: cancels, and what has an amount."""

    steps: Sequence[Step]
    owed: Sequence[Owed]
    others: Sequence[Dated] = ()

    def by(self, rule: RefundRule) -> list[Dated]:
        """What may have happened, if refunds follow this rule."""
        return [*self.others, *(d for each in self.owed if (d := _by(rule, each)) is not None)]


def learn_from_steps(seen: Seen) -> Lesson | None:
    """The one rule that the steps prove, None where there is none."""
    for rules in _worth_a_try(seen):
        trial = _first(seen, rules)
        if trial is not None and _stands_alone(seen, trial):
            return trial.lesson
    return None


def is_outdated(seen: Seen, rule: RefundRule) -> bool:
    """Whether the latest steps that moved anything are not of this rule, none of them."""
    latest = [step for step in seen.steps if step.amount and not step.is_told][-ENOUGH:]
    if len(latest) < ENOUGH or isinstance(rule, ProRata):
        return False
    return not any(_can_make(seen.by(rule), step) for step in latest)


@dataclass(frozen=True, slots=True)
class _Trial:
    rule: RefundRule
    followed: Followed
    places: Sequence[int]  # of the steps that it explains in one way, since the last it can't

    @property
    def lesson(self) -> Lesson:
        return Lesson(self.rule, tuple(self.followed.steps[place].at for place in self.places))


def _by(rule: RefundRule, owed: Owed) -> Dated | None:
    low, high = rule.expects(owed.charged, owed.age)
    if high < UNIT:
        return None
    return Dated(Item(owed.id, "refund", max(low, UNIT), high), owed.since)


def _worth_a_try(seen: Seen) -> Iterable[Sequence[RefundRule]]:
    """Those of exact amounts first: no two rules are proved by the same steps. Shares only where
    they would have come alone as well, time and again."""
    hits: dict[Decimal, set[int]] = {}
    for place, step in enumerate(seen.steps):
        for owed in seen.owed:
            if 0 < step.amount < owed.charged and owed.since <= step.at:
                about = (step.amount / owed.charged * 100).to_integral_value(ROUND_DOWN)
                for percents in (about, about + 1):
                    hits.setdefault(percents / 100, set()).add(place)
    for rules in sorted(readings(), key=lambda rules: isinstance(rules[0], ProRata)):
        first = rules[0]
        if not isinstance(first, Share) or len(hits.get(first.share, ())) >= ENOUGH:
            yield rules


def _first(seen: Seen, rules: Iterable[RefundRule]) -> _Trial | None:
    try:
        return next((trial for rule in rules if (trial := _try(seen, rule)) is not None), None)
    except TooMany:  # a coarser one has more ways still
        return None


def _try(seen: Seen, rule: RefundRule) -> _Trial | None:
    """How a rule explains the steps, if it explains enough of them. Raises TooMany."""
    followed = follow(seen.steps, seen.by(while_learned(rule)))
    sure: list[int] = []
    for place, step in enumerate(seen.steps):
        if step.is_told or not step.amount:
            continue
        if followed.missed(place):
            sure.clear()
        elif followed.decided(place) is not None and _is_refund(followed, place):
            sure.append(place)
    return _Trial(rule, followed, sure) if len(sure) >= ENOUGH else None


def _is_refund(followed: Followed, place: int) -> bool:
    """Whether it was refunds, and nothing beside them."""
    way = followed.decided(place) or ()
    kinds = [
        group.members[0].item.kind
        for group, count in zip(followed.groups, way, strict=True)
        if count
    ]
    return all(kind == "refund" for kind in kinds)


def _stands_alone(seen: Seen, trial: _Trial) -> bool:
    if isinstance(trial.rule, ProRata):
        rivals = [
            rule for rules in readings() if not isinstance(rules[0], ProRata) for rule in rules
        ]
        return all(_is_refuted(seen, rival, trial) for rival in rivals)
    rivals = [rule for rules in readings() if trial.rule not in rules for rule in rules]
    exact = [rival for rival in rivals if not isinstance(rival, ProRata)]
    return _would_differ(seen, ProRata(UNITS[0], CLOCKS), trial) and all(
        _is_refuted(seen, rival, trial) for rival in exact
    )


def _is_refuted(seen: Seen, rival: RefundRule, trial: _Trial) -> bool:
    """Whether a rule of exact amounts can't have made all of the steps that the other explains."""
    items = seen.by(rival)
    if not all(_can_make(items, seen.steps[place]) for place in trial.places):
        return True
    try:
        followed = follow(seen.steps, items)
    except TooMany:
        return False
    return any(followed.missed(place) for place in trial.places)


def _would_differ(seen: Seen, rival: RefundRule, trial: _Trial) -> bool:
    """Whether the same refunds would have come to other amounts by the rival, often enough.

    It has room for almost any sum, of other refunds than these; that those come to just these
    amounts each time would be chance.
    """
    by_rival = {each.item.id: each.item for each in seen.by(rival)}
    return sum(_differs(trial, place, by_rival) for place in trial.places) >= ENOUGH


def _differs(trial: _Trial, place: int, by_rival: dict[str, Item]) -> bool:
    step = trial.followed.steps[place]
    way = trial.followed.decided(place) or ()
    low = high = Decimal(0)
    for group, count in zip(trial.followed.groups, way, strict=True):
        if count:
            open_ones = [each.item.id for each in group.members if each.since <= step.at]
            known = [by_rival[one] for one in open_ones if one in by_rival]
            low += count * min((each.low for each in known), default=Decimal(0))
            high += count * max((each.high for each in known), default=Decimal(0))
    return not low <= step.amount <= high


def _can_make(items: Sequence[Dated], step: Step) -> bool:
    """Whether any of what was open can have made the step, whatever happened in the others."""
    found = [each.item for each in items if each.since <= step.at]
    if any(item.low != item.high for item in found):
        return True
    amounts = [in_units(item.low) for item in found]
    # Each charge that was not made counts as if it were: then all amounts are positive.
    target = in_units(step.amount) - sum(amount for amount in amounts if amount < 0)
    unit = gcd(*amounts) or 1
    if target < 0 or target % unit:
        return False
    if target // unit > BITS:
        return True
    sums, most = 1, (1 << (target // unit + 1)) - 1
    for amount in amounts:
        sums |= (sums << (abs(amount) // unit)) & most
    return bool(sums >> (target // unit) & 1)
