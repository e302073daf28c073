"""A rental whose end came while its provider could not be asked is asked for once that is possible:
a code that an unsigned webhook told of is confirmed then, and one that nobody told of is found."""

from datetime import timedelta

import pytest

from accounts import budget
from accounts.states import Lane
from providers.values import Limits
from rentals import operations
from rentals.models import Rental
from rentals.states import RentalState as S
from tests.rentals import books
from tests.rentals.scene import Scene, SetScene, codes, swept

CODE = "482913"
DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def villa(scene: SetScene) -> Scene:
    villa = scene("smsvilla")
    villa.membership.team.auto_cancel = False
    villa.fault("ended-is-read")
    return villa


def without_requests(scene: Scene) -> Rental:
    """A rental with a code that nobody confirmed, as the day's requests are used up."""
    rental = scene.rented()
    plenty = Limits(100_000, 100_000)
    now = scene.times.now()
    budget.reserve(scene.account.pk, plenty, Lane.RENT, wanted=5000, now=now)
    scene.hook(scene.sms(rental, code=CODE))
    assert (scene.poll(rental), codes(rental, confirmed=False)) == (0, [CODE])
    return rental


def to_its_end(scene: Scene, rental: Rental) -> Rental:
    scene.times.move(rental.ttl + 61)
    operations.poll_account(scene.account.pk)
    swept(scene.times)
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    return rental


def asked_later(scene: Scene, rental: Rental, seconds: float) -> int:
    scene.times.move(seconds)
    swept(scene.times)
    asked = operations.poll_account(scene.account.pk)
    rental.refresh_from_db()
    return asked


def test_a_code_that_nobody_could_confirm_is_confirmed_when_there_are_requests_again(
    villa: Scene,
) -> None:
    rental = to_its_end(villa, without_requests(villa))
    assert codes(rental, confirmed=False) == [CODE]
    assert (books.charged(rental), books.claim(rental)) == (villa.offer.price, None)
    assert "asked again" in rental.events.latest("pk").note
    assert asked_later(villa, rental, 3600) == 0
    assert asked_later(villa, rental, DAY) == 1
    assert (rental.state, codes(rental)) == (S.RECEIVED, [CODE])
    assert asked_later(villa, rental, 60) == 0
    assert books.charged(rental) == villa.offer.price


def test_a_forged_code_stays_unconfirmed_and_is_asked_for_once(villa: Scene) -> None:
    rental = without_requests(villa)
    villa.no_faults()  # what has ended is unknown there
    to_its_end(villa, rental)
    assert [asked_later(villa, rental, DAY), asked_later(villa, rental, DAY)] == [1, 0]
    assert (rental.state, rental.next_poll_at) == (S.EXPIRED, None)
    assert (codes(rental), codes(rental, confirmed=False)) == ([], [CODE])


def test_a_code_that_nobody_told_of_is_found_after_an_outage(each: Scene) -> None:
    each.membership.team.auto_cancel = False
    each.fault("ended-is-read")
    rental = each.rented()
    each.sms(rental, code=CODE)
    each.times.move(rental.ttl + 3600)  # nothing runs
    swept(each.times)
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert asked_later(each, rental, 1) == 1
    assert (rental.state, codes(rental)) == (S.RECEIVED, [CODE])


def test_a_cancel_that_could_not_be_sent_leaves_the_code_to_be_confirmed(villa: Scene) -> None:
    rental = without_requests(villa)
    operations.cancel_rental(rental=rental, actor=None, now=villa.times.now())
    for _ in range(9):
        swept(villa.times)
        villa.control(rental)
        villa.times.move(rental.ttl)
    assert (rental.state, books.claim(rental)) == (S.EXPIRED, None)
    assert asked_later(villa, rental, DAY) == 1
    assert (rental.state, codes(rental)) == (S.RECEIVED, [CODE])


def test_what_can_not_be_read_is_asked_for_ever_more_seldom_and_not_for_ever(each: Scene) -> None:
    each.membership.team.auto_cancel = False
    rental = each.rented()
    each.fault("error", endpoint="*", status=500)
    to_its_end(each, rental)
    asked = 0
    while rental.next_poll_at is not None and asked < 99:
        left = (rental.next_poll_at - each.times.now()).total_seconds()
        asked += asked_later(each, rental, max(0.1, left))
    assert 10 < asked < 45
    assert rental.ended_at is not None
    assert each.times.now() - rental.ended_at < timedelta(days=3)


def test_nobody_looks_for_ever_where_there_is_no_way_to_ask(each: Scene) -> None:
    each.membership.team.auto_cancel = False
    rental = each.rented()
    each.times.move(rental.ttl + 61)
    swept(each.times)
    each.times.move(3 * DAY)
    swept(each.times)
    rental.refresh_from_db()
    assert (rental.state, rental.next_poll_at) == (S.EXPIRED, None)
