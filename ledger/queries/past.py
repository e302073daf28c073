"""What moved in the months that are over is added up once, and proved whenever it is read.

Nearly nothing is booked into a month that is over. So its sums are kept, and each read adds only
what moved since; what comes of it must be what the balances say, on every account, or all of it
is added up again. What is kept can be lost at any time, and nothing but time is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.core.cache import cache
from django.db import connection

KEPT_FOR: Final = timedelta(days=40)

# What moved between which accounts, summed up by day before anything is looked up for it; then each
# sum once for each of its sides: what it adds to that kind of account. And the balances beside
# them, of the same moment.
_MOVED: Final = """
    WITH moved AS MATERIALIZED (
        SELECT t.wallet_id, t.booked_on, t.kind, t.debit_id, t.credit_id, sum(t.amount) AS amount
        FROM ledger_transfer t
        WHERE t.phase IN ('posted', 'post') AND ({})
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT moved.wallet_id, date_trunc('month', moved.booked_on)::date, moved.kind, side.account,
        sum(side.amount)
    FROM moved
    JOIN ledger_account debited ON debited.id = moved.debit_id
    JOIN ledger_account credited ON credited.id = moved.credit_id
    CROSS JOIN LATERAL
        (VALUES (debited.kind, moved.amount), (credited.kind, -moved.amount)) side(account, amount)
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT account.wallet_id, NULL, '', account.kind,
        balance.debits_posted - balance.credits_posted
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.wallet_id = ANY(%s)
"""
_SINCE: Final = "(t.wallet_id = %s AND t.booked_on >= %s)"

type Moved = tuple[
    date, str, str, Decimal
]  # the month, the kind of transfer and of account, how much


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wallet's months from `begins` on, of which `this` is not over yet. `before`: what each kind
    of account held when they began."""

    wallet_id: int
    begins: date
    this: date
    before: Mapping[str, Decimal]

    @property
    def key(self) -> str:
        return f"ledger.moved:{self.wallet_id}:{self.begins}:{self.this}"


def moved(wanted: Iterable[Wanted], *, anew: bool = False) -> dict[int, list[Moved]]:
    """What moved in each wallet, by month. `anew`: nothing that was kept is looked at."""
    everything = list(wanted)
    over = [each for each in everything if each.begins < each.this]
    kept = {} if anew else cache.get_many([each.key for each in over])
    found, left = {}, everything
    if kept:
        known = [each for each in over if each.key in kept]
        recent = _read({each.wallet_id: each.this for each in known})
        proved = {}
        for each in known:
            rows = [*kept[each.key], *recent[each.wallet_id].rows]
            if recent[each.wallet_id].agrees(each, rows):
                proved[each.wallet_id] = rows
        found = proved
        left = [each for each in everything if each.wallet_id not in proved]
    if left:
        read = _read({each.wallet_id: each.begins for each in left})
        found |= {each.wallet_id: read[each.wallet_id].rows for each in left}
        _keep([each for each in left if each in over], read)
    return found


@dataclass(slots=True)
class _Read:
    rows: list[Moved]
    balances: dict[str, Decimal]

    def agrees(self, wanted: Wanted, rows: Iterable[Moved]) -> bool:
        """Whether the rows come to the balances."""
        held: dict[str, Decimal] = defaultdict(Decimal, wanted.before)
        for _month, _kind, account, amount in rows:
            held[account] += amount
        kinds = held.keys() | self.balances.keys()
        return all(held[kind] == self.balances.get(kind, 0) for kind in kinds)


def _read(begins: Mapping[int, date]) -> dict[int, _Read]:
    found: dict[int, _Read] = defaultdict(lambda: _Read([], {}))
    if not begins:
        return found
    which = " OR ".join([_SINCE] * len(begins))
    values = [value for pair in begins.items() for value in pair]
    with connection.cursor() as cursor:
        cursor.execute(_MOVED.format(which), [*values, list(begins)])
        for wallet, month, kind, account, amount in cursor.fetchall():
            if month is None:
                found[wallet].balances[account] = amount
            else:
                found[wallet].rows.append((month, kind, account, amount))
    return found


def _keep(wanted: Iterable[Wanted], read: Mapping[int, _Read]) -> None:
    for each in wanted:
        rows = read[each.wallet_id].rows
        past = [row for row in rows if row[0] < each.this]
        if read[each.wallet_id].agrees(each, rows):
            cache.set(each.key, past, KEPT_FOR.total_seconds())
