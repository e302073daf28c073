"""How provider accounts have been doing over time, for many at once: a query for each question."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from accounts.models import ProviderAccount, RequestCount
from accounts.states import Lane
from rentals.spend.charts import round_up

WIDE: Final = 1000  # of a plot, which is stretched to its place
HIGH: Final = 100
STEPS: Final = 84  # of a wallet's line: two hours each in a week
HOURS: Final = 24
BAR: Final = 10
GAP: Final = 2
LATEST: Final = 500  # rentals of an account by which its webhooks are judged

_WALLETS: Final = """
    SELECT DISTINCT ON (wallet_id, step) wallet_id, answered_at, provider FROM (
        SELECT wallet_id, answered_at, provider,
            date_bin(make_interval(secs => %s), answered_at, %s) AS step
        FROM ledger_snapshot WHERE wallet_id = ANY(%s) AND answered_at > %s
    ) snapshot ORDER BY wallet_id, step, answered_at DESC
"""
# By the rentals, whose index knows the time: a webhook is looked for by the rental that it is of.
_LAGS: Final = """
    SELECT account.id, count(*), percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY late.lag)
    FROM unnest(%s::bigint[]) account(id) CROSS JOIN LATERAL (
        SELECT extract(epoch FROM entry.received_at - message.received_at)::float8 AS lag
        FROM (
            SELECT id FROM rentals_rental rental
            WHERE rental.team_id = %s AND rental.account_id = account.id
                AND rental.requested_at > %s
            ORDER BY rental.requested_at DESC LIMIT %s
        ) latest
        JOIN rentals_message message ON message.rental_id = latest.id
        JOIN rentals_inboxentry entry ON entry.id = message.inbox_entry_id
        WHERE message.received_at IS NOT NULL
    ) late GROUP BY account.id
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds from the provider's having an SMS, by its clock, to our having its webhook."""

    messages: int
    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A balance, and where it stands on the plot."""

    at: datetime
    amount: Decimal
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class WalletChart:
    """A wallet over time: `readings` from the oldest, on a plot from nothing up to `top`."""

    since: datetime
    until: datetime
    top: Decimal
    readings: list[Reading]

    @property
    def line(self) -> str:
        return " ".join(f"{reading.x},{reading.y}" for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Hour:
    """Requests that began in an hour; `counts` in the order of the chart's lanes."""

    at: datetime
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class RequestChart:
    """Requests of a day, hour by hour, stacked by what they were for."""

    lanes: list[Lane]
    hours: list[Hour]
    top: int

    @property
    def any(self) -> bool:
        return bool(self.lanes)

    @property
    def width(self) -> int:
        return BAR * len(self.hours)

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Each lane's bars as one path."""
        paths: dict[str, list[str]] = {lane.value: [] for lane in self.lanes}
        for place, hour in enumerate(self.hours):
            below = 0
            for lane, count in zip(self.lanes, hour.counts, strict=True):
                if count:
                    below += count
                    height = HIGH * count / self.top
                    x, y = place * BAR + GAP // 2, HIGH - HIGH * below / self.top
                    wide = BAR - GAP
                    paths[lane.value].append(f"M{x} {y:.2f}h{wide}v{height:.2f}h-{wide}z")
        return [(lane, "".join(path)) for lane, path in paths.items()]


def wallets(
    accounts: Iterable[ProviderAccount], *, since: datetime, now: datetime
) -> Mapping[int, WalletChart]:
    """The line of each wallet whose balance was read since then."""
    ids = [account.pk for account in accounts]
    with connection.cursor() as cursor:
        step = (now - since).total_seconds() / STEPS
        cursor.execute(_WALLETS, [step, since, ids, since])
        rows: list[tuple[int, datetime, Decimal]] = cursor.fetchall()
    read: defaultdict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for wallet, at, amount in rows:
        read[wallet].append((at, amount))
    return {wallet: _wallet(each, since, now) for wallet, each in read.items()}


def requests(accounts: Iterable[ProviderAccount], *, now: datetime) -> Mapping[int, RequestChart]:
    """The requests of the last 24 hours of each account."""
    accounts = list(accounts)
    begin = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    first = begin - timedelta(hours=HOURS - 1)
    counted = RequestCount.objects.filter(account__in=accounts, minute__gte=first, count__gt=0)
    rows = counted.annotate(hour=TruncHour("minute")).values_list("account", "hour", "lane")
    counts: defaultdict[int, dict[tuple[datetime, str], int]] = defaultdict(dict)
    for account, hour, lane, count in rows.annotate(Sum("count")):
        counts[account][hour, lane] = count
    hours = [first + timedelta(hours=each) for each in range(HOURS)]
    return {account.pk: _requests(counts[account.pk], hours) for account in accounts}


def lags(
    team_id: int, accounts: Iterable[ProviderAccount], *, since: datetime
) -> Mapping[int, Lag]:
    """How late webhooks are, of the accounts that had some for their latest rentals."""
    ids = [account.pk for account in accounts]
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, [ids, team_id, since, LATEST])
        rows: list[tuple[int, int, list[float]]] = cursor.fetchall()
    return {account: Lag(count, *late) for account, count, late in rows}


def _wallet(
    read: Sequence[tuple[datetime, Decimal]], since: datetime, now: datetime
) -> WalletChart:
    top = round_up(max(amount for _at, amount in read))
    return WalletChart(since, now, top, list(_readings(read, since, now, top)))


def _readings(
    read: Iterable[tuple[datetime, Decimal]], since: datetime, now: datetime, top: Decimal
) -> Iterator[Reading]:
    for at, amount in read:
        x = WIDE * ((at - since) / (now - since))
        y = HIGH - HIGH * max(amount, Decimal(0)) / top
        yield Reading(at, amount, f"{min(max(x, 0), WIDE):.1f}", f"{y:.2f}")


def _requests(
    counts: Mapping[tuple[datetime, str], int], hours: Sequence[datetime]
) -> RequestChart:
    there = {lane for _hour, lane in counts}
    lanes = [lane for lane in Lane if lane.value in there]
    told = [Hour(hour, [counts.get((hour, lane.value), 0) for lane in lanes]) for hour in hours]
    top = round_up(Decimal(max((hour.total for hour in told), default=0)))
    return RequestChart(lanes, told, int(top))
