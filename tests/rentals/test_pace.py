"""Which rental to ask, and when: pure functions of ages, curves and what is left to spend."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.budget.windows import Spent, Windows
from accounts.states import Lane
from providers.values import Limits
from rentals import polling
from rentals.pacing.choosing import LONGEST, SPARE, Watch, choose, next_due
from rentals.pacing.curves import EDGES, PRIOR, Curve, lognormal
from rentals.pacing.demand import BURST, HOURS, LIKELY, POSSIBLE, Demand, Errands, Habit, expected
from rentals.pacing.patience import BUSY, LEAST, MOST, TELLING, Effort, Patience
from rentals.pacing.plans import (
    SPREAD,
    asking_at,
    looks_to_come,
    looks_within,
    own_price,
    usual_looks,
)
from rentals.pacing.prices import (
    CHEAPEST,
    DEAREST,
    PRICES,
    lowest_price,
    price_by_rate,
)
from rentals.pacing.turns import AT_ONCE, Means, Usual, price, room
from rentals.pacing.worth import (
    SHORTEST,
    expected_delay,
    worth,
    worth_asking_at,
)

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
TTL = 420.0
END = START + timedelta(seconds=TTL)
LIMITS = Limits(per_minute=100, per_day=5000)

UNHURRIED = settings(deadline=None, max_examples=50)  # curves take time to make
CURVES = st.builds(
    lognormal,
    median=st.floats(5, 100),
    p95=st.floats(150, 900),
    share=st.floats(0.05, 0.98),
)
AGES = st.floats(0, 900)
COSTS = st.floats(CHEAPEST, 100)


# --- curves


def test_the_prior_is_what_it_says() -> None:
    assert PRIOR.arrived(25) == pytest.approx(0.35, abs=0.001)
    assert PRIOR.arrived(180) == pytest.approx(0.7 * 0.95, abs=0.001)
    assert PRIOR.arrived(0) == 0


@UNHURRIED
@given(curve=CURVES, ages=st.tuples(AGES, AGES))
def test_more_codes_have_come_at_a_later_age(curve: Curve, ages: tuple[float, float]) -> None:
    early, late = sorted(ages)
    assert 0 <= curve.arrived(early) <= curve.arrived(late) < 1
    gathered = curve.area(late) - curve.area(early)
    assert curve.arrived(early) * (late - early) - 1e-6 <= gathered
    assert gathered <= curve.arrived(late) * (late - early) + 1e-6


@UNHURRIED
@given(curve=CURVES, share=st.floats(0.01, 1), age=st.sampled_from(EDGES))
def test_a_thinned_curve_has_that_share_of_the_codes(
    curve: Curve, share: float, age: float
) -> None:
    assert curve.thinned(share).arrived(age) == pytest.approx(share * curve.arrived(age))


# --- what a look is worth


@UNHURRIED
@given(curve=CURVES, seen=AGES, pauses=st.tuples(st.floats(0, 400), st.floats(0, 400)))
def test_the_longer_ago_the_last_look_the_more_another_is_worth(
    curve: Curve, seen: float, pauses: tuple[float, float]
) -> None:
    early, late = sorted(pauses)
    assert worth(curve, seen, seen + early) <= worth(curve, seen, seen + late) + 1e-9
    assert expected_delay(curve, seen, seen + late) <= worth(curve, seen, seen + late) + 1e-9


@UNHURRIED
@given(curve=CURVES, seen=AGES, prices=st.tuples(COSTS, COSTS))
def test_a_dearer_look_comes_later(curve: Curve, seen: float, prices: tuple[float, float]) -> None:
    cheap, dear = sorted(prices)
    soon, later = worth_asking_at(curve, seen, cheap), worth_asking_at(curve, seen, dear)
    assert seen + SHORTEST <= soon <= later
    if soon < seen + 10_000:
        assert worth(curve, seen, soon) >= cheap


def test_looks_are_densest_where_codes_come_thickest() -> None:
    ages, seen = [], 0.0
    while (seen := worth_asking_at(PRIOR, seen, 0.1)) < 400:
        ages.append(seen)
    pauses = [later - earlier for earlier, later in pairwise(ages)]
    assert min(pauses) == min(pauses[:6])
    assert pauses[-1] > 4 * min(pauses)


# --- the price


@UNHURRIED
@given(
    hazards=st.lists(st.floats(1e-5, 0.1), max_size=50),
    more=st.floats(1e-5, 0.1),
    rates=st.tuples(st.floats(0.01, 10), st.floats(0.01, 10)),
)
def test_the_price_rises_with_demand_and_falls_with_the_rate(
    hazards: list[float], more: float, rates: tuple[float, float]
) -> None:
    slow, fast = sorted(rates)
    assert price_by_rate(hazards, fast) <= price_by_rate(hazards, slow)
    assert price_by_rate(hazards, slow) <= price_by_rate([*hazards, more], slow)
    assert price_by_rate(hazards, 0) == DEAREST


@pytest.mark.parametrize("enough", [CHEAPEST, 0.5, 7.0, 900.0, DEAREST])
def test_the_lowest_price_at_which_all_fits(enough: float) -> None:
    found = lowest_price(lambda price: price >= enough)
    assert found >= enough
    assert all(price < enough for price in PRICES if price < found)
    assert lowest_price(lambda price: False) == DEAREST


# --- plans


def followed(curve: Curve, price: float, last: float) -> list[float]:
    """The ages at which a rental that stays empty is looked at, and its last one."""
    ages = [0.0]
    while ages[-1] < last:
        ages.append(min(last, asking_at(curve, ages[-1], price, last)))
    return ages


def cost(curve: Curve, price: float, ages: list[float]) -> float:
    """Seconds of delay and of the price of looks, of which the last costs nothing."""
    delay = sum(
        (1 - curve.arrived(seen)) * expected_delay(curve, seen, age) for seen, age in pairwise(ages)
    )
    return delay + price * sum(1 - curve.arrived(seen) for seen, _ in pairwise(ages[:-1]))


@UNHURRIED
@given(curve=CURVES, price=st.floats(0.1, 300), last=st.sampled_from([95.0, 395.0, 575.0]))
def test_a_plan_is_as_good_as_any_with_one_look_moved_or_left_out(
    curve: Curve, price: float, last: float
) -> None:
    ages = followed(curve, price, last)
    least = cost(curve, price, ages)
    for index in range(1, len(ages) - 1):
        before, age, after = ages[index - 1 : index + 2]
        others = [[], [(before + age) / 2], [(age + after) / 2], [age - 5], [age + 5]]
        for other in others:
            if all(before < each < after for each in other):
                moved = [*ages[:index], *other, *ages[index + 1 :]]
                assert least <= 1.03 * cost(curve, price, moved) + 0.01


@UNHURRIED
@given(curve=CURVES, price=st.floats(1, 300), last=st.sampled_from([95.0, 395.0, 575.0]))
def test_as_many_looks_are_expected_as_the_plan_takes(
    curve: Curve, price: float, last: float
) -> None:
    ages = followed(curve, price, last)
    taken = sum(1 - curve.arrived(seen) for seen in ages[:-2])
    assert looks_to_come(curve, 0.0, price, last) == pytest.approx(taken, rel=0.15, abs=0.05)
    assert looks_within(curve, 0.0, (0.0, last), price, last) == pytest.approx(taken, abs=0.01)
    assert looks_within(curve, 0.0, (50.0, 50.0), price, last) == (ages[1] < min(50, last - 2))


@UNHURRIED
@given(curve=CURVES, prices=st.tuples(COSTS, COSTS))
def test_fewer_looks_are_taken_at_a_higher_price(curve: Curve, prices: tuple[float, float]) -> None:
    cheap, dear = sorted(prices)
    assert usual_looks(curve, dear, TTL) <= usual_looks(curve, cheap, TTL) + 1e-9
    assert looks_to_come(curve, 0.0, DEAREST * 10, TTL) == 0


def test_prices_differ_a_little_and_evenly_between_rentals() -> None:
    prices = [own_price(10.0, key) for key in range(1000)]
    assert 10 / SPREAD <= min(prices) <= max(prices) <= 10 * SPREAD
    assert 480 < sum(price < 10 for price in prices) < 520


def test_expected_is_the_usual_and_what_today_has_beyond_it() -> None:
    def first_hour(before: float, last_hour: float) -> float:
        return expected(Habit((10.0,) + (0.0,) * 30, before), last_hour=last_hour).hourly[0]

    assert first_hour(100, 100) == 10
    assert first_hour(100, 140) == 10, "by chance"
    assert first_hour(100, 200) == 65
    assert first_hour(0, 30) == 40
    demand = expected(Habit((1.0,) * 24, 0), last_hour=0)
    assert demand.hourly == demand.provided == (1.0,) * HOURS


@given(st.integers(0, 1000))
def test_an_account_without_a_past_provides_for_more_than_is_likely(last_hour: int) -> None:
    demand = expected(None, last_hour=last_hour)
    assert min(demand.hourly) >= LIKELY and min(demand.provided) >= POSSIBLE
    assert all(a <= b for a, b in zip(demand.hourly, demand.provided, strict=True))


def test_what_is_provided_for_takes_no_looks_from_those_who_are_here() -> None:
    usual = Usual(PRIOR, TTL, PRIOR)

    def cost(hourly: float, provided: float) -> float:
        demand = Demand((hourly,) * HOURS, (provided,) * HOURS)
        day = (Spent(50_000.0, Lane.POLL, 2000),)
        found = Means(LIMITS, Windows(day=day), demand, Errands(), 1.0)
        return price(watches(3), found, usual, 1000.0)

    assert cost(10, 10) < cost(10, 40) < cost(40, 40)


def watches(number: int, *, age: float = 20.0, now: float = 1000.0) -> list[Watch]:
    started = now - age
    return [
        Watch(key, PRIOR, started, started, started + TTL - 3, now + 5, cancelled=started + 395)
        for key in range(number)
    ]


def _demand(rentals: float) -> Demand:
    hourly = (rentals,) + (0.0,) * (HOURS - 1)
    return Demand(hourly, hourly)


def means(windows: Windows, errands: Errands, rentals: float = 0.0) -> Means:
    return Means(LIMITS, windows, _demand(rentals), errands, 1.0)


@UNHURRIED
@given(
    spent=st.integers(0, 5200),
    more=st.integers(0, 500),
    number=st.integers(0, 60),
    rentals=st.floats(0, 2000),
)
def test_the_price_of_a_turn_rises_as_the_day_is_spent(
    spent: int, more: int, number: int, rentals: float
) -> None:
    usual = Usual(PRIOR, TTL, PRIOR)

    def cost(count: int) -> float:
        day = (Spent(50_000.0, Lane.POLL, count),)
        return price(watches(number), means(Windows(day=day), Errands(), rentals), usual, 1000.0)

    assert CHEAPEST <= cost(spent) <= cost(spent + more) <= DEAREST


@UNHURRIED
@given(
    spent=st.lists(st.tuples(st.floats(1, 65), st.integers(1, 40)), max_size=12),
    rents=st.floats(0, 60),
    cancels=st.lists(st.floats(0, 60), max_size=10),
)
def test_polls_leave_room_for_the_rents_and_cancels_of_the_next_minute(
    spent: list[tuple[float, int]], rents: float, cancels: list[float]
) -> None:
    errands = Errands(rents, tuple(cancels))
    minute = tuple(Spent(1000 + until, Lane.RENT, count) for until, count in spent)
    polls = room(means(Windows(minute=minute), errands), 1000.0)
    assert 0 <= polls <= min(AT_ONCE, LIMITS.per_minute - BURST)
    if polls:
        for after in range(0, 61, 5):
            counting = sum(count for until, count in spent if until > after)
            assert polls + counting + errands.within(after) <= LIMITS.per_minute


# --- which, and when

WATCHES = st.lists(
    st.builds(
        Watch,
        key=st.integers(0, 10**6),
        curve=CURVES,
        started=st.floats(0, 900),
        seen=st.floats(900, 1000),
        last=st.floats(950, 2000),
        due=st.floats(900, 1100),
        planned=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda watch: watch.key,
)


@UNHURRIED
@given(found=WATCHES, price=COSTS, places=st.integers(-5, 40))
def test_never_more_are_chosen_than_there_is_room_for(
    found: list[Watch], price: float, places: int
) -> None:
    now = 1000.0
    chosen = choose(found, price=price, room=places, now=now)
    assert len(chosen) <= max(0, places)
    assert len({watch.key for watch in chosen}) == len(chosen)
    left = [watch for watch in found if watch not in chosen]
    musts = [watch for watch in found if watch.must_be_asked(now)]
    if any(not watch.must_be_asked(now) for watch in chosen):
        assert all(watch in chosen for watch in musts), "what must be asked goes first"
    worths = [watch.worth(now) for watch in chosen if not watch.must_be_asked(now)]
    assert worths == sorted(worths, reverse=True)
    if 0 < len(chosen) < places:
        assert not [w for w in left if w.must_be_asked(now)]


@UNHURRIED
@given(curve=CURVES, price=st.floats(CHEAPEST, DEAREST), pauses=st.lists(st.floats(0, 50)))
def test_the_last_look_is_always_taken(curve: Curve, price: float, pauses: list[float]) -> None:
    """However dear, and however late each turn comes, before the end and with room for one."""
    watch = Watch(1, curve, 0.0, 0.0, TTL - 3, due=1.0)
    now, late = 1.0, iter(pauses)
    looks = []
    while watch.seen < watch.last:
        if choose([watch], price=price, room=1, now=now):
            watch.seen = now
            looks.append(now)
        else:
            watch.due = next_due(watch, price=price, now=now)
            assert now <= watch.due <= watch.last
        now = max(now + 1, min(watch.last, watch.due + next(late, 0.0)))
    assert TTL - 3 <= looks[-1] <= TTL - 1
    assert all(later - earlier >= SHORTEST for earlier, later in pairwise(looks[:-1]))


@UNHURRIED
@given(price=st.floats(CHEAPEST, 900), number=st.integers(2, 40))
def test_none_is_forgotten_while_others_are_worth_more(price: float, number: int) -> None:
    """One place a second for many rentals: the oldest look is always the next."""
    found = [Watch(key, PRIOR, 0.0, 0.0, 1e9, due=0.0) for key in range(number)]
    now = LONGEST
    for _ in range(3 * number):
        for watch in choose(found, price=price, room=1, now=now):
            watch.seen = now
        now += LONGEST / number
    assert all(now - watch.seen <= 3 * LONGEST for watch in found)


def test_a_rental_whose_code_is_here_gets_its_last_look_only_where_requests_abound() -> None:
    watch = Watch(1, PRIOR, 0.0, 30.0, 400.0, due=400.0, dearest=SPARE)
    assert choose([watch], price=SPARE, room=9, now=401.0) == [watch]
    assert choose([watch], price=SPARE * 1.01, room=9, now=401.0) == []


def test_what_somebody_asked_for_goes_before_what_is_worth_more() -> None:
    asked = Watch(1, PRIOR, 990.0, 999.0, 2000.0, due=1000.0, planned=False)
    worthy = Watch(2, PRIOR, 900.0, 900.0, 2000.0, due=1000.0)
    assert choose([worthy, asked], price=1.0, room=1, now=1000.0) == [asked]


# --- the looks that depend on no price


@pytest.mark.parametrize(
    ("age", "received", "upcoming"),
    [(100, False, 130), (400, False, 417), (417, False, 421), (420.5, False, 421)],
)
def test_a_look_before_the_end_and_one_after_it(
    age: float, received: bool, upcoming: float
) -> None:
    now = START + timedelta(seconds=age)
    found = polling.upcoming(
        now + timedelta(seconds=30), now=now, expires_at=END, received=received
    )
    assert found == START + timedelta(seconds=upcoming)


@UNHURRIED
@given(age=st.floats(TTL + 1, TTL + 1000), received=st.booleans())
def test_what_is_over_is_not_asked_for(age: float, received: bool) -> None:
    now = START + timedelta(seconds=age)
    assert polling.upcoming(now, now=now, expires_at=END, received=received) is None


def test_after_an_sms_it_is_asked_quietly_for_another_or_once_before_its_end() -> None:
    now = START + timedelta(seconds=60)
    assert polling.after_sms(now=now, expires_at=END, wants_more=False) == END - polling.LAST_LOOK
    more = polling.after_sms(now=now, expires_at=END, wants_more=True)
    assert more == now + polling.QUIET_LOOK
    assert polling.after_sms(now=END, expires_at=END, wants_more=True) is None


# --- providers that name no limit


def test_the_rate_grows_gently_and_halves_at_a_429() -> None:
    first = Patience()
    assert first.grown(60).rate == pytest.approx(2 * first.rate)
    refused = Patience(rate=80).refused()
    assert (refused.rate, refused.ceiling) == (40, 80)
    steps = [refused.grown(seconds).rate for seconds in (0, 100, 200, 300)]
    assert [later - earlier for earlier, later in pairwise(steps)] == pytest.approx([20 / 3] * 3)
    assert refused.grown(600).rate == pytest.approx(80)


@UNHURRIED
@given(
    rate=st.floats(LEAST, MOST),
    ceiling=st.none() | st.floats(LEAST, MOST),
    seconds=st.floats(0, 1e6),
)
def test_the_rate_keeps_its_bounds(rate: float, ceiling: float | None, seconds: float) -> None:
    patience = Patience(rate, ceiling)
    assert rate <= patience.grown(seconds).rate <= MOST
    assert LEAST <= patience.refused().rate <= rate


def test_no_more_is_planned_than_we_get_done() -> None:
    found = Means(None, Windows(), _demand(0.0), Errands(), rate=200.0)
    slow = Means(None, Windows(), found.demand, Errands(), rate=200.0, manageable=50.0)
    usual = Usual(PRIOR, TTL, PRIOR)
    assert price(watches(2000), slow, usual, 1000.0) == pytest.approx(
        16 * price(watches(2000), found, usual, 1000.0)
    )
    assert room(slow, 1000.0) == room(found, 1000.0), "what is due all the same goes out"


def test_who_does_not_keep_up_plans_what_a_turn_gets_done() -> None:
    late, in_time = [3.0] * 100, [0.5] * 96 + [3.0] * 4
    effort = Effort().after(in_time, 60.0)
    assert effort.rate == MOST
    assert effort.after([3.0] * (TELLING - 1), 60.0) == effort
    assert effort.after(late, 2.0).rate == MOST / 2, "one slow turn is not the rule"
    for _ in range(5):
        effort = effort.after(late, 2.0)
    assert effort.rate == pytest.approx(50 * BUSY)
    assert effort.after(late, 0.1) == effort, "what is left of a pause is worked off in time"
    assert effort.after([], 1.0).rate == effort.after(in_time, 60.0).rate > effort.rate


def test_without_limits_a_turn_has_room_for_what_the_rate_allows() -> None:
    found = Means(None, Windows(), _demand(0.0), Errands(), rate=20.0)
    assert room(found, 1000.0) == 60
    spent = Windows(minute=(Spent(1050.0, Lane.POLL, 1290),))
    assert room(Means(None, spent, found.demand, Errands(), rate=20.0), 1000.0) == 10
    assert price(watches(10), found, Usual(PRIOR, TTL, PRIOR), 1000.0) == CHEAPEST
    assert price(watches(2000), found, Usual(PRIOR, TTL, PRIOR), 1000.0) > CHEAPEST


def test_every_edge_is_a_whole_step() -> None:
    assert list(EDGES) == sorted(set(EDGES))
