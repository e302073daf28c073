"""What the statement's rows are is decided in passes, and written: matches, bookings, exceptions.

What is decided at once is written in steps, each whole in its own transaction. A run that is cut
off leaves some rows unexplained, and the next one goes on with those. While the steps write, the
book's row is locked, so that a person who matches at the same time comes before or after.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import ProviderAccount
from ledger.book import Entry, post, post_all
from ledger.days import team_day
from ledger.matching import items, links, pace, passes, tables, trust
from ledger.matching.passes import Likeness
from ledger.matching.trust import Trust
from ledger.models import Book, Match, StatementRow, Transfer
from ledger.operations import refunds
from ledger.operations.exceptions import Report, report, report_all
from ledger.operations.landing import Landing, land_all
from ledger.operations.statement import doubts, settling
from ledger.operations.unexplained import unexplained
from ledger.states import AccountKind, ExceptionKind, MatchPass, RefundCause, RowKind, TransferKind

WINDOW: Final = 600  # seconds between a booking and its row, either way
LANDED_BEFORE: Final = 600  # a refund seen in the balance was booked after its row's time
LANDED_AFTER: Final = 86_400
UNCLAIMED_WITHIN: Final = 86_400  # a refund that nobody asked for comes soon after its rental
GUARDED_FOR: Final = 86_400  # a refund may be of a purchase of somebody else's of that day
LATEST_REFUND: Final = 40 * 86_400
SAMPLE: Final = 20_000  # rows from which the usual distance in time is learned
AT_ONCE: Final = 2_000  # bookings a transaction
DAY: Final = 86_400

_SAMPLE: Final = """
    SELECT max(at) FROM (SELECT at FROM match_row WHERE kind = %s ORDER BY at LIMIT %s) first
    HAVING count(*) > 0
"""
_WRITE: Final = """
    INSERT INTO ledger_match (row_id, transfer_id, by_pass, at, reason)
    SELECT p.row_id, p.item_id, p.by_pass, %(now)s, ''
    FROM match_pair p
    WHERE p.what = 'transfer' AND NOT p.differs
        AND NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.id > %(seen)s AND m.transfer_id = p.item_id AND m.undone_at IS NULL
        )
        AND NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.id > %(seen)s AND m.row_id = p.row_id AND m.undone_at IS NULL
        )
    ORDER BY p.row_id
"""
_PAIRS: Final = "SELECT p.row_id, p.item_id, p.by_pass FROM match_pair p WHERE p.what = %s"
_DIFFERING: Final = """
    SELECT p.row_id, p.item_id, (r.amount - i.amount) / 10000.0::numeric FROM match_pair p
    JOIN match_row r ON r.id = p.row_id
    JOIN match_item i ON i.id = p.item_id AND i.what = p.what
    WHERE p.what = 'transfer' AND p.differs
"""
_UNEXPLAINED: Final = """
    SELECT r.id FROM match_row r
    WHERE NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.id > %(seen)s AND m.row_id = r.id AND m.undone_at IS NULL
        )
        AND NOT EXISTS (SELECT FROM ledger_reconciliationexception e WHERE e.row_id = r.id)
    ORDER BY r.id
"""
# Those that no pass looks at.
_OTHER: Final = """
    SELECT r.id FROM ledger_statementrow r
    WHERE r.wallet_id = %(wallet)s AND NOT r.before_cut_over AND (r.kind = 'other' OR r.amount <= 0)
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.row_id = r.id AND m.undone_at IS NULL
        )
        AND NOT EXISTS (SELECT FROM ledger_reconciliationexception e WHERE e.row_id = r.id)
    ORDER BY r.id
"""

type Pair = tuple[int, int, str]  # the row, the item, the pass


@dataclass(frozen=True, slots=True)
class Outcome:
    matched: int  # rows, in this run
    opened: int  # exceptions


@dataclass
class _Turn:
    wallet: ProviderAccount
    now: datetime
    alive: Callable[[], None]
    matched: int = 0
    opened: int = 0
    seen: int = 0  # the latest match before anything was gathered: only later ones are rivals
    # Rows that stand beside a booking which one of them is; nobody can say which.
    unsure: set[int] = field(default_factory=set)


def match_wallet(
    wallet: ProviderAccount,
    *,
    now: datetime,
    complete: bool = True,
    read_at: datetime | None = None,
    alive: Callable[[], None] = lambda: None,
) -> Outcome:
    """Explain what can be explained of the wallet's rows, and open an exception for the rest.

    `complete`: the statement was read without a gap at `read_at`, so that what is not on it was
    not charged. `alive` is called between steps and may raise. Again it changes nothing.
    """
    turn = _Turn(wallet, now, alive)
    doubts.undo_released(wallet, now=now)
    settling.settle_matched(wallet, now=now)
    turn.seen = _latest_match(wallet)
    try:
        for step in (_purchases, _restate, _refunds, _deposits, _others):
            alive()
            step(turn)
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            tables.end()
    if complete:
        doubts.find_not_charged(wallet, read_at=read_at or now, now=now)
    return Outcome(turn.matched, turn.opened)


def _latest_match(wallet: ProviderAccount) -> int:
    """With the book locked: whoever matches one of its rows afterwards draws a higher number."""
    with transaction.atomic():
        lock_book(wallet)
        return int(tables.rows("SELECT coalesce(max(id), 0) FROM ledger_match")[0][0])


def _purchases(turn: _Turn) -> None:
    kind, wallet = RowKind.PURCHASE.value, turn.wallet.pk
    if not tables.begin(wallet, [kind]):
        return
    items.purchases(wallet, window=WINDOW)
    tables.run("ANALYZE match_item")
    like = Likeness(kind=kind, whats=["transfer"], window=WINDOW)
    learned = pace.of_purchases(wallet) or _pace_of_sample(like)
    known = trust.in_activations(wallet, [kind])
    like = replace(like, trusted=known.is_earned)
    if like.trusted:
        passes.by_number(kind, like.whats, before=WINDOW, after=WINDOW)
    _unique(like, pace.up_to(learned) or [WINDOW])
    if not tables.is_done():
        like = _by_trusted_number(like, known)
    for window in pace.up_to(learned):
        if not tables.is_done():
            passes.even(replace(like, window=window))
    _write(turn)
    if not tables.is_done():
        _less_sure_purchases(turn, like, learned)
    _report(turn, _UNEXPLAINED)  # before the refunds: those of other people's are known by them


def _unique(like: Likeness, windows: list[int]) -> None:
    if windows:
        passes.apart(like, windows)
    for window in windows:
        if not tables.is_done():
            passes.unique(replace(like, window=window))


def _by_trusted_number(like: Likeness, known: Trust) -> Likeness:
    if not like.trusted:
        like = replace(like, trusted=_weigh(known + trust.in_paired_activations()))
    if like.trusted:
        passes.by_number(like.kind, like.whats, before=WINDOW, after=WINDOW)
        passes.by_number(like.kind, like.whats, before=WINDOW, after=WINDOW, same_amount=False)
    return like


def _less_sure_purchases(turn: _Turn, like: Likeness, learned: int | None) -> None:
    _doubts(turn, learned)
    passes.unique(like)
    passes.even(like)
    passes.fewer_rows(like)
    _write(turn)
    turn.unsure = set(passes.more_rows(like))


def _pace_of_sample(like: Likeness) -> int | None:
    """Learned from the first rows of those at hand, where nothing was matched before."""
    found = tables.rows(_SAMPLE, [like.kind, SAMPLE])
    if not found:
        return None
    sample = replace(like, until=found[0][0])
    passes.unique(sample)
    learned = pace.of_pairs()
    passes.drop_unique()
    return learned or _pace_of_crowd(sample)


def _pace_of_crowd(sample: Likeness) -> int | None:
    """Where rentals follow each other so closely that hardly one is alone in the whole window."""
    for window in pace.STEPS:
        passes.unique(replace(sample, window=window))
        holds = pace.holds_in_a_crowd(sample.kind, sample.whats, until=sample.until)
        passes.drop_unique()
        if holds:
            return window
    return None


def _weigh(seen: Trust) -> bool:
    """Whether the numbers are trusted from now on; strays among much agreement are left out."""
    if seen.doubts_strays and seen.disagreed:
        passes.drop_strays()
    return seen.is_earned


def _doubts(turn: _Turn, learned: int | None) -> None:
    """Rows that no booking explains, and holds whose outcome nobody knows."""
    items.holds(turn.wallet.pk)
    usual = pace.of_holds(turn.wallet.pk) if learned else None
    reach = usual + 2 if usual else WINDOW
    passes.only_fit(RowKind.PURCHASE.value, ["hold"], before=reach, after=reach)
    turn.matched += doubts.find_charged(turn.wallet, _pairs("hold"), now=turn.now)


def _refunds(turn: _Turn) -> None:
    kind, wallet = RowKind.REFUND.value, turn.wallet.pk
    if not tables.begin(wallet, [kind]):
        return
    items.booked(wallet, kind, before=LANDED_BEFORE, after=LANDED_AFTER)
    items.claims(wallet, after=WINDOW)
    tables.run("ANALYZE match_item")
    like = Likeness(kind=kind, whats=["transfer", "claim"], window=WINDOW)
    learned = pace.of_refunds(wallet) or _pace_of_sample(like)
    ids, linked = trust.in_activations(wallet, [kind]), trust.in_links(wallet)
    like = replace(like, trusted=ids.is_earned, linked=linked.is_earned)
    _by_numbers(turn, like)
    _unique(like, pace.up_to(learned))
    if not tables.is_done():
        _less_sure_refunds(turn, like, learned, ids, linked)
    _write(turn)
    _claim_unclaimed(turn)
    _land(turn)
    _report(turn, _UNEXPLAINED)


def _less_sure_refunds(
    turn: _Turn, like: Likeness, learned: int | None, ids: Trust, linked: Trust
) -> None:
    wallet = turn.wallet.pk
    passes.guard(wallet, within=GUARDED_FOR)
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
        _refunds_from_afar(turn, replace(like, guarded=True))
        links.only_purchase(wallet, within=UNCLAIMED_WITHIN, refuted=linked.is_refuted)


def _by_numbers(turn: _Turn, like: Likeness) -> None:
    if like.linked:
        links.by_link(turn.wallet.pk)
    if like.trusted:
        passes.by_number(like.kind, like.whats, before=WINDOW, after=LATEST_REFUND)
        passes.by_number(
            like.kind, ["claim"], before=WINDOW, after=LATEST_REFUND, same_amount=False
        )


def _refunds_from_afar(turn: _Turn, like: Likeness) -> None:
    """Those that came at no usual time, where they can't be somebody else's."""
    passes.unique(like)
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


def _deposits(turn: _Turn) -> None:
    kind = RowKind.DEPOSIT.value
    if not tables.begin(turn.wallet.pk, [kind]):
        return
    with transaction.atomic():
        lock_book(turn.wallet)  # who takes a deposit back comes before this or after it
        items.booked(turn.wallet.pk, kind, before=DAY, after=DAY)
        passes.only_fit(kind, ["transfer"], before=DAY, after=DAY)
        _write(turn)
    left = tables.rows(
        "SELECT id FROM match_row r WHERE NOT EXISTS"
        " (SELECT FROM match_pair p WHERE p.row_id = r.id) ORDER BY at, place"
    )
    for batch in _batches([pk for (pk,) in left]):
        turn.alive()
        _book_deposits(turn, batch)
    _report(turn, _UNEXPLAINED)


def _write(turn: _Turn) -> None:
    """Matches to what is booked already: only those whose amounts differ move money."""
    with transaction.atomic():
        lock_book(turn.wallet)
        tables.run("ANALYZE match_pair")
        written = tables.run(_WRITE, {"now": turn.now, "seen": turn.seen})
        turn.matched += written
        for row, transfer, difference in tables.rows(_DIFFERING):
            turn.matched += _correct(turn, row, transfer, difference)
        settling.settle_matched(turn.wallet, now=turn.now)
    tables.wrote(written)


def _correct(turn: _Turn, row_id: int, transfer_id: int, difference: Decimal) -> int:
    """The row is the purchase's beyond doubt, and says another amount than was booked."""
    if Match.objects.filter(transfer=transfer_id, undone_at__isnull=True).exists():
        return 0
    row, booked = StatementRow.objects.get(pk=row_id), Transfer.objects.get(pk=transfer_id)
    match = Match.objects.create(row=row, transfer=booked, by_pass=MatchPass.REFERENCE, at=turn.now)
    correct_difference(turn.wallet, match, difference, now=turn.now)
    return 1


def correct_difference(
    wallet: ProviderAccount, match: Match, difference: Decimal, *, now: datetime
) -> None:
    """Book what a purchase cost more (or less) than was booked for it, and tell of it."""
    booked, more = match.transfer, difference > 0
    post(
        Entry(
            key=f"match:{match.pk}:differs",
            wallet_id=wallet.pk,
            debit=AccountKind.SPEND if more else AccountKind.WALLET,
            credit=AccountKind.WALLET if more else AccountKind.SPEND,
            amount=abs(difference),
            kind=TransferKind.CORRECTION,
            reference=booked.reference,
            external_id=booked.external_id,
            service=booked.service,
            occurred_at=match.row.occurred_at,
            booked_on=team_day(wallet.team, now),
            day=booked.day,
            reason="The statement says another amount.",
            flagged=True,
        )
    )
    words = {"charged": match.row.amount, "booked": match.row.amount - difference}
    report(
        wallet,
        Report(
            key=f"match:{match.pk}:differs",
            kind=ExceptionKind.AMOUNT_DIFFERS,
            reference=booked.reference,
            occurred_at=match.row.occurred_at,
            detail=_("The statement says %(charged)s, and %(booked)s had been booked.") % words,
        ),
        now=now,
    )


def _claim_unclaimed(turn: _Turn) -> None:
    """A refund after the rental ended is accepted like any other: it gets its claim now."""
    for row_id, transfer_id, by_pass in _pairs("purchase"):
        bought = Transfer.objects.get(pk=transfer_id)
        claim = claim_for(turn.wallet, bought, now=turn.now)
        tables.run("INSERT INTO match_pair VALUES (%s, %s, 'claim', %s)", [row_id, claim, by_pass])


def claim_for(wallet: ProviderAccount, bought: Transfer, *, now: datetime) -> int:
    """The claim for a purchase, made where there is none."""
    charged = charged_for(wallet, bought.reference)
    claim = refunds.claim(
        refunds.Claim(
            wallet=wallet,
            reference=bought.reference,
            cause=RefundCause.EXPIRED,
            charged=charged,
            day=bought.day,
            external_id=bought.external_id,
            service=bought.service,
        ),
        now=now,
    )
    return claim.pk


def charged_for(wallet: ProviderAccount, reference: str) -> Decimal:
    """All that was charged for a rental: its purchase and what went beyond the hold."""
    charges = Transfer.objects.filter(
        wallet=wallet,
        reference=reference,
        kind__in=[TransferKind.PURCHASE, TransferKind.ADJUSTMENT],
        phase__in=["posted", "post"],
    )
    return sum(charges.values_list("amount", flat=True), Decimal(0))


def _land(turn: _Turn) -> None:
    for batch in _batches(_pairs("claim")):
        turn.alive()
        with transaction.atomic():
            lock_book(turn.wallet)
            settling.lock_waiting([row for row, _claim, _pass in batch])
            turn.matched += _land_some(turn, batch)
            settling.settle_matched(turn.wallet, now=turn.now)


def _land_some(turn: _Turn, batch: list[Pair]) -> int:
    rows = StatementRow.objects.in_bulk([row for row, _claim, _pass in batch])
    taken = Match.objects.filter(row__in=rows, undone_at__isnull=True)
    done = set(taken.values_list("row", flat=True))
    free = [pair for pair in batch if pair[0] not in done]
    landings = [
        Landing(claim, rows[row].amount, landing_key(row), rows[row].occurred_at)
        for row, claim, _pass in free
    ]
    booked = land_all(turn.wallet, landings, now=turn.now)
    matches = [
        Match(row_id=row, transfer_id=booked[landing_key(row)], by_pass=by_pass, at=turn.now)
        for row, _claim, by_pass in free
        if landing_key(row) in booked
    ]
    return len(Match.objects.bulk_create(matches))


def landing_key(row_id: int) -> str:
    return f"row:{row_id}:refund"


def _book_deposits(turn: _Turn, batch: list[int]) -> None:
    with transaction.atomic():
        lock_book(turn.wallet)
        found = StatementRow.objects.filter(pk__in=batch).exclude(
            matches__undone_at__isnull=True, matches__isnull=False
        )
        rows = list(found.order_by("occurred_at", "pk"))
        ids = post_all([deposit(turn.wallet, row, now=turn.now) for row in rows])
        matches = [
            Match(row=row, transfer_id=pk, by_pass=MatchPass.UNIQUE, at=turn.now)
            for row, pk in zip(rows, ids, strict=True)
        ]
        turn.matched += len(Match.objects.bulk_create(matches))
        settling.settle_matched(turn.wallet, now=turn.now)


def deposit(wallet: ProviderAccount, row: StatementRow, *, now: datetime) -> Entry:
    """Money that was paid in, as the statement says."""
    return Entry(
        key=f"row:{row.pk}:deposit",
        wallet_id=wallet.pk,
        debit=AccountKind.WALLET,
        credit=AccountKind.FUNDING,
        amount=row.amount,
        kind=TransferKind.DEPOSIT,
        occurred_at=row.occurred_at,
        booked_on=team_day(wallet.team, now),
    )


def _restate(turn: _Turn) -> None:
    with transaction.atomic():
        lock_book(turn.wallet)
        settling.restate(turn.wallet, turn.unsure, now=turn.now)


def _others(turn: _Turn) -> None:
    _report(turn, _OTHER)


def _report(turn: _Turn, which: str) -> None:
    """What no pass explained is put in front of a person, each row once."""
    found = tables.rows(which, {"wallet": turn.wallet.pk, "seen": turn.seen})
    for batch in _batches([pk for (pk,) in found]):
        turn.alive()
        with transaction.atomic():
            lock_book(turn.wallet)
            left = _unmatched(batch).order_by("pk")
            reports = [unexplained(row, unsure=row.pk in turn.unsure) for row in left]
            turn.opened += report_all(turn.wallet, reports, now=turn.now)


def _unmatched(row_ids: list[int]) -> QuerySet[StatementRow]:
    matched = Match.objects.filter(row__in=row_ids, undone_at__isnull=True)
    return StatementRow.objects.filter(pk__in=row_ids).exclude(pk__in=matched.values("row"))


def lock_book(wallet: ProviderAccount) -> Book:
    """Whoever matches rows of a wallet, run or person, holds this until the transaction ends."""
    return Book.objects.select_for_update(no_key=True, of=("self",)).get(pk=wallet.pk)


def _pairs(what: str) -> list[Pair]:
    return [(row, item, by_pass) for row, item, by_pass in tables.rows(_PAIRS, [what])]


def _batches[T](found: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]
