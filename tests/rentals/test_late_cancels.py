"""Whatever a cancel was overtaken by: what its provider owes for it is claimed."""

from typing import Any

import pytest

from ledger.states import RefundCause
from rentals import operations
from rentals.models import Rental
from rentals.operations import exchange
from rentals.operations.answers import keep
from rentals.operations.cancelling import LONG_OVER
from rentals.states import RentalState as S
from tests.rentals import books
from tests.rentals.scene import Scene, SetScene, codes, swept
from tests.rentals.test_cancelling import answer_of_cancel, cancelling, cancels, look_endpoint

LOOK_PATHS = {"smsgig": "/rentals/status", "smsvilla": "/get-sms"}


def long_after_its_end(scene: Scene, rental: Rental) -> None:
    """The sweep finds it when nobody has come to the rental in time, and a worker takes it."""
    assert rental.expires_at is not None
    late = rental.expires_at + LONG_OVER - scene.times.now()
    scene.times.move(late.total_seconds() + 1)
    taken_up(scene, rental)


def taken_up(scene: Scene, rental: Rental) -> None:
    assert ("rentals.send_control", rental.pk) in swept(scene.times)
    scene.control(rental)


def given_up(scene: Scene, rental: Rental) -> None:
    """The same, where the provider can't be read."""
    scene.fault("error", endpoint=look_endpoint(scene), status=500)
    long_after_its_end(scene, rental)
    while rental.state == S.CANCELLING and rental.control_tries < 9:
        scene.times.move(31)
        taken_up(scene, rental)
    scene.no_faults()
    assert (rental.state, books.claim(rental)) == (S.EXPIRED, None)


def sent_and_never_confirmed(scene: Scene) -> Rental:
    """The cancel went out, its answer was cut, and then nothing ran."""
    scene.fault("ended-is-read")
    scene.fault("cut", endpoint="cancel", done=False, times=1)
    rental = scene.control(cancelling(scene))
    assert (rental.state, cancels(scene)) == (S.CANCELLING, 1)
    return rental


def test_a_code_that_came_while_nothing_ran_is_found_before_its_cancel_is_given_up(
    each: Scene,
) -> None:
    rental = sent_and_never_confirmed(each)
    each.sms(rental, code="482913")
    long_after_its_end(each, rental)
    assert (rental.state, codes(rental)) == (S.RECEIVED, ["482913"])
    assert (books.claim(rental), cancels(each)) == (None, 1)


def test_an_sms_is_found_though_the_cancel_was_never_sent(each: Scene) -> None:
    each.fault("ended-is-read")
    rental = cancelling(each)
    each.sms(rental, code="482913")
    long_after_its_end(each, rental)
    assert (rental.state, codes(rental)) == (S.RECEIVED, ["482913"])
    assert cancels(each) == 0


def test_a_last_look_that_fails_is_taken_again(each: Scene) -> None:
    rental = sent_and_never_confirmed(each)
    each.sms(rental, code="482913")
    each.fault("error", endpoint=look_endpoint(each), status=500, times=1)
    long_after_its_end(each, rental)
    assert rental.state == S.CANCELLING
    each.times.move(31)
    taken_up(each, rental)
    assert (rental.state, codes(rental)) == (S.RECEIVED, ["482913"])


def test_what_is_empty_at_the_last_look_has_ended_and_nothing_is_sent(each: Scene) -> None:
    rental = cancelling(each)
    reads = each.asked(LOOK_PATHS[each.provider])
    long_after_its_end(each, rental)
    assert (rental.state, books.claim(rental)) == (S.EXPIRED, None)
    assert (each.asked(LOOK_PATHS[each.provider]) - reads, cancels(each)) == (1, 0)


def test_what_can_not_be_read_ends_after_a_few_looks(each: Scene) -> None:
    rental = cancelling(each)
    reads = each.asked(LOOK_PATHS[each.provider])
    given_up(each, rental)
    assert each.asked(LOOK_PATHS[each.provider]) - reads == 3


def test_what_waits_for_patience_until_long_after_its_end_ends(each: Scene) -> None:
    """SMS Villa's day is used up: in hours there is room again, and nobody waits as long."""
    rental = cancelling(each)
    each.fault("too-many-requests", endpoint="*", retry_after=4 * 3600)
    each.control(rental)
    assert rental.state == S.CANCELLING
    assert rental.expires_at is not None
    each.times.move((rental.expires_at + LONG_OVER - each.times.now()).total_seconds() + 1)
    for _ in range(3):
        swept(each.times)
        each.control(rental)
        each.times.move(31)
    assert (rental.state, rental.control_at) == (S.EXPIRED, None)


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


def given_up_before(
    name: str, scene: Scene, rental: Rental, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others give the cancel up while a worker waits for the answer to this call."""
    waits = [name]

    def late_keep(about: Rental, call: Any, *args: Any, **named: Any) -> Any:
        if call.name in waits:
            waits.clear()
            given_up(scene, rental)
        return keep(about, call, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(exchange, "keep", late_keep)
        operations.send_control(rental.pk)
    assert not waits
    rental.refresh_from_db()


def test_a_cancel_that_is_confirmed_after_it_was_given_up_leaves_its_refund_claimed(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    rental = cancelling(each)
    given_up_before("cancel", each, rental, monkeypatch)
    assert rental.state == S.EXPIRED
    assert books.claimed(rental) == RefundCause.CANCELLED


def test_a_read_that_shows_a_cancel_after_it_was_given_up_leaves_its_refund_claimed(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cancel was cut, and is given up while a worker reads what became of it."""
    each.fault("cut", endpoint="cancel", times=1)
    rental = each.control(cancelling(each))
    assert (rental.state, each.activation(rental).state) == (S.CANCELLING, "canceled")
    each.times.move(60)
    given_up_before("inspect", each, rental, monkeypatch)
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
