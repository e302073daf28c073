"""What was cancelled or finished is asked for once more: a code that the provider holds is found
without any webhook, at the cost of one request that others don't need."""

from datetime import timedelta

import pytest

from accounts import budget
from accounts.states import Lane
from ledger.states import ExceptionKind
from providers.values import Limits
from rentals import operations
from rentals.models import Rental
from rentals.operations import wallet
from rentals.states import RentalState as S
from tests.ledger.statements import reconciled, with_book
from tests.rentals import books
from tests.rentals.scene import Scene, SetScene, codes
from tests.rentals.times import Times

FIRST, LATER = "482913", "771204"
ASKED_BY = {"smsgig": "/rentals/status", "smsvilla": "/get-sms"}


@pytest.fixture
def gig(scene: SetScene) -> Scene:
    return scene("smsgig")


@pytest.fixture
def villa(scene: SetScene) -> Scene:
    return scene("smsvilla")


def cancelled(scene: Scene) -> Rental:
    rental = scene.rented()
    operations.cancel_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    scene.control(rental)
    assert rental.state == S.CANCELLED
    return rental


def finished(scene: Scene) -> Rental:
    rental = scene.received(code=FIRST)
    operations.finish_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    scene.control(rental)
    assert rental.state == S.FINISHED
    return rental


def to_its_end(times: Times, rental: Rental) -> None:
    assert rental.expires_at is not None
    times.move((rental.expires_at - times.now()).total_seconds() - 2.5)


def asked_at_its_end(scene: Scene, rental: Rental) -> int:
    """How many requests its end brings, and the minutes after it."""
    before = scene.asked(ASKED_BY[scene.provider])
    to_its_end(scene.times, rental)
    for seconds in (0, 1, 3, 6, 60, 300):
        scene.times.move(seconds or 0.1)
        operations.poll_account(scene.account.pk)
    rental.refresh_from_db()
    assert rental.next_poll_at is None
    return scene.asked(ASKED_BY[scene.provider]) - before


def test_an_sms_after_a_cancel_is_found_without_a_webhook(each: Scene, times: Times) -> None:
    each.fault("ended-is-read")
    rental = cancelled(each)
    each.sms(rental, code=LATER, force=True)
    assert operations.poll_account(each.account.pk) == 0, "a single look, as late as can be"
    to_its_end(times, rental)
    assert operations.poll_account(each.account.pk) == 1
    rental.refresh_from_db()
    assert (rental.state, codes(rental)) == (S.CANCELLED.value, [LATER])
    assert books.notices(rental) == [ExceptionKind.SMS_AFTER_CANCEL]


def test_an_sms_after_a_finish_is_found_without_a_webhook(gig: Scene, times: Times) -> None:
    gig.fault("ended-is-read")
    rental = finished(gig)
    times.move(1)
    gig.sms(rental, code=LATER, force=True)
    to_its_end(times, rental)
    assert operations.poll_account(gig.account.pk) == 1
    rental.refresh_from_db()
    assert (rental.state, codes(rental)) == (S.FINISHED.value, [FIRST, LATER])


@pytest.mark.parametrize("is_told", [False, True])
def test_it_is_asked_for_once(each: Scene, is_told: bool) -> None:
    if is_told:
        each.fault("ended-is-read")
    assert asked_at_its_end(each, cancelled(each)) == 1


@pytest.mark.parametrize("provider", ["smsgig", "smsvilla"])
def test_what_has_its_code_is_asked_for_where_requests_abound(
    scene: SetScene, provider: str
) -> None:
    it = scene(provider)
    it.fault("ended-is-read")
    assert asked_at_its_end(it, finished(it)) == (it.account.currency == "USD")


def test_a_long_rental_is_asked_for_at_its_end_alone(gig: Scene, times: Times) -> None:
    gig.fault("ended-is-read")
    rental = cancelled(gig)
    ends = times.now() + timedelta(hours=3)
    Rental.objects.filter(pk=rental.pk).update(
        expires_at=ends, next_poll_at=ends - timedelta(seconds=3)
    )
    rental.refresh_from_db()
    for _ in range(5):
        times.move(1200)
        assert operations.poll_account(gig.account.pk) == 0
    assert asked_at_its_end(gig, rental) == 1


def test_it_is_not_asked_for_where_others_need_the_requests(villa: Scene, times: Times) -> None:
    rental = cancelled(villa)
    to_its_end(times, rental)
    plenty = Limits(100_000, 100_000)
    past = times.now() - timedelta(hours=2)
    budget.reserve(villa.account.pk, plenty, Lane.POLL, wanted=4800, now=past)
    before = villa.asked("/get-sms")
    operations.poll_account(villa.account.pk)
    assert villa.asked("/get-sms") == before


def test_what_ends_with_its_time_is_not_asked_for_again(each: Scene, times: Times) -> None:
    rental = each.rented()
    times.move(rental.ttl - 1)
    operations.cancel_rental(rental=rental, actor=None, now=times.now())
    each.control(rental)
    assert (rental.state, rental.next_poll_at) == (S.CANCELLED, None)


def test_a_refund_that_fails_to_come_has_its_rental_asked_for(each: Scene, times: Times) -> None:
    each.fault("no-refund")
    each.fault("ended-is-read")
    rental = cancelled(each)
    assert asked_at_its_end(each, rental) == 1
    each.sms(rental, code=LATER, force=True)
    assert wallet.look_for_reasons(times.now()) == 0, "it is not due yet"
    times.move(timedelta(days=3, hours=1).total_seconds())
    assert wallet.look_for_reasons(times.now()) == 1
    assert operations.poll_account(each.account.pk) == 1
    assert codes(rental) == [LATER]
    assert books.notices(rental) == [ExceptionKind.SMS_AFTER_CANCEL]
    rental.refresh_from_db()
    assert rental.next_poll_at is None
    times.move(60)
    assert wallet.look_for_reasons(times.now()) == 0


def test_a_refund_that_came_needs_no_reason(gig: Scene, times: Times) -> None:
    cancelled(with_book(gig))
    times.move(60)
    reconciled(gig)
    times.move(timedelta(hours=2).total_seconds())
    assert wallet.look_for_reasons(times.now()) == 0
