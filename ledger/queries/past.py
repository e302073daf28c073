"""What moved on days that are over is added up once, and proved whenever it is read.

Nothing is booked on a day that is over, but by whoever began before midnight. So its sums are kept,
and each read adds only what moved since; what comes of it must be what the balances say, on every
account, or all of it is added up again. What is kept can be lost at any time, and nothing but time
is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.core.cache import cache
from django.db import connection

KEPT_FOR: Final = timedelta(days=40)
SETTLED: Final = timedelta(days=1)  # days before yesterday are kept: midnight is not everywhere

# What moved between which accounts, summed up by day before anything is looked up for it; then each
# sum once for each of its sides: what it adds to that kind of account. And the balances beside
# them, of the same moment. The months' days up to a day stand apart from those after it.
_MOVED: Final = """
    WITH moved AS MATERIALIZED (
        SELECT t.wallet_id, t.booked_on, t.kind, t.debit_id, t.credit_id, sum(t.amount) AS amount
        FROM ledger_transfer t
        WHERE t.phase IN ('posted', 'post') AND ({})
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT moved.wallet_id, date_trunc('month', moved.booked_on)::date, moved.kind, side.account,
        sum(side.amount), moved.booked_on < %s AS is_settled
    FROM moved
    JOIN ledger_account debited ON debited.id = moved.debit_id
    JOIN ledger_account credited ON credited.id = moved.credit_id
    CROSS JOIN LATERAL
        (VALUES (debited.kind, moved.amount), (credited.kind, -moved.amount)) side(account, amount)
    GROUP BY 1, 2, 3, 4, 6
    UNION ALL
    SELECT account.wallet_id, NULL, '', account.kind,
        balance.debits_posted - balance.credits_posted, NULL
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.wallet_id = ANY(%s)
"""
_SINCE: Final = "(t.wallet_id = %s AND t.booked_on >= %s)"

type Moved = tuple[
    date, str, str, Decimal
]  # the month, the kind of transfer and of account, how much


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wallet's months from `begins` on. `before`: what each kind of account held then."""

    wallet_id: int
    begins: date
    before: Mapping[str, Decimal]

    @property
    def key(self) -> str:
        return f"ledger.moved:{self.wallet_id}:{self.begins}"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What moved before a day."""

    until: date
    rows: list[Moved]


def moved(wanted: Iterable[Wanted], *, today: date, anew: bool = False) -> dict[int, list[Moved]]:
    """What moved in each wallet, by month. `anew`: nothing that was kept is looked at."""
    everything = list(wanted)
    settled = today - SETTLED
    kept = _kept([] if anew else everything)
    found = _moved([each for each in everything if each.key in kept], kept, settled)
    left = [each for each in everything if each.wallet_id not in found]
    begun = {each.key: _Kept(each.begins, []) for each in left}
    return found | _moved(left, begun, settled, is_all=True)


def _kept(wanted: Iterable[Wanted]) -> dict[str, _Kept]:
    found = cache.get_many([each.key for each in wanted])
    return {key: _Kept(*value) for key, value in found.items()}


def _moved(
    wanted: Sequence[Wanted], kept: Mapping[str, _Kept], settled: date, *, is_all: bool = False
) -> dict[int, list[Moved]]:
    """What is kept of each and what moved since; without those of which it is not the balances,
    unless it `is_all` that there is."""
    found = {}
    read = _read({each.wallet_id: kept[each.key].until for each in wanted}, settled)
    for each in wanted:
        known, recent = kept[each.key], read[each.wallet_id]
        past = [*known.rows, *recent.settled]
        agrees = recent.agrees(each, [*past, *recent.open])
        if agrees and known.until < settled:
            cache.set(each.key, (settled, _together(past)), KEPT_FOR.total_seconds())
        if agrees or is_all:
            found[each.wallet_id] = _together([*past, *recent.open])
    return found


def _together(rows: Iterable[Moved]) -> list[Moved]:
    """Each month's kinds once."""
    sums: dict[tuple[date, str, str], Decimal] = defaultdict(Decimal)
    for month, kind, account, amount in rows:
        sums[month, kind, account] += amount
    return [(*key, amount) for key, amount in sums.items()]


@dataclass(slots=True)
class _Read:
    settled: list[Moved]
    open: list[Moved]
    balances: dict[str, Decimal]

    def agrees(self, wanted: Wanted, rows: Iterable[Moved]) -> bool:
        """Whether the rows come to the balances."""
        held: dict[str, Decimal] = defaultdict(Decimal, wanted.before)
        for _month, _kind, account, amount in rows:
            held[account] += amount
        kinds = held.keys() | self.balances.keys()
        return all(held[kind] == self.balances.get(kind, 0) for kind in kinds)


def _read(begins: Mapping[int, date], settled: date) -> dict[int, _Read]:
    found: dict[int, _Read] = defaultdict(lambda: _Read([], [], {}))
    if not begins:
        return found
    which = " OR ".join([_SINCE] * len(begins))
    values = [value for pair in begins.items() for value in pair]
    with connection.cursor() as cursor:
        cursor.execute(_MOVED.format(which), [*values, settled, list(begins)])
        for wallet, month, kind, account, amount, is_settled in cursor.fetchall():
            if month is None:
                found[wallet].balances[account] = amount
            else:
                rows = found[wallet].settled if is_settled else found[wallet].open
                rows.append((month, kind, account, amount))
    return found
