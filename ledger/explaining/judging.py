"""A reading of the balance beside the one before: what of it wants an explanation, and whether
the explanation is a proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.explaining.items import Ambiguous, Explained, Item, Result, Unexplained
from ledger.explaining.search import explain


@dataclass(frozen=True, slots=True)
class Judgement:
    """`result` explains the drift less `left`: what an earlier reading could not explain either."""

    result: Result
    left: Decimal


def prove(change: Decimal, items: Sequence[Item]) -> Result:
    """The one explanation, unless an unknown amount is what makes it fit.

    A refund of unknown size would make any charge that is open fit almost any change, whatever
    happened, and takes up whatever is under way: there it proves nothing.
    """
    result = explain(change, items)
    if isinstance(result, Explained) and _is_padded(result, items):
        return Ambiguous((result.parts,))
    return result


def _is_padded(result: Explained, items: Sequence[Item]) -> bool:
    has_charge = any(item.low < 0 for item in _taken(result, items))
    may_have = has_charge or any(item.is_passing for item in items)
    return may_have and _has_unknown(result, items)


def _has_unknown(result: Explained, items: Sequence[Item]) -> bool:
    return any(item.low != item.high for item in _taken(result, items))


def _taken(result: Explained, items: Sequence[Item]) -> list[Item]:
    taken = {part.item for part in result.parts}
    return [item for item in items if item.id in taken]


def judge(
    *, drift: Decimal, before: Decimal, items: Sequence[Item], then: Sequence[Item]
) -> Judgement:
    """Explain `drift`, or where the drift of the quiet reading `before` had no explanation, what
    has changed since.

    `then` are the items that were open at that time as well. Where both the whole and the change
    have an explanation, there are two, and nothing is proved; nor by a refund of unknown size
    that takes up what had no explanation before it.
    """
    whole = prove(drift, items)
    if drift == 0 or before in (0, drift) or not isinstance(explain(before, then), Unexplained):
        return Judgement(whole, Decimal(0))
    change = prove(drift - before, items)
    if isinstance(change, Unexplained):
        return Judgement(known(whole, items), Decimal(0))
    if isinstance(whole, Unexplained):
        return Judgement(change, before)
    return Judgement(_either(whole, change), Decimal(0))


def known(whole: Result, items: Sequence[Item]) -> Result:
    """The same, but for one that a refund of unknown size makes fit."""
    if isinstance(whole, Explained) and _has_unknown(whole, items):
        return Ambiguous((whole.parts,))
    return whole


def _either(whole: Result, change: Result) -> Ambiguous:
    known = [each.parts for each in (whole, change) if isinstance(each, Explained)]
    return Ambiguous(tuple(known))
