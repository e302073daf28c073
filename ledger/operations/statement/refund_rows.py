"""Rows of refunds: landed before, landed now on their claim, or of what nobody had claimed."""

from dataclasses import replace
from typing import Final

from ledger.matching import items, links, pace, passes, tables, trust
from ledger.matching.passes import Likeness
from ledger.matching.trust import Trust
from ledger.models import Transfer
from ledger.operations.statement.charges import claim_for
from ledger.operations.statement.landings import land_pairs
from ledger.operations.statement.learning import WINDOW, pace_of_sample, unique
from ledger.operations.statement.turn import Turn
from ledger.operations.statement.writing import UNEXPLAINED, pairs, report_unmatched, write_matches
from ledger.states import RowKind

LANDED_BEFORE: Final = 600  # a refund seen in the balance was booked after its row's time
LANDED_AFTER: Final = 86_400
UNCLAIMED_WITHIN: Final = 86_400  # a refund that nobody asked for comes soon after its rental
GUARDED_FOR: Final = 86_400  # a refund may be of a purchase of somebody else's of that day
LATEST_REFUND: Final = 40 * 86_400


def match_refunds(turn: Turn) -> None:
    kind, wallet = RowKind.REFUND.value, turn.wallet.pk
    if not tables.begin(wallet, [kind]):
        return
    items.booked(wallet, kind, before=LANDED_BEFORE, after=LANDED_AFTER)
    items.claims(wallet, after=WINDOW)
    tables.run("ANALYZE match_item")
    like = Likeness(kind=kind, whats=["transfer", "claim"], window=WINDOW)
    learned = pace.of_refunds(wallet, until=turn.known) or pace_of_sample(like)
    ids = trust.in_activations(wallet, [kind], until=turn.known)
    linked = trust.in_links(wallet, until=turn.known)
    like = replace(like, trusted=ids.is_earned, linked=linked.is_earned)
    _by_numbers(turn, like)
    unique(like, pace.up_to(learned))
    if not tables.is_done():
        _less_sure_refunds(turn, like, learned, ids, linked)
    write_matches(turn)
    _claim_unclaimed(turn)
    land_pairs(turn)
    report_unmatched(turn, UNEXPLAINED)


def _less_sure_refunds(
    turn: Turn, like: Likeness, learned: int | None, ids: Trust, linked: Trust
) -> None:
    wallet = turn.wallet.pk
    passes.guard(wallet, within=GUARDED_FOR)
    if not (linked + trust.in_paired_links(wallet)).is_refuted:
        links.guard(wallet)
    if learned is None:
        passes.unique(replace(like, guarded=True))
    ids = ids if ids.is_earned else ids + trust.in_paired_activations()
    linked = linked if linked.is_earned else linked + trust.in_paired_links(wallet)
    like = replace(like, trusted=ids.is_earned, linked=linked.is_earned)
    _by_numbers(turn, like)
    for window in pace.up_to(learned):
        passes.even(replace(like, window=window))
    if learned is not None:
        passes.only_fit(
            like.kind, ["claim"], before=learned, after=learned, less=True, linked=like.linked
        )
    if not tables.is_done():
        _refunds_from_afar(turn, replace(like, guarded=True), linked)
        links.only_purchase(wallet, within=UNCLAIMED_WITHIN, refuted=linked.is_refuted)


def _by_numbers(turn: Turn, like: Likeness) -> None:
    if like.linked:
        links.by_link(turn.wallet.pk)
    if like.trusted:
        passes.by_number(like.kind, like.whats, before=WINDOW, after=LATEST_REFUND)
        passes.by_number(
            like.kind, ["claim"], before=WINDOW, after=LATEST_REFUND, same_amount=False
        )


def _refunds_from_afar(turn: Turn, like: Likeness, linked: Trust) -> None:
    """Those that came at no usual time, where they can't be somebody else's."""
    passes.unique(like)
    if not linked.is_refuted:
        links.alike(turn.wallet.pk)
        links.guard(turn.wallet.pk)
    passes.even(like)
    passes.fewer_rows(like)
    passes.only_fit(
        like.kind,
        ["transfer"],
        before=LANDED_AFTER,
        after=LANDED_BEFORE,
        linked=like.linked,
    )
    passes.late_refunds(trusted=like.trusted, linked=like.linked)


def _claim_unclaimed(turn: Turn) -> None:
    """A refund after the rental ended is accepted like any other: it gets its claim now."""
    for row_id, transfer_id, by_pass in pairs("purchase"):
        bought = Transfer.objects.get(pk=transfer_id)
        claim = claim_for(turn.wallet, bought, now=turn.now)
        tables.run("INSERT INTO match_pair VALUES (%s, %s, 'claim', %s)", [row_id, claim, by_pass])
