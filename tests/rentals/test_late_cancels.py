"""Whatever a cancel was overtaken by: what its provider owes for it is claimed."""

import threading
from typing import Any

import pytest

from ledger.states import RefundCause
from rentals import operations
from rentals.models import Rental
from rentals.operations import exchange, sweeping
from rentals.operations.answers import keep
from rentals.states import RentalState as S
from tests.rentals import books
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene, swept
from tests.rentals.test_cancelling import answer_of_cancel, cancelling, cancels, look_endpoint
from tests.waiting import until

LOOK_PATHS = {"smsgig": "/rentals/status", "smsvilla": "/get-sms"}


def long_after_its_end(scene: Scene, rental: Rental) -> None:
    """The sweep comes when nobody has come to the rental in time."""
    assert rental.expires_at is not None
    late = rental.expires_at + sweeping.CANCEL_AFTER_END - scene.times.now()
    scene.times.move(late.total_seconds() + 1)
    swept(scene.times)
    rental.refresh_from_db()


def test_a_confirmed_cancel_is_a_cancel_however_long_nothing_runs(each: Scene) -> None:
    rental = cancelling(each)
    answer_of_cancel(rental)
    long_after_its_end(each, rental)
    assert rental.state == S.CANCELLED
    assert books.claimed(rental) == RefundCause.CANCELLED
    assert cancels(each) == 0


def test_a_confirmed_cancel_is_a_cancel_though_its_time_is_up_when_it_is_read(
    scene: SetScene,
) -> None:
    gig = scene("smsgig")
    rental = cancelling(gig)
    answer_of_cancel(rental)
    gig.times.move(rental.ttl + 1)
    assert gig.activation(rental).state == "expired"
    assert gig.control(rental).state == S.CANCELLED
    assert books.claimed(rental) == RefundCause.CANCELLED


def test_a_cancel_that_is_confirmed_after_it_was_given_up_leaves_its_refund_claimed(
    each: Scene,
) -> None:
    """The sweep gives it up while a worker waits for the answer."""
    rental = cancelling(each)
    each.fault("late-answer", endpoint="cancel", seconds=1, times=1)
    worker = threading.Thread(target=alone, args=(operations.send_control, rental.pk))
    worker.start()
    until(lambda: each.activation(rental).state == "canceled", "it is cancelled")
    long_after_its_end(each, rental)
    assert (rental.state, books.claim(rental)) == (S.EXPIRED, None)
    worker.join()
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert books.claimed(rental) == RefundCause.CANCELLED


def test_a_read_that_shows_a_cancel_after_it_was_given_up_leaves_its_refund_claimed(
    each: Scene,
) -> None:
    """The cancel was cut, and is given up while a worker reads what became of it."""
    each.fault("cut", endpoint="cancel", times=1)
    rental = each.control(cancelling(each))
    assert (rental.state, each.activation(rental).state) == (S.CANCELLING, "canceled")
    each.fault("late-answer", endpoint=look_endpoint(each), seconds=1, times=1)
    each.times.move(60)
    reads = each.asked(LOOK_PATHS[each.provider])
    worker = threading.Thread(target=alone, args=(operations.send_control, rental.pk))
    worker.start()
    until(lambda: each.asked(LOOK_PATHS[each.provider]) > reads, "it is read")
    long_after_its_end(each, rental)
    worker.join()
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert books.claimed(rental) == RefundCause.CANCELLED


def test_a_cancel_that_another_worker_had_confirmed_meanwhile_is_a_cancel(
    scene: SetScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stood still for longer than it may, and its answer is kept while the other's cancel is
    refused; the read after that does not tell of it."""
    villa = scene("smsvilla")
    rental = cancelling(villa)
    villa.fault("error", endpoint="cancel", status=400, times=1)

    def overtaken_keep(rental: Rental, call: Any, *args: Any, **named: Any) -> Any:
        if call.name == "cancel":
            answer_of_cancel(rental)
        return keep(rental, call, *args, **named)

    monkeypatch.setattr(exchange, "keep", overtaken_keep)
    assert villa.control(rental).state == S.CANCELLED
    assert books.claimed(rental) == RefundCause.CANCELLED


def test_a_cancel_that_is_confirmed_after_another_was_refused_leaves_its_refund_claimed(
    scene: SetScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round: the one that stood still comes back to a rental that waits again."""
    villa = scene("smsvilla")
    rental = cancelling(villa)

    def late_keep(rental: Rental, call: Any, *args: Any, **named: Any) -> Any:
        if call.name == "cancel":
            Rental.objects.filter(pk=rental.pk).update(state=S.WAITING)
        return keep(rental, call, *args, **named)

    monkeypatch.setattr(exchange, "keep", late_keep)
    villa.control(rental)
    assert books.claimed(rental) == RefundCause.CANCELLED
