"""A reading of the balance beside the one before: which part of it wants an explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.explaining.items import Ambiguous, Explained, Item, Result, Unexplained
from ledger.explaining.search import explain


@dataclass(frozen=True, slots=True)
class Judgement:
    """`result` explains `drift` less `left`: what an earlier reading could not explain either."""

    result: Result
    left: Decimal


def judge(
    *, drift: Decimal, before: Decimal, items: Sequence[Item], then: Sequence[Item]
) -> Judgement:
    """Explain `drift`, or where the drift of the quiet reading `before` had no explanation, what
    has changed since.

    `then` are the items that were open at that time as well. Where both the whole and the change
    have an explanation, there are two, and nothing is proved.
    """
    whole = explain(drift, items)
    if drift == 0 or before in (0, drift) or not isinstance(explain(before, then), Unexplained):
        return Judgement(whole, Decimal(0))
    change = explain(drift - before, items)
    if isinstance(change, Unexplained):
        return Judgement(whole, Decimal(0))
    if isinstance(whole, Unexplained):
        return Judgement(change, before)
    return Judgement(_either(whole, change), Decimal(0))


def _either(whole: Result, change: Result) -> Ambiguous:
    known = [each.parts for each in (whole, change) if isinstance(each, Explained)]
    return Ambiguous(tuple(known))
