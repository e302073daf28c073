"""An account's rentals and means as the scheduler's pure functions want them, out of the rows."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Exists, OuterRef

from accounts import gateway
from accounts.budget.windows import HORIZON
from accounts.models import ProviderAccount
from rentals.models import Arrivals, InboxEntry, Message, Pace, Rental
from rentals.operations.sweeping import CANCEL_LEAD, CANCEL_LEAD_SHARE
from rentals.pacing.choosing import ABANDONED, SPARE, Watch
from rentals.pacing.curves import BINS, Curve
from rentals.pacing.demand import HOURS, Errands, Habit, expected
from rentals.pacing.learning import Counts, Curves, Kind, missed_share
from rentals.pacing.patience import Effort, Patience
from rentals.pacing.turns import Means, Usual
from rentals.polling import LAST_LOOK, QUIET_LOOK
from rentals.states import GIVEN_UP, RentalState

NOTHING: Final = Curve((0.0,) * BINS)  # nothing can come, or nothing that is waited for
EAGER: Final = Curve((0.01,) * BINS)  # somebody waits for another SMS just now
QUIET: Final = Curve((1 / 600,) * BINS)  # another SMS may come, and nobody waits for it

USUAL_TTL: Final = 600.0
HISTORY: Final = timedelta(days=7)
FRESH: Final = timedelta(minutes=1)  # how long what was read of the past is good for
LATEST: Final = 50  # messages by which the webhooks are judged


class Row(NamedTuple):
    """What of a rental decides when it is asked for."""

    pk: int
    state: str
    service_code: str
    carrier: str
    area_code: str
    started_at: datetime | None
    expires_at: datetime | None
    ttl: int
    last_polled_at: datetime | None
    next_poll_at: datetime
    planned_poll_at: datetime | None
    last_confirm_at: datetime | None
    polls: int
    multiple_sms: bool
    waits_for_more: bool
    auto_cancel: bool

    @property
    def is_new(self) -> bool:
        """Nobody has planned anything for it or asked for it yet."""
        return (
            self.polls == 0
            and self.planned_poll_at is None
            and self.last_confirm_at is None
            and self.state == RentalState.WAITING
        )


def rows_of(account: ProviderAccount) -> list[Row]:
    """The rentals of an account that are to be asked for some time."""
    wanting = Rental.objects.filter(account=account, next_poll_at__isnull=False)
    return [Row(*row) for row in wanting.values_list(*Row._fields)]


def row_of(rental: Rental) -> Row | None:
    """A rental as it was read, None where it is not to be asked for any more."""
    values: dict[str, Any] = {name: getattr(rental, name) for name in Row._fields}
    return Row(**values) if values["next_poll_at"] is not None else None


@dataclass(frozen=True)
class Sight:
    """What is known of an account's past: when codes come, what is usual, who else tells us."""

    provider: str
    curves: Curves
    missed: float
    habit: Habit | None
    account_curve: Curve
    _thinned: dict[int, Curve] = field(default_factory=dict)

    def curve(self, row: Row) -> Curve:
        """The curve of the codes that only a poll will find."""
        return self.thinned(
            self.curves.of((self.provider, row.service_code, row.carrier, row.area_code))
        )

    def thinned(self, whole: Curve) -> Curve:
        """The same curve, of the codes that no webhook tells of."""
        if id(whole) not in self._thinned:
            self._thinned[id(whole)] = whole.thinned(self.missed)
        return self._thinned[id(whole)]


def watch(row: Row, sight: Sight, now: datetime) -> Watch:
    """A rental as the scheduler sees it."""
    due = row.next_poll_at.timestamp()
    if row.started_at is None or row.expires_at is None:
        return Watch(row.pk, NOTHING, due, due, math.inf, due, planned=False)
    started, ends = row.started_at.timestamp(), row.expires_at.timestamp()
    seen = max(started, row.last_polled_at.timestamp() if row.last_polled_at else started)
    found = Watch(
        key=row.pk,
        curve=NOTHING,
        started=started,
        seen=seen,
        last=ends - LAST_LOOK.total_seconds(),
        due=due,
        planned=row.planned_poll_at == row.next_poll_at or (row.is_new and row.next_poll_at > now),
    )
    if not found.planned and row.next_poll_at != row.last_confirm_at:
        found.rests_until = due
    if row.state == RentalState.WAITING:
        found.curve = sight.curve(row)
        if row.auto_cancel:
            lead = min(CANCEL_LEAD.total_seconds(), row.ttl / CANCEL_LEAD_SHARE)
            found.cancelled = ends - lead
    elif row.state == RentalState.CANCELLING:
        found.cancelled = now.timestamp()
    elif row.state == RentalState.RECEIVED and row.waits_for_more:
        found.curve = EAGER
    elif row.state == RentalState.RECEIVED and row.multiple_sms:
        found.curve, found.shortest = QUIET, QUIET_LOOK.total_seconds()
    elif row.state == RentalState.RECEIVED:
        found.dearest = _dearest(row) if due >= found.last else math.inf
    elif row.state in GIVEN_UP:
        found.shortest = math.inf  # a single look, and only when it is due
        found.dearest = _dearest(row)
    else:  # it is over, and somebody says that there is news
        found.last = math.inf
    return found


def _dearest(row: Row) -> float:
    """Up to which price the last look is taken at a rental whose SMS nobody waits for."""
    if row.next_poll_at == row.last_confirm_at:  # there is a reason to look
        return math.inf
    return ABANDONED if row.state == RentalState.CANCELLED else SPARE


def means(account: ProviderAccount, watches: Sequence[Watch], sight: Sight, now: datetime) -> Means:
    """What there is to spend, and what else will want it."""
    begun = Rental.objects.filter(account=account, requested_at__gt=now - timedelta(hours=1))
    times = list(begun.values_list("requested_at", flat=True))
    recent = sum(1 for time in times if time > now - timedelta(minutes=10))
    moment = now.timestamp()
    return Means(
        limits=gateway.limits(account),
        windows=gateway.counting(account, now),
        demand=expected(sight.habit, last_hour=len(times)),
        errands=Errands(
            rents_a_minute=recent / 10,
            cancels=tuple(
                max(0.0, each.cancelled - moment)
                for each in watches
                if each.cancelled <= moment + HORIZON
            ),
        ),
        rate=patience_of(account, now).rate,
        manageable=_efforts[account.pk].rate,
    )


def usual(watches: Sequence[Watch], sight: Sight) -> Usual:
    """A rental of this account as it usually goes, for the price of the day's requests."""
    spans = [each.until - each.started for each in watches if each.last < math.inf]
    last = sum(spans) / len(spans) if spans else USUAL_TTL
    return Usual(sight.thinned(sight.account_curve), last, sight.account_curve)


# --- what a provider without limits bears, and what this process gets done

_efforts: defaultdict[int, Effort] = defaultdict(Effort)


def patience_of(account: ProviderAccount, now: datetime) -> Patience:
    """The rate at which the account's provider is asked now."""
    pace = Pace.objects.filter(account=account).first()
    if pace is None:
        return Patience()
    rested = (now - pace.at).total_seconds()
    return Patience(pace.rate, pace.ceiling).grown(max(0.0, rested))


def remember_patience(account: ProviderAccount, now: datetime, *, refused: bool) -> None:
    """Keep the rate as it is now: grown since it was kept last, or halved by a 429."""
    pace = patience_of(account, now)
    if refused:
        pace = pace.refused()
    Pace.objects.update_or_create(
        account=account, defaults={"rate": pace.rate, "ceiling": pace.ceiling, "at": now}
    )


def remember_effort(account: ProviderAccount, overdue: Sequence[float], *, took: float) -> None:
    """Note how many seconds a turn took, and by how many each of its polls was overdue."""
    _efforts[account.pk] = _efforts[account.pk].after(overdue, took)


# --- what is known of the past, read again every minute

_sights: dict[int, tuple[datetime, Sight]] = {}
_curves: list[tuple[datetime, Curves]] = []


def sight_of(account: ProviderAccount, now: datetime) -> Sight:
    """What is known of the account's past; a minute old at most."""

    def read() -> Sight:
        curves = _all_curves(now)
        missed = missed_share(_hooked(account, now))
        whole = curves.of((account.provider,))
        return Sight(account.provider, curves, missed, _habit(account, now), whole)

    found = _sights.get(account.pk)
    if found is None or not found[0] <= now < found[0] + FRESH:
        found = _sights[account.pk] = (now, read())
    return found[1]


def forget_sights() -> None:
    """Read all again when it is next asked for."""
    _sights.clear()
    _curves.clear()


def _all_curves(now: datetime) -> Curves:
    if not _curves or not _curves[0][0] <= now < _curves[0][0] + FRESH:
        counts: dict[Kind, Counts] = {
            (each.provider, each.service_code, each.carrier, each.area_code): Counts(
                each.came, each.waited
            )
            for each in Arrivals.objects.all()
            if len(each.came) == BINS
        }
        _curves[:] = [(now, Curves(counts))]
    return _curves[0][1]


def _hooked(account: ProviderAccount, now: datetime) -> list[bool]:
    """Of the latest confirmed messages of a day, newest first: whether a webhook told of each."""
    told = InboxEntry.objects.filter(
        account=account, activation_id=OuterRef("rental__activation_id")
    )
    messages = Message.objects.filter(
        rental__account=account,
        confirmed_at__isnull=False,
        seen_at__gt=now - timedelta(days=1),
    )
    latest = messages.annotate(told=Exists(told)).order_by("-seen_at")[:LATEST]
    return list(latest.values_list("told", flat=True))


def _habit(account: ProviderAccount, now: datetime) -> Habit | None:
    """By the last days; None until there has been one."""
    past = Rental.objects.filter(account=account, requested_at__gt=now - HISTORY)
    times = list(past.values_list("requested_at", flat=True))
    if not times or min(times) > now - timedelta(days=1):
        return None
    days = max(1.0, min(7.0, math.ceil((now - min(times)) / timedelta(days=1)) - 1))
    yesterday = now - timedelta(hours=1)
    hours = Counter(
        int((time - now).total_seconds() % 86_400 // 3600) for time in times if time < yesterday
    )
    return Habit(tuple(hours[hour] / days for hour in range(HOURS)), hours[23] / days)
