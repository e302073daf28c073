"""Curves of when codes arrive: learned from what happened, leaning on what is known more widely."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rentals.models import Arrivals, Rental
from rentals.operations import watching
from rentals.operations.learning import learn_arrivals
from rentals.pacing.curves import EDGES, PRIOR, Curve, lognormal
from rentals.pacing.learning import Counts, Curves, curve_of, missed_share
from rentals.states import RentalState, Source
from tests.factories import make_message, make_offer, make_provider_account, make_rental
from tests.rentals.scene import Scene, SetScene
from tests.rentals.times import Times

SLOW = lognormal(median=40, p95=300, share=0.5)


def draws(curve: Curve, number: int, seed: int = 1) -> list[float | None]:
    """Ages at which codes come, None for a rental that gets none."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    found: list[float | None] = []
    for _ in range(number):
        chance = dice.random()
        ages = (age for age in range(600) if curve.arrived(age) >= chance)
        found.append(next(ages, None))
    return found


def counted(ages: list[float | None], *, watched: float = 420.0, blur: float = 0.0) -> Counts:
    counts = Counts()
    for age in ages:
        if age is None or age > watched:
            counts.observe(until=watched)
        else:
            counts.observe(until=age + blur, came_after=max(0.0, age - blur))
    return counts


def gap(one: Curve, other: Curve) -> float:
    """The greatest difference between two curves' shares."""
    return max(abs(one.arrived(age) - other.arrived(age)) for age in range(0, 420, 5))


def test_nothing_seen_is_the_prior() -> None:
    assert Curves({}).of(("smsvilla", "gmail", "", "")) is PRIOR
    assert gap(curve_of([Counts()]), PRIOR) < 1e-6


def test_much_seen_is_what_was_seen() -> None:
    assert gap(SLOW, PRIOR) > 0.15
    assert gap(curve_of([counted(draws(SLOW, 1500))]), SLOW) < 0.05


def test_little_seen_moves_the_prior_a_little() -> None:
    learned = curve_of([counted(draws(SLOW, 5))])
    assert gap(learned, PRIOR) < gap(learned, SLOW)


def test_codes_that_were_found_late_are_spread_over_when_they_may_have_come() -> None:
    assert gap(curve_of([counted(draws(SLOW, 1500), blur=4.0)]), SLOW) < 0.06


def test_rentals_that_were_cancelled_early_do_not_make_codes_rare() -> None:
    """Censoring: what was not watched tells nothing of whether a code would have come."""
    learned = curve_of([counted(draws(SLOW, 3000), watched=90.0)])
    assert max(abs(learned.arrived(age) - SLOW.arrived(age)) for age in range(0, 91, 5)) < 0.05
    assert learned.arrived(400) > learned.arrived(90)


def test_a_narrow_kind_leans_on_the_wider_ones() -> None:
    quick = lognormal(median=10, p95=60, share=0.9)
    curves = Curves(
        {
            ("smsvilla", "gmail", "", ""): counted(draws(SLOW, 1500)),
            ("smsvilla", "gmail", "vz", "212"): counted(draws(quick, 400, seed=2)),
        }
    )
    assert gap(curves.of(("smsvilla", "gmail", "vz", "212")), quick) < 0.1
    unseen = curves.of(("smsvilla", "gmail", "tmo", "415"))
    assert unseen is curves.of(("smsvilla", "gmail"))
    assert gap(unseen, SLOW) < gap(unseen, PRIOR)
    assert curves.of(("smsgig", "gmail", "", "")) is PRIOR


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 2000), st.none() | st.floats(0, 2000)), min_size=1, max_size=30)
)
def test_every_code_is_counted_once(told: list[tuple[float, float | None]]) -> None:
    counts = Counts()
    for until, since in told:
        counts.observe(until=until, came_after=None if since is None else min(since, until))
    inside = [u for u, since in told if since is not None and u < EDGES[-1]]
    outside = [u for u, since in told if since is not None and u >= EDGES[-1]]
    assert len(inside) - 1e-6 <= sum(counts.came) <= len(inside) + len(outside) + 1e-6
    assert all(waited >= 0 for waited in counts.waited)
    for index, (start, end) in enumerate(pairwise(EDGES)):
        assert counts.waited[index] <= len(told) * (end - start) + 1e-6


@pytest.mark.parametrize(
    ("hooked", "missed"),
    [
        ([], 1.0),
        ([False] * 50, 1.0),
        ([True] * 48, 2 / 50),
        ([False, False, False, *[True] * 40], 1.0),
        ([True, False, True, *[True] * 45], 3 / 50),
    ],
)
def test_webhooks_are_trusted_as_far_as_they_came(hooked: list[bool], missed: float) -> None:
    assert missed_share(hooked) == pytest.approx(missed)


# --- out of the rows


@pytest.fixture
def villa(scene: SetScene) -> Scene:
    Arrivals.objects.all().delete()
    watching.forget_sights()
    return scene("smsvilla")


def ended(
    scene: Scene, started: datetime, *, code_after: float | None, found_after: float = 0.0
) -> Rental:
    rental = make_rental(
        scene.membership,
        scene.account,
        RentalState.CANCELLED if code_after is None else RentalState.FINISHED,
        at=started,
        service_code=service(scene),
        ended_at=started + timedelta(seconds=395),
        blank_poll_at=started + timedelta(seconds=found_after / 2) if found_after else None,
    )
    if code_after is not None:
        received = None if found_after else started + timedelta(seconds=code_after)
        make_message(
            rental,
            source=Source.POLL,
            received_at=received,
            seen_at=started + timedelta(seconds=found_after or code_after + 2),
        )
    return rental


def service(scene: Scene) -> str:
    """A service that only this test's rentals are of."""
    return f"learned-{scene.account.pk}"


def row(scene: Scene) -> Arrivals:
    return Arrivals.objects.get(service_code=service(scene))


def test_what_happened_is_counted(villa: Scene, times: Times) -> None:
    began = times.now() - timedelta(hours=2)
    ended(villa, began, code_after=7)  # the provider says when
    ended(villa, began, code_after=0, found_after=24)  # between two looks, at 12 and 24 seconds
    ended(villa, began, code_after=None)  # cancelled at 395
    make_rental(villa.membership, villa.account, at=times.now(), service_code=service(villa))
    learn_arrivals(times.now())
    came = dict(zip(EDGES, row(villa).came, strict=False))
    assert came[6] == 1
    assert came[12] + came[15] + came[18] + came[21] == pytest.approx(1)
    assert sum(row(villa).came) == pytest.approx(2)
    assert sum(row(villa).waited) == pytest.approx(7 + 18 + 395)


def test_each_offer_keeps_how_it_served_its_own_account(villa: Scene, times: Times) -> None:
    offer = make_offer(villa.account, service_code=service(villa))
    other = make_offer(make_provider_account(), service_code=service(villa), tried=3)
    began = times.now() - timedelta(hours=2)
    for after in (7, 9, 20):
        ended(villa, began, code_after=after)
    ended(villa, began, code_after=None)
    for _ in range(2):
        learn_arrivals(times.now())
        offer.refresh_from_db()
        assert (offer.tried, offer.codes, offer.median_wait) == (4, 3, 11)  # when it was seen
        assert offer.success is None
    other.refresh_from_db()
    assert (other.tried, other.codes, other.median_wait) == (0, 0, None)


def test_counting_again_counts_nothing_twice_and_forgets_what_is_old(
    villa: Scene, times: Times
) -> None:
    ended(villa, times.now() - timedelta(hours=2), code_after=7)
    learn_arrivals(times.now())
    times.move(60)
    learn_arrivals(times.now())
    assert sum(row(villa).came) == 1
    times.move(31 * 86_400)
    learn_arrivals(times.now())
    assert not Arrivals.objects.filter(service_code=service(villa)).exists()


def test_what_was_learned_decides_when_to_ask(villa: Scene, times: Times) -> None:
    """Codes of this service never come before a minute."""
    rental = villa.rented()
    before = watching.sight_of(villa.account, times.now())
    (found,) = watching.rows_of(villa.account)
    assert before.curve(found) == PRIOR
    for number in range(60):
        each = ended(villa, times.now() - timedelta(hours=2), code_after=60 + number)
        Rental.objects.filter(pk=each.pk).update(service_code=rental.service_code)
    learn_arrivals(times.now())
    after = watching.sight_of(villa.account, times.now())
    assert after.curve(found).arrived(50) < 0.4 * PRIOR.arrived(50)
    assert after.curve(found).arrived(130) > PRIOR.arrived(130)


def test_the_account_sees_its_webhooks_and_its_usual_hours(villa: Scene, times: Times) -> None:
    now = times.now()
    for days in (1, 2):
        for minutes in (10, 20, 70):
            at = now - timedelta(days=days) + timedelta(minutes=minutes)
            make_rental(villa.membership, villa.account, RentalState.FINISHED, at=at)
    sight = watching.sight_of(villa.account, now)
    assert sight.missed == 1
    assert sight.habit is not None
    assert sight.habit.hours[:2] == pytest.approx((4 / 1, 2 / 1))
    rental = villa.rented()
    villa.hook(villa.sms(rental, code="482913"))
    villa.poll(rental)
    watching.forget_sights()
    assert watching.sight_of(villa.account, times.now()).missed == pytest.approx(2 / 3)
