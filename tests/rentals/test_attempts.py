"""A rent is sent once, whoever dies in the middle of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts import gateway
from rentals import operations
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations import outcomes, persistence, sending
from rentals.operations.answers import keep, read_again
from rentals.states import RentalState as S
from sandbox.core import Sandbox
from tests.rentals.checks import NOTHING, Held, alone, assert_refused, end_all_connections, money
from tests.rentals.scene import Scene, states, swept
from tests.rentals.times import Times


def test_a_message_delivered_twenty_times_is_one_request(each: Scene) -> None:
    rental = each.requested()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: alone(operations.send_rent, rental.pk), range(20)))
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert each.asked("/rent") == 1


def test_a_worker_that_dies_before_the_answer_leaves_a_doubt(each: Scene, times: Times) -> None:
    rental, _ = each.claimed()
    assert not [work for work in swept(times) if work[1] == rental.pk]
    times.move(31)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    assert money(rental) == (rental.price, None)
    operations.send_rent(rental.pk)
    for _ in range(3):
        times.move(3600)
        swept(times)
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    assert each.asked("/rent") == 0


@pytest.mark.parametrize("seconds", [0, 31])
def test_an_answer_that_was_kept_is_applied_by_the_sweep(
    each: Scene, times: Times, seconds: int
) -> None:
    """The worker died between keeping the answer and applying it."""
    rental, sent_at = each.claimed()
    keep_answer(each, rental, sent_at)
    if seconds:
        times.move(seconds)
        outcomes.doubt_unanswered(rental, now=times.now())
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert money(rental) == (NOTHING, rental.price)
    assert int(rental.activation_id) == each.activations()[0].id
    swept(times)
    assert states(rental).count(S.WAITING) == 1
    assert each.asked("/rent") == 1


def keep_answer(scene: Scene, rental: Rental, sent_at: Any) -> None:
    """What a worker does up to the moment in which it has the answer in the database."""
    call = sending.rent_call(rental)
    reply = gateway.transmit(gateway.open_door(rental.account), call)
    keep(rental, call, reply, asked_at=sent_at, now=scene.times.now())


def test_a_kept_refusal_is_applied_by_the_sweep(each: Scene, times: Times) -> None:
    rental, sent_at = each.claimed()
    each.fault("error", status=400)
    keep_answer(each, rental, sent_at)
    swept(times)
    rental.refresh_from_db()
    assert_refused(rental)


def test_the_sweep_finds_what_no_message_told_of(each: Scene, times: Times) -> None:
    rental = each.requested()
    assert ("rentals.send_rent", rental.pk) not in swept(times)
    times.move(3)
    assert ("rentals.send_rent", rental.pk) in swept(times)


def test_what_was_not_sent_within_two_minutes_is_given_up(each: Scene, times: Times) -> None:
    rental = each.requested()
    times.move(121)
    assert ("rentals.send_rent", rental.pk) not in swept(times)
    rental.refresh_from_db()
    assert_refused(rental)
    assert rental.events.get(to_state=S.REFUSED).cause == Cause.NEVER_SENT
    operations.send_rent(rental.pk)
    assert each.asked("/rent") == 0


def test_a_message_that_comes_too_late_does_not_rent(each: Scene, times: Times) -> None:
    """After an outage the old messages come before the first sweep."""
    rental = each.requested()
    times.move(121)
    operations.send_rent(rental.pk)
    rental.refresh_from_db()
    assert_refused(rental)
    assert each.asked("/rent") == 0


@pytest.mark.parametrize(("retry_after", "pause"), [(0, 5), (7, 7)])
def test_429_is_asked_again_when_the_provider_likes(
    each: Scene, times: Times, retry_after: int, pause: int
) -> None:
    each.fault("too-many-requests", retry_after=retry_after)
    rental = each.rented()
    assert rental.state == S.REQUESTED
    assert rental.sent_at is None
    assert money(rental) == (rental.price, None)
    each.no_faults()
    times.move(pause - 1)
    assert ("rentals.send_rent", rental.pk) not in swept(times)
    operations.send_rent(rental.pk)  # a message that was delivered twice
    assert each.asked("/rent") == 1
    times.move(1.5)
    assert ("rentals.send_rent", rental.pk) in swept(times)
    operations.send_rent(rental.pk)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert each.asked("/rent") == 2
    causes = [event.cause for event in rental.events.all()]
    assert causes == [Cause.REQUESTED, Cause.ASKED_TO_WAIT, Cause.RENTED]


def test_429_for_too_long_is_a_refusal(each: Scene) -> None:
    each.fault("too-many-requests", retry_after=600)
    rental = each.rented()
    assert_refused(rental)


def test_a_worker_that_dies_after_a_429_leaves_a_doubt(each: Scene, times: Times) -> None:
    """The old 429 says nothing about the second attempt."""
    each.fault("too-many-requests", times=1)
    rental = Rental.objects.select_related("account").get(pk=each.rented().pk)
    times.move(6)
    assert sending._claim(rental, times.now())
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.REQUESTED
    assert rental.sent_at is not None
    times.move(31)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    operations.send_rent(rental.pk)
    assert each.asked("/rent") == 1


def test_an_old_429_that_is_applied_again_says_nothing_of_the_second_attempt(
    each: Scene, times: Times
) -> None:
    """A worker slept between keeping a 429 and applying it; the sweep and another went on."""
    each.fault("too-many-requests", times=1)
    rental = Rental.objects.select_related("account").get(pk=each.rented().pk)
    stale = rental.answers.get()
    judged = read_again(sending.rent_call(rental), stale)
    outcomes.apply_rent(rental, stale, judged, "", times.now())  # put back already
    rental.refresh_from_db()
    assert rental.state == S.REQUESTED
    times.move(6)
    assert sending._claim(rental, times.now())
    outcomes.apply_rent(rental, stale, judged, "", times.now())
    rental.refresh_from_db()
    assert rental.state == S.REQUESTED
    assert rental.sent_at is not None
    assert rental.held == rental.price


def test_an_old_429_is_not_taken_for_a_second_attempt_of_a_clock_set_back(
    each: Scene, times: Times
) -> None:
    each.fault("too-many-requests", times=1)
    rental = Rental.objects.select_related("account").get(pk=each.rented().pk)
    times.move(-60)
    assert sending._claim(rental, times.now())
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.REQUESTED
    assert rental.sent_at is not None


def test_an_answer_that_finds_no_database_is_kept_until_it_is_back(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "PAUSE", 0.01)
    rental = each.requested()
    with Held(each).answering(rental):
        end_all_connections()
        connection.close()
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert int(rental.activation_id) == each.activations()[0].id
    assert money(rental) == (NOTHING, rental.price)
    assert each.asked("/rent") == 1


def test_an_answer_whose_commit_was_cut_is_applied_once(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_the_first_commit(monkeypatch)
    rental = each.rented()
    assert rental.state == S.WAITING
    assert states(rental) == [S.REQUESTED, S.WAITING]


def cut_the_first_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that breaks at COMMIT leaves open whether it was done."""
    monkeypatch.setattr(persistence, "PAUSE", 0.01)
    receive = sending.receive_rent
    cut: list[bool] = []

    def received_but_cut(*args: Any, **named: Any) -> None:
        receive(*args, **named)
        if not cut:
            cut.append(True)
            end_all_connections()
            Rental.objects.count()  # notices

    monkeypatch.setattr(sending, "receive_rent", received_but_cut)


def test_a_429_whose_commit_was_cut_is_asked_again(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_the_first_commit(monkeypatch)
    each.fault("too-many-requests", times=1)
    rental = each.rented()
    assert rental.state == S.REQUESTED
    assert rental.sent_at is None


def test_an_activation_belongs_to_one_rental(each: Scene, sandbox: Sandbox) -> None:
    """The provider names an activation that another rental has: a person must look."""
    first = each.rented()
    rental, sent_at = each.claimed()
    answer = first.answers.get(call="rent")
    again = rental.answers.create(
        call="rent",
        asked_at=sent_at,
        answered_at=sent_at,
        reply=answer.reply,
        verdict=answer.verdict,
    )
    assert sending.apply_stored_rent(rental, now=sent_at)
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    assert rental.held == rental.price
    assert "another rental" in rental.events.get(to_state=S.IN_DOUBT).note
    assert again.verdict == "done"
