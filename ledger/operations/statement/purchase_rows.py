"""Rows of purchases: of charges that are booked, of holds in doubt, or of somebody else."""

from dataclasses import replace

from ledger.matching import items, pace, passes, tables, trust
from ledger.matching.passes import Likeness
from ledger.matching.trust import Trust
from ledger.operations.statement import doubts
from ledger.operations.statement.learning import WINDOW, pace_of_sample, unique, weigh
from ledger.operations.statement.turn import Turn
from ledger.operations.statement.writing import UNEXPLAINED, pairs, report_unmatched, write_matches
from ledger.states import RowKind


def match_purchases(turn: Turn) -> None:
    kind, wallet = RowKind.PURCHASE.value, turn.wallet.pk
    if not tables.begin(wallet, [kind]):
        return
    items.purchases(wallet, window=WINDOW)
    tables.run("ANALYZE match_item")
    like = Likeness(kind=kind, whats=["transfer"], window=WINDOW)
    learned = pace.of_purchases(wallet) or pace_of_sample(like)
    known = trust.in_activations(wallet, [kind])
    like = replace(like, trusted=known.is_earned)
    if like.trusted:
        passes.by_number(kind, like.whats, before=WINDOW, after=WINDOW)
    unique(like, pace.up_to(learned) or [WINDOW])
    if not tables.is_done():
        like = _by_trusted_number(like, known)
    for window in pace.up_to(learned):
        if not tables.is_done():
            passes.even(replace(like, window=window))
    write_matches(turn)
    if not tables.is_done():
        _less_sure_purchases(turn, like, learned)
    # Before the refunds: those of other people's purchases are known by them.
    report_unmatched(turn, UNEXPLAINED)


def _by_trusted_number(like: Likeness, known: Trust) -> Likeness:
    if not like.trusted:
        like = replace(like, trusted=weigh(known + trust.in_paired_activations()))
    if like.trusted:
        passes.by_number(like.kind, like.whats, before=WINDOW, after=WINDOW)
        passes.by_number(like.kind, like.whats, before=WINDOW, after=WINDOW, same_amount=False)
    return like


def _less_sure_purchases(turn: Turn, like: Likeness, learned: int | None) -> None:
    _doubts(turn, learned)
    passes.unique(like)
    passes.even(like)
    passes.fewer_rows(like)
    write_matches(turn)
    turn.unsure = set(passes.more_rows(like))


def _doubts(turn: Turn, learned: int | None) -> None:
    """Rows that no booking explains, and holds whose outcome nobody knows."""
    items.holds(turn.wallet.pk)
    usual = pace.of_holds(turn.wallet.pk) if learned else None
    reach = usual + 2 if usual else WINDOW
    passes.only_fit(RowKind.PURCHASE.value, ["hold"], before=reach, after=reach)
    turn.matched += doubts.find_charged(turn.wallet, pairs("hold"), now=turn.now)
