"""No caller, and no fault of Redis, brings a provider more requests than its limits allow."""

import itertools
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts import budget, gateway, tasks
from accounts.budget.counter import Counter
from accounts.budget.shares import share
from accounts.budget.windows import COUNTS_FOR, MINUTE, UNDER_WAY, Spent, Windows
from accounts.models import ProviderAccount, RequestCount
from accounts.states import Lane
from providers.values import Limits
from tests.accounts.making import make_provider_account

NOW = datetime(2026, 5, 18, 12, 0, 20, tzinfo=UTC)
LIMITS = Limits(per_minute=100, per_day=5000)
SMALL = Limits(per_minute=20, per_day=60)
THREADS = 12


@pytest.fixture
def account(transactional_db: None) -> ProviderAccount:
    return make_provider_account()


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[Callable[[], None]]:
    alive = settings.REDIS_URL

    def stop() -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nothing listens there

    yield stop
    settings.REDIS_URL = alive


def reserve(
    account: ProviderAccount,
    lane: Lane = Lane.RENT,
    wanted: int = 1,
    *,
    at: float = 0,
    limits: Limits | None = LIMITS,
) -> budget.Grant:
    now = NOW + timedelta(seconds=at)
    return budget.reserve(account.pk, limits, lane, wanted=wanted, now=now)


def counted(account: ProviderAccount) -> int:
    total = RequestCount.objects.filter(account=account).aggregate(total=Sum("count"))["total"]
    return int(total or 0)


def race(account: ProviderAccount, times: int, wanted: int = 1) -> int:
    """Reserve from many threads at once; return what they were granted together."""

    def one(_: int) -> int:
        try:
            return reserve(account, wanted=wanted).granted
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(one, range(times)))


def test_a_minute_is_spent_and_rolls(account: ProviderAccount) -> None:
    assert reserve(account, wanted=60).granted == 60
    assert reserve(account, wanted=60, at=30).granted == 40
    refused = reserve(account, at=31)
    assert refused.granted == 0
    assert 34 <= refused.retry_after <= 35  # when the first sixty leave the window
    assert reserve(account, at=65.9).granted == 0  # the seconds are kept whole
    assert reserve(account, wanted=100, at=66).granted == 60


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 60), st.floats(0, UNDER_WAY)), max_size=30
    )
)
def test_no_minute_at_the_provider_has_more_than_it_allows(
    steps: list[tuple[float, int, float]],
) -> None:
    """However long each request is under way, up to UNDER_WAY seconds."""
    now = 1000.0
    spent: list[Spent] = []
    arrivals: list[float] = []
    for pause, wanted, travel in steps:
        now += pause
        room = Windows(minute=tuple(each for each in spent if each.until > now)).room(
            share(Lane.RENT, LIMITS), Lane.RENT
        )
        granted = min(wanted, room or 0)
        spent.append(Spent(now + COUNTS_FOR, Lane.RENT, granted))
        arrivals += [now + travel] * granted
    for first in arrivals:
        assert sum(first <= each < first + MINUTE for each in arrivals) <= LIMITS.per_minute


@given(
    errands=st.lists(st.integers(0, 1), min_size=60, max_size=60),
    asked=st.lists(st.integers(0, 20), min_size=60, max_size=60),
)
def test_who_is_expected_within_the_minute_finds_room_beside_the_others(
    errands: list[int], asked: list[int]
) -> None:
    """Second by second: others get what is beside the errands to come, and those never wait."""
    minute: list[Spent] = []
    for second in range(60):
        now = float(second)
        free = LIMITS.per_minute - sum(each.count for each in minute)
        assert errands[second] <= free
        minute.append(Spent(now + COUNTS_FOR, Lane.RENT, errands[second]))

        def to_come(seconds: float, now: int = second) -> int:
            return sum(errands[now + 1 : now + 1 + math.ceil(seconds)])

        room = Windows(minute=tuple(minute)).room_beside(LIMITS.per_minute, to_come, now)
        others = min(asked[second], max(0, room))
        minute.append(Spent(now + COUNTS_FOR, Lane.POLL, others))


def test_a_day_is_spent_and_rolls(account: ProviderAccount) -> None:
    for hour in range(50):
        assert reserve(account, wanted=100, at=hour * 100).granted == 100
    refused = reserve(account, at=50 * 100)
    assert refused.granted == 0
    assert refused.retry_after > 80_000
    assert reserve(account, at=86_399).granted == 0
    assert reserve(account, wanted=100, at=86_400 + 600).granted == 100


def test_polls_leave_the_reserve_to_rents(account: ProviderAccount) -> None:
    assert reserve(account, Lane.POLL, 100).granted == 85
    assert reserve(account, Lane.BALANCE).granted == 0
    assert reserve(account, Lane.RENT, 10).granted == 10
    assert reserve(account, Lane.CONTROL, 10).granted == 5


@pytest.mark.parametrize(
    ("lane", "cap"),
    [(Lane.BALANCE, 200), (Lane.CATALOGUE, 150), (Lane.CONSOLE, 50), (Lane.POLL, 4350)],
)
def test_a_lane_has_its_own_day(account: ProviderAccount, lane: Lane, cap: int) -> None:
    wide = Limits(per_minute=100_000, per_day=5000)
    assert reserve(account, lane, 5000, limits=wide).granted == cap
    assert reserve(account, lane, limits=wide, at=3600).granted == 0
    assert reserve(account, Lane.RENT, limits=wide, at=3600).granted == 1


def test_without_named_limits_everything_is_granted_and_counted(account: ProviderAccount) -> None:
    assert reserve(account, Lane.POLL, 7000, limits=None).granted == 7000
    assert counted(account) == 7000
    assert budget.spent(account.pk, None, now=NOW).minute == 7000


def test_the_rows_hold_what_was_granted_by_minute_and_lane(account: ProviderAccount) -> None:
    reserve(account, Lane.POLL, 90)
    reserve(account, Lane.RENT, 3, at=41)
    rows = RequestCount.objects.values_list("minute", "lane", "count").order_by("minute")
    minute = NOW.replace(second=0)
    assert list(rows) == [(minute, "poll", 85), (minute + timedelta(minutes=1), "rent", 3)]


def test_accounts_do_not_share_a_budget(account: ProviderAccount) -> None:
    other = make_provider_account()
    assert reserve(account, wanted=100).granted == 100
    assert reserve(other, wanted=100).granted == 100


@pytest.mark.parametrize("wanted", [1, 7])
def test_many_threads_never_overspend(account: ProviderAccount, wanted: int) -> None:
    assert race(account, 150, wanted) == 100
    assert counted(account) == 100


def test_many_threads_never_overspend_without_redis(
    account: ProviderAccount, no_redis: Callable[[], None]
) -> None:
    no_redis()
    assert race(account, 120) == 100
    assert counted(account) == 100


def test_a_redis_that_forgets_starts_again_from_the_rows(
    account: ProviderAccount, valkey: redis.Redis
) -> None:
    assert reserve(account, wanted=60).granted == 60
    valkey.flushdb()
    assert reserve(account, wanted=60, at=1).granted == 40
    assert reserve(account, at=66).granted == 0
    assert reserve(account, wanted=100, at=67).granted == 40
    assert reserve(account, at=104).granted == 0  # what was loaded counts by whole minutes
    assert reserve(account, wanted=100, at=105).granted == 60


def test_the_day_survives_a_redis_that_forgets(
    account: ProviderAccount, valkey: redis.Redis
) -> None:
    assert [reserve(account, wanted=20, at=100 * n, limits=SMALL).granted for n in range(3)]
    valkey.flushdb()
    assert reserve(account, at=400, limits=SMALL).granted == 0
    assert budget.spent(account.pk, SMALL, now=NOW + timedelta(seconds=400)).day == 60


def test_forgetting_while_many_reserve_never_overspends(
    account: ProviderAccount, valkey: redis.Redis
) -> None:
    def reserve_or_flush(number: int) -> int:
        try:
            if number % 10 == 5:
                valkey.flushdb()
                return 0
            return reserve(account).granted
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        granted = sum(pool.map(reserve_or_flush, range(200)))
    assert 0 < granted <= 100
    assert counted(account) == granted


def test_what_was_granted_without_redis_counts_when_it_is_back(
    account: ProviderAccount, settings: Settings
) -> None:
    alive = settings.REDIS_URL
    assert reserve(account, wanted=50).granted == 50
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert reserve(account, wanted=30, at=1).granted == 30
    settings.REDIS_URL = alive  # with its old counts
    assert reserve(account, wanted=50, at=2).granted == 20
    assert budget.spent(account.pk, LIMITS, now=NOW + timedelta(seconds=2)).minute == 100


def test_some_workers_with_and_some_without_redis_never_overspend(
    account: ProviderAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = itertools.cycle([Counter(settings.REDIS_URL), Counter("redis://127.0.0.1:1/0")])
    monkeypatch.setattr(budget, "counter", lambda: next(counters))
    granted = race(account, 200)
    assert granted <= 100
    assert counted(account) == granted


def test_without_redis_a_minute_counts_as_a_whole(
    account: ProviderAccount, no_redis: Callable[[], None]
) -> None:
    no_redis()
    assert reserve(account, wanted=100).granted == 100
    refused = reserve(account, at=61)
    assert refused.granted == 0
    assert refused.retry_after == pytest.approx(44)  # to the end of the next whole minute
    assert reserve(account, at=105).granted == 1


def test_a_reservation_inside_a_transaction_is_a_mistake(account: ProviderAccount) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        reserve(account)
    assert counted(account) == 0


def test_a_throttled_account_grants_nothing(account: ProviderAccount) -> None:
    account.throttled_until = NOW + timedelta(seconds=7)
    grant = gateway.reserve(account, Lane.RENT, now=NOW)
    assert (grant.granted, grant.retry_after) == (0, 7)
    assert counted(account) == 0
    assert gateway.reserve(account, Lane.RENT, now=NOW + timedelta(seconds=7)).granted == 1


def test_old_counts_are_forgotten(account: ProviderAccount) -> None:
    reserve(account)
    reserve(account, at=3600)
    assert budget.forget_counts(now=NOW + timedelta(hours=48, minutes=30)) == 1
    assert counted(account) == 1


def test_beat_knows_the_task_that_forgets(account: ProviderAccount, settings: Settings) -> None:
    budget.reserve(account.pk, LIMITS, Lane.RENT, wanted=1, now=timezone.now() - timedelta(days=3))
    named = settings.CELERY_BEAT_SCHEDULE["request-counts"]["task"]
    assert named == tasks.forget_request_counts.name
    tasks.forget_request_counts()
    assert counted(account) == 0
