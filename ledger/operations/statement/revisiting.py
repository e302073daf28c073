"""Matches by likeness are looked at again, once the wallet has taught what contradicts them.

What is surer takes their place in one transaction: each match that stands in its way is undone,
with what it had booked reversed, and the rows are matched anew. A row that is left over stands in
the queue until a pass explains it. Only pairs that what was learned confirms are made, so that it
comes to an end, and the next run finds nothing to do.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.db import transaction

from ledger.book import post_all
from ledger.matching import again, items, links, pace, passes, tables, trust
from ledger.matching.passes import Likeness
from ledger.models import Match
from ledger.models.book import UNDONE
from ledger.operations.exceptions import report_all
from ledger.operations.statement import settling, undoing
from ledger.operations.statement.landings import land_some
from ledger.operations.statement.learning import WINDOW
from ledger.operations.statement.refund_rows import LANDED_AFTER, LANDED_BEFORE, LATEST_REFUND
from ledger.operations.statement.turn import Turn, lock_book
from ledger.operations.statement.writing import Pair, pairs
from ledger.operations.unexplained import unexplained
from ledger.states import RowKind

WHY: Final = "What was learned since shows that the row is another’s."


def revisit(turn: Turn) -> bool:
    """Whether any match was undone."""
    undone = _purchases(turn)
    return bool(undone + _refunds(turn))


def _purchases(turn: Turn) -> int:
    kind, wallet = RowKind.PURCHASE.value, turn.wallet.pk
    if not again.is_there_any(wallet, kind):
        return 0
    learned = pace.of_purchases(wallet)
    trusted = trust.in_activations(wallet, [kind]).is_earned
    wrong = again.contradicted(wallet, kind, within=learned, trusted=trusted)
    if not wrong:
        return 0
    tables.begin(wallet, [kind], again=wrong)
    items.purchases(wallet, window=WINDOW, again=True)
    like = Likeness(kind=kind, whats=["transfer"], window=WINDOW, trusted=trusted)
    if trusted:
        passes.by_number(kind, like.whats, before=WINDOW, after=WINDOW)
    return _rematch(turn, like, learned)


def _refunds(turn: Turn) -> int:
    kind, wallet = RowKind.REFUND.value, turn.wallet.pk
    if not again.is_there_any(wallet, kind):
        return 0
    learned = pace.of_refunds(wallet)
    trusted = trust.in_activations(wallet, [kind]).is_earned
    linked = trust.in_links(wallet).is_earned
    wrong = again.contradicted(wallet, kind, within=learned, trusted=trusted, linked=linked)
    if not wrong:
        return 0
    tables.begin(wallet, [kind], again=wrong)
    items.booked(wallet, kind, before=LANDED_BEFORE, after=LANDED_AFTER, again=True)
    items.claims(wallet, after=WINDOW, again=True)
    whats = ["transfer", "claim"]
    if linked:
        links.by_link_again(wallet)
    if trusted:
        passes.by_number(kind, whats, before=WINDOW, after=LATEST_REFUND)
    like = Likeness(kind=kind, whats=whats, window=WINDOW, trusted=trusted, linked=linked)
    return _rematch(turn, like, learned)


def _rematch(turn: Turn, like: Likeness, learned: int | None) -> int:
    """With what is near enough in time, too; how many matches were undone for what is better."""
    for narrow in (passes.unique, passes.even):
        for window in pace.up_to(learned):
            narrow(replace(like, window=window))
    wrong = again.keep_better()
    if not wrong:
        return 0
    turn.alive()
    with transaction.atomic():
        lock_book(turn.wallet)
        found = Match.objects.filter(pk__in=wrong, undone_at__isnull=True)
        undone = list(found.select_related("row", "transfer__wallet__team"))
        if len(undone) < len(wrong):
            return 0  # somebody was at them meanwhile: the next run looks again
        settling.lock_waiting([row for row, _item, _pass in pairs("transfer") + pairs("claim")])
        _undo(turn, undone)
        turn.matched += _match_free(turn, pairs("transfer")) + land_some(turn, pairs("claim"))
        _report_left(turn, undone)
        settling.settle_matched(turn.wallet, now=turn.now)
    return len(undone)


def _undo(turn: Turn, undone: Sequence[Match]) -> None:
    """Claims before balances, as whoever lands a refund locks them."""
    Match.objects.filter(pk__in=[match.pk for match in undone]).update(undone_at=turn.now)
    landed = [match for match in undone if undoing.has_landed(match)]
    for match in sorted(landed, key=lambda each: each.transfer.reference):
        undoing.take_back(match.transfer, turn.now)
    post_all(
        [
            undoing.reversal(
                match.transfer, f"match:{match.pk}{UNDONE}", actor=None, reason=WHY, now=turn.now
            )
            for match in landed
        ]
    )


def _match_free(turn: Turn, found: Sequence[Pair]) -> int:
    """Those that nobody has matched meanwhile; how many."""
    live = Match.objects.filter(undone_at__isnull=True)
    taken = live.filter(transfer__in=[transfer for _row, transfer, _pass in found])
    transfers = set(taken.values_list("transfer", flat=True))
    matched = live.filter(row__in=[row for row, _transfer, _pass in found])
    rows = set(matched.values_list("row", flat=True))
    matches = [
        Match(row_id=row, transfer_id=transfer, by_pass=by_pass, at=turn.now)
        for row, transfer, by_pass in found
        if row not in rows and transfer not in transfers
    ]
    return len(Match.objects.bulk_create(matches))


def _report_left(turn: Turn, undone: Sequence[Match]) -> None:
    live = Match.objects.filter(row__in=[match.row_id for match in undone], undone_at__isnull=True)
    matched = set(live.values_list("row", flat=True))
    left = [match for match in undone if match.row_id not in matched]
    reports = [unexplained(match.row, again_after=match.pk) for match in left]
    turn.opened += report_all(turn.wallet, reports, now=turn.now)
