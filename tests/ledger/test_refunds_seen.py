"""Refunds that only the balance shows are booked when they are seen, and where it is sure whose.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

import pytest

from ledger.models import ReconciliationException
from ledger.operations.balance import drifts
from ledger.states import (
    AccountKind,
    RefundState,
)
from rentals.models import Rental
from rentals.states import RentalState
from tests.ledger.watching import MINUTE, Watch, refunded
from tests.rentals import books


def test_a_refund_is_booked_when_it_is_seen_and_not_before(villa: Watch) -> None:
    rental = villa.cancelled()
    assert villa.read().drift == 0
    assert villa.refund(rental).state == RefundState.QUEUED
    snapshot = villa.read(MINUTE)
    refund = villa.refund(rental)
    assert (snapshot.drift, snapshot.explained) == (500, 500)
    assert (refund.state, refund.received) == (RefundState.RECEIVED, 500)
    assert villa.booked() == [f"refund:{refund.pk}"]
    assert villa.drift == 0
    assert books.charged(rental) == 0


@pytest.mark.parametrize(
    ("fault", "options"), [("pro-rata-refund", {}), ("short-refund", {"percent": 37})]
)
def test_a_part_of_unknown_size_is_booked_as_it_comes(
    villa: Watch, fault: str, options: dict[str, int]
) -> None:
    villa.scene.fault(fault, **options)
    rental = villa.rented()
    villa.scene.times.move(100)
    villa.cancel(rental)
    villa.read(MINUTE)
    refund = villa.refund(rental)
    assert refund.state == RefundState.RECEIVED
    assert 0 < refund.received < 500
    assert villa.drift == 0


def test_the_claim_is_of_the_price_that_the_balance_proved(villa: Watch) -> None:
    villa.read(MINUTE)
    villa.price(650, told=False)
    rental = villa.rented()
    villa.read(MINUTE)
    villa.read_catalogue()
    villa.read(MINUTE)
    assert (rental.charged, books.charged(rental)) == (500, 650)
    villa.cancel(rental)
    villa.read(1)
    assert villa.refund(rental).charged == 650
    villa.read(MINUTE)
    assert villa.refund(rental).state == RefundState.RECEIVED
    assert (books.charged(rental), villa.drift) == (0, 0)


def test_a_refund_of_unknown_size_does_not_take_up_a_price_that_nobody_told(villa: Watch) -> None:
    """Two rentals were charged more than quoted, and the refund of one lands beside that."""
    villa.read(MINUTE)
    villa.price(525, told=False)
    rental, _kept = villa.scene.rented(), villa.scene.rented()
    assert villa.read(MINUTE).drift == -50
    villa.cancel(rental)
    for _ in range(18):
        villa.read(MINUTE)
        assert villa.refund(rental).received in (0, 525)
    assert villa.drift == 0
    assert villa.exceptions() == [475]


def test_a_price_that_rose_beside_a_refund_is_not_booked_as_a_smaller_refund(villa: Watch) -> None:
    """500 came back, and 600 was taken where the catalogue had said 500: nobody can tell that from
    400 coming back, not even when the catalogue says 600."""
    villa.read(MINUTE)
    cancelled = villa.cancelled()
    villa.price(600, told=False)
    villa.scene.rented()
    first = villa.read(MINUTE)
    assert (first.drift, first.explained) == (400, 0)
    villa.read_catalogue()
    for _ in range(10):
        villa.read(5 * MINUTE)
    assert (villa.refund(cancelled).received, villa.booked()) == (0, [])
    assert (villa.exceptions(), villa.drift) == ([400], 0)
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    assert "several ways" in exception.detail


def test_a_part_of_unknown_size_is_booked_once_the_prices_were_read(villa: Watch) -> None:
    villa.read(MINUTE)
    villa.scene.fault("short-refund", percent=37)
    cancelled, _other = villa.cancelled(), villa.scene.rented()
    for _ in range(4):
        first = villa.read(4 * MINUTE)
        assert (first.drift, first.explained, villa.exceptions()) == (185, 0, [])
    villa.read_catalogue()
    villa.read(MINUTE)
    assert (villa.refund(cancelled).received, villa.exceptions()) == (185, [])


def test_a_price_that_rose_beside_a_refund_of_known_size_is_told_by_the_catalogue(
    villa: Watch,
) -> None:
    refunded(villa, [20, 60, 120, 150, 200])
    cancelled = villa.cancelled()
    assert villa.read().drift == 0
    villa.price(600, told=False)
    dearer = villa.scene.rented()
    assert villa.read(MINUTE).drift == 400
    assert villa.refund(cancelled).received == 0
    villa.read_catalogue()
    villa.read(MINUTE)
    assert villa.refund(cancelled).received == 500
    assert (books.charged(dearer), villa.exceptions(), villa.drift) == (600, [], 0)


def test_a_refund_that_never_comes_is_never_booked(villa: Watch) -> None:
    villa.scene.fault("no-refund")
    rental = villa.cancelled()
    for _ in range(4):
        villa.read(MINUTE)
    assert villa.refund(rental).state == RefundState.QUEUED
    assert villa.booked() == []
    assert villa.exceptions() == []


def test_a_refund_that_comes_late_is_booked_then(villa: Watch) -> None:
    villa.scene.fault("late-refund", seconds=3600)
    rental = villa.cancelled()
    villa.read(MINUTE)
    villa.read(3700)
    assert villa.refund(rental).state == RefundState.RECEIVED
    assert villa.drift == 0


def test_two_refunds_that_could_be_either_wait_until_it_is_told(villa: Watch) -> None:
    villa.scene.fault("late-refund", seconds=200, times=1)
    slow = villa.cancelled(600)
    villa.read()
    quick = villa.cancelled(500)
    snapshot = villa.read(MINUTE)
    assert (snapshot.drift, snapshot.explained) == (500, 0)
    assert villa.booked() == []
    villa.read(200)
    assert villa.drift == 0
    assert [villa.refund(each).received for each in (slow, quick)] == [600, 500]
    assert villa.exceptions() == []


def test_what_can_not_be_told_apart_stands_before_a_person_in_the_end(villa: Watch) -> None:
    villa.scene.fault("no-refund", times=1)
    villa.cancelled(600)
    villa.cancelled(500)
    for _ in range(14):
        villa.read(MINUTE)
    assert villa.exceptions() == []
    villa.read(2 * MINUTE)
    assert villa.exceptions() == [500]
    assert villa.drift == 0
    assert villa.net(AccountKind.SUSPENSE) == -500
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    assert "several ways" in exception.detail
    ways = drifts.explanations(exception, now=villa.scene.times.now())
    assert len(ways) > 1


def test_a_refund_after_the_end_is_no_ones_and_is_told(villa: Watch) -> None:
    """Neither document promises one: nothing is awaited, so a person says what it was."""
    villa.scene.fault("expiry-refund", seconds=30)
    rental = villa.rented()
    Rental.objects.filter(pk=rental.pk).update(auto_cancel=False)
    villa.read(MINUTE)
    villa.read(1500)
    for _ in range(2):
        villa.read(MINUTE)
    rental.refresh_from_db()
    assert rental.state == RentalState.EXPIRED
    assert villa.exceptions() == [500]
    assert villa.drift == 0
