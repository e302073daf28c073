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
    taken = {part.item for part in result.parts}
    chosen = [item for item in items if item.id in taken]
    has_unknown = any(item.low != item.high for item in chosen)
    has_charge = any(item.low < 0 for item in chosen)
    return has_unknown and (has_charge or any(item.is_passing for item in items))


def judge(
    *, drift: Decimal, before: Decimal, items: Sequence[Item], then: Sequence[Item]
) -> Judgement:
    """Explain `drift`, or where the drift of the quiet reading `before` had no explanation, what
    has changed since.

    `then` are the items that were open at that time as well. Where both the whole and the change
    have an explanation, there are two, and nothing is proved.
    """
    whole = prove(drift, items)
    if drift == 0 or before in (0, drift) or not isinstance(explain(before, then), Unexplained):
        return Judgement(whole, Decimal(0))
    change = prove(drift - before, items)
    if isinstance(change, Unexplained):
        return Judgement(whole, Decimal(0))
    if isinstance(whole, Unexplained):
        return Judgement(change, before)
    return Judgement(_either(whole, change), Decimal(0))


def _either(whole: Result, change: Result) -> Ambiguous:
    known = [each.parts for each in (whole, change) if isinstance(each, Explained)]
    return Ambiguous(tuple(known))
