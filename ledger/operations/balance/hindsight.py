"""What earlier readings left open, and all of them together tell."""

from decimal import Decimal

from django.db.models import F

from ledger import renters
from ledger.explaining import Explained, TooMany, follow, known, prove, unbooked
from ledger.models import ReconciliationException, Snapshot
from ledger.operations.balance.drifts import quiet_snapshots
from ledger.operations.balance.history import History, history, may_have_happened
from ledger.operations.balance.open_items import OpenItems
from ledger.operations.balance.proofs import Moves

NOTHING = Decimal(0)


def told_by_all(
    reading: Snapshot,
    found: OpenItems,
    *,
    booked: Moves,
    closed: Moves,
    remainder: ReconciliationException | None,
) -> Moves:
    """The refunds that have come for certain, beside what `reading` books by itself (`booked`)
    and what exceptions turn out to have been (`closed`).

    `reading` is quiet and not kept yet. They come to no more than is unexplained.
    """
    by_itself = {each.item.id: amount for each, amount in booked}
    known = remainder.amount if remainder is not None else NOTHING
    unexplained = known + reading.drift - sum(by_itself.values(), NOTHING)
    if not unexplained:
        return []
    by_itself |= {each.item.id: amount for each, amount in closed}
    since = remainder.occurred_at if remainder is not None else reading.answered_at
    past = history(reading.wallet, now=reading).since_explained(since)
    moves = _sure_of_prices(_by_steps(past, found, by_itself), past)
    if not 0 < _sum(moves) <= unexplained:
        moves = []
    if moves or remainder is None:
        return moves
    moves = _as_one(unexplained, found, by_itself, remainder)
    return moves if moves == _sure_of_prices(moves, past) else []


def _sure_of_prices(moves: Moves, past: History) -> Moves:
    """But for refunds that would take up a price that has risen."""
    if not moves:
        return []
    prices = renters.assumed(past.wallet, past.begins)
    return [(each, part) for each, part in moves if not each.may_hide_a_price(part, prices)]


def _by_steps(past: History, found: OpenItems, booked: dict[str, Decimal]) -> Moves:
    try:
        followed = follow(past.steps, may_have_happened(past, found.all, booked))
    except TooMany:
        return []
    return [(each, part) for each, part in found.of(unbooked(followed)) if each.refund is not None]


def _as_one(
    unexplained: Decimal,
    found: OpenItems,
    booked: dict[str, Decimal],
    remainder: ReconciliationException,
) -> Moves:
    """All of it at once, in one way only, whenever it happened.

    Where a reading held less than the book, something else has moved it as well, which a refund of
    unknown size would take up.
    """
    left = [each.item for each in found.all if each.reversal is None and each.item.id not in booked]
    result = prove(unexplained, left)
    readings = quiet_snapshots(remainder.wallet).filter(answered_at__gte=remainder.occurred_at)
    if readings.filter(drift__lt=F("explained")).exists():
        result = known(result, left)
    moves = found.of(result.parts) if isinstance(result, Explained) else []
    return moves if _sum(moves) == unexplained else []


def _sum(moves: Moves) -> Decimal:
    return sum((amount for _, amount in moves), NOTHING)
