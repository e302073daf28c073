"""Finish, and wait for another SMS."""

from datetime import timedelta

import pytest

from accounts.actions import Action
from accounts.models import AuditEvent
from accounts.pages.undo import UNDO_FOR
from rentals import operations
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations import NotPossible
from rentals.states import RentalState as S
from tests.rentals.scene import Scene, SetScene, codes, states, swept, tried_again
from tests.rentals.times import Times


def finishing(scene: Scene) -> Rental:
    """A rental with a code whose person asked for its end."""
    rental = scene.received()
    operations.finish_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    rental.refresh_from_db()
    return rental


@pytest.fixture
def gig(scene: SetScene) -> Scene:
    return scene("smsgig")


def finishes(scene: Scene) -> int:
    return sum(
        answer.call == "finish"
        for rental in Rental.objects.filter(account=scene.account)
        for answer in rental.answers.all()
    )


def test_a_finish_is_told_to_a_provider_that_wants_to_know(gig: Scene) -> None:
    rental = gig.control(finishing(gig))
    assert rental.state == S.FINISHED
    assert gig.activation(rental).state == "finished"
    assert rental.ended_at is not None
    causes = [event.cause for event in rental.events.all()]
    assert causes[-2:] == [Cause.FINISH_ASKED, Cause.FINISHED]


def test_a_finish_needs_no_provider_that_knows_none(scene: SetScene) -> None:
    villa = scene("smsvilla")
    rental = finishing(villa)
    asked = villa.asked("")
    assert villa.control(rental).state == S.FINISHED
    assert villa.asked("") == asked


def test_only_a_received_rental_can_be_finished_and_once(each: Scene) -> None:
    rental = each.rented()
    with pytest.raises(NotPossible, match=r"\.$"):
        operations.finish_rental(rental=rental, actor=each.membership.user, now=each.times.now())
    rental = finishing(each)
    with pytest.raises(NotPossible):
        operations.finish_rental(rental=rental, actor=each.membership.user, now=each.times.now())
    assert rental.events.filter(cause=Cause.FINISH_ASKED).count() == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_cut_finish_is_repeated_after_a_read(gig: Scene, done: bool) -> None:
    rental = finishing(gig)
    gig.fault("cut", endpoint="rental", done=done, times=1)
    gig.control(rental)
    assert rental.state == S.RECEIVED
    tried_again(gig, rental)
    assert rental.state == S.FINISHED
    assert finishes(gig) == (1 if done else 2)


def test_a_cut_finish_is_not_repeated_while_the_rental_can_not_be_read(gig: Scene) -> None:
    rental = finishing(gig)
    gig.fault("error", endpoint="rental", status=500)
    gig.control(rental)
    for _ in range(4):
        tried_again(gig, rental)
    assert finishes(gig) == 1
    assert rental.state == S.RECEIVED and rental.finish_requested_at is not None
    tried_again(gig, rental)
    assert rental.finish_requested_at is None, "given back after a few tries"
    assert rental.can_finish
    assert rental.events.latest("pk").cause == Cause.FINISH_FAILED


def test_a_refused_finish_is_given_back(gig: Scene) -> None:
    rental = finishing(gig)
    gig.fault("error", endpoint="rental", status=422, times=1)
    gig.control(rental)
    assert rental.state == S.RECEIVED
    assert rental.can_finish and rental.control_at is None
    assert rental.events.latest("pk").cause == Cause.FINISH_FAILED


def test_a_refused_finish_of_what_has_ended_is_a_finish(gig: Scene) -> None:
    rental = finishing(gig)
    gig.sandbox.activations.close(gig.activation(rental), "finished")
    gig.fault("error", endpoint="rental", status=400, times=1)
    assert gig.control(rental).state == S.FINISHED


def test_an_sms_while_a_finish_is_under_way_does_not_lose_it(gig: Scene) -> None:
    rental = finishing(gig)
    gig.fault("cut", endpoint="rental", done=False, times=1)
    gig.control(rental)
    gig.hook(gig.sms(rental, code="771100"))
    rental.refresh_from_db()
    assert codes(rental) == ["482913", "771100"]
    assert rental.control_at is not None
    assert tried_again(gig, rental).state == S.FINISHED


# --- undo


def undoable(scene: Scene) -> Rental:
    """A rental that is finished in ten seconds, unless its person thinks better of it."""
    rental = scene.received()
    actor, now = scene.membership.user, scene.times.now()
    operations.finish_rental(rental=rental, actor=actor, now=now, undo_for=UNDO_FOR)
    rental.refresh_from_db()
    return rental


def undo(scene: Scene, rental: Rental) -> None:
    operations.undo_finish(rental=rental, actor=scene.membership.user, now=scene.times.now())


def test_a_finish_that_can_be_undone_is_kept_by_its_row_alone(
    each: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No message is on its way that could be lost, or come too early."""
    nudged: list[object] = []
    monkeypatch.setattr("rentals.operations.controlling.nudge", lambda *work: nudged.append(work))
    rental = undoable(each)
    asked, due = each.asked(""), ("rentals.send_control", rental.pk)
    times.move(9)
    assert due not in swept(times)
    assert each.control(rental).state == S.RECEIVED
    assert each.asked("") == asked
    times.move(1)
    assert due in swept(times)
    assert each.control(rental).state == S.FINISHED
    assert nudged == []


def test_a_finish_is_undone_before_it_is_sent(each: Scene, times: Times) -> None:
    rental = undoable(each)
    asked = each.asked("")
    undo(each, rental)
    assert rental.can_finish and rental.control_at is None
    times.move(61)
    assert ("rentals.send_control", rental.pk) not in swept(times)
    assert each.control(rental).state == S.RECEIVED
    assert each.asked("") == asked
    assert rental.events.latest("pk").cause == Cause.FINISH_UNDONE
    told = AuditEvent.objects.filter(object_id=str(rental.pk)).order_by("pk")
    actions = [event.action for event in told]
    assert actions[-2:] == [Action.RENTAL_FINISHED, Action.RENTAL_FINISH_UNDONE]


def test_a_finish_is_undone_once_in_two_tabs(gig: Scene) -> None:
    rental = undoable(gig)
    undo(gig, rental)
    undo(gig, rental)
    assert rental.events.filter(cause=Cause.FINISH_UNDONE).count() == 1
    assert rental.can_finish


def test_an_undone_finish_can_be_asked_for_again(each: Scene, times: Times) -> None:
    rental = undoable(each)
    undo(each, rental)
    actor, now = each.membership.user, times.now()
    operations.finish_rental(rental=rental, actor=actor, now=now, undo_for=UNDO_FOR)
    times.move(10)
    assert each.control(rental).state == S.FINISHED


def test_what_a_worker_has_can_not_be_undone(gig: Scene, times: Times) -> None:
    rental = undoable(gig)
    times.move(10)
    gig.fault("cut", endpoint="rental", done=False, times=1)
    gig.control(rental)
    before = Rental.objects.values().get(pk=rental.pk)
    with pytest.raises(NotPossible, match="Too late"):
        undo(gig, rental)
    assert Rental.objects.values().get(pk=rental.pk) == before
    assert tried_again(gig, rental).state == S.FINISHED
    with pytest.raises(NotPossible, match="Too late"):
        undo(gig, rental)
    assert Rental.objects.get(pk=rental.pk).state == S.FINISHED


def test_undoing_what_nobody_finished_changes_nothing(gig: Scene) -> None:
    rental = gig.received()
    before, events = Rental.objects.values().get(pk=rental.pk), rental.events.count()
    undo(gig, rental)
    assert Rental.objects.values().get(pk=rental.pk) == before
    assert rental.events.count() == events


# --- its time


def test_a_received_rental_ends_with_its_time_but_not_while_its_code_is_new(
    each: Scene, times: Times
) -> None:
    rental = each.received()
    times.move(rental.ttl + 6)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.FINISHED
    assert rental.events.latest("pk").cause == Cause.TIME_UP
    other = each.rented()
    times.move(other.ttl - 30)
    each.sms(other)
    each.poll(other)
    times.move(60)
    swept(times)
    other.refresh_from_db()
    assert other.state == S.RECEIVED
    times.move(300)
    swept(times)
    other.refresh_from_db()
    assert other.state == S.FINISHED


# --- wait for another SMS


def test_another_sms_is_looked_for_as_eagerly_as_the_first(gig: Scene, times: Times) -> None:
    rental = gig.received()
    assert rental.can_wait_for_more
    operations.wait_for_more(rental=rental, actor=gig.membership.user, now=times.now())
    rental.refresh_from_db()
    assert rental.waits_for_more and not rental.can_wait_for_more
    assert gig.poll(rental) == 1
    assert rental.next_poll_at is not None
    assert rental.next_poll_at - times.now() <= timedelta(seconds=12)
    gig.sms(rental, code="771100")
    gig.poll(rental)
    assert codes(rental) == ["482913", "771100"]
    assert not rental.waits_for_more
    assert states(rental)[-2:] == [S.RECEIVED, S.RECEIVED]


def test_waiting_for_more_is_only_for_what_can_come(scene: SetScene, times: Times) -> None:
    villa, gig = scene("smsvilla"), scene("smsgig")
    rentals = [villa.received(), gig.rented(), finishing(gig), gig.received()]
    Rental.objects.filter(pk=rentals[-1].pk).update(expires_at=times.now())
    for rental in rentals:
        before = Rental.objects.values().get(pk=rental.pk)
        with pytest.raises(NotPossible, match=r"\.$"):
            operations.wait_for_more(rental=rental, actor=gig.membership.user, now=times.now())
        assert Rental.objects.values().get(pk=rental.pk) == before
