"""A cancel is repeated only after a read, and believed only after one more."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger.models import ReconciliationException
from ledger.states import ExceptionKind, RefundCause
from providers.calls import Effect
from providers.transport import SECONDS_BY_EFFECT
from rentals import operations
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations import NotPossible, exchange
from rentals.operations.answers import keep
from rentals.operations.cancelling import LONG_OVER
from rentals.states import RentalState as S
from tests.ledger.statements import reconciled, with_book
from tests.rentals import books
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene, codes, states, swept, tried_again
from tests.rentals.times import Times
from tests.waiting import until

# A look, the cancel, and a look.
LONGEST_EXCHANGE = 2 * SECONDS_BY_EFFECT[Effect.READ] + SECONDS_BY_EFFECT[Effect.REPEATABLE]


def cancelling(scene: Scene) -> Rental:
    """A rental whose person asked for the cancel; no worker has looked at it yet."""
    rental = scene.rented()
    operations.cancel_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    rental.refresh_from_db()
    assert rental.state == S.CANCELLING
    return rental


def cancels(scene: Scene) -> int:
    return scene.asked("/cancel")


def drifts(scene: Scene) -> list[ReconciliationException]:
    return list(scene.account.exceptions.filter(kind=ExceptionKind.DRIFT))


def test_a_cancel_gives_the_money_back(each: Scene) -> None:
    rental = each.control(cancelling(each))
    assert rental.state == S.CANCELLED
    assert rental.ended_at is not None
    assert rental.control_at is None
    assert cancels(each) == 1
    each.times.move(30)  # SMS Villa queues its refunds
    assert each.spent == 0
    event = rental.events.get(to_state=S.CANCELLING)
    assert (event.cause, event.actor) == (Cause.CANCEL_ASKED, each.membership.user)


def test_a_cancel_that_refunds_nothing_is_a_cancel(each: Scene) -> None:
    each.fault("no-refund")
    rental = each.control(cancelling(each))
    each.times.move(30)
    assert rental.state == S.CANCELLED
    assert each.spent == rental.charged == each.offer.price


def test_only_a_waiting_rental_can_be_cancelled(each: Scene) -> None:
    rental = each.received()
    with pytest.raises(NotPossible, match=r"\.$"):
        operations.cancel_rental(rental=rental, actor=None, now=each.times.now())
    rental = each.control(cancelling(each))
    with pytest.raises(NotPossible):
        operations.cancel_rental(rental=rental, actor=None, now=each.times.now())
    assert states(rental).count(S.CANCELLING) == 1
    assert cancels(each) == 1


def test_a_code_that_came_first_is_kept_and_nothing_is_cancelled(each: Scene) -> None:
    rental = cancelling(each)
    each.sms(rental, code="482913")
    each.control(rental)
    assert rental.state == S.RECEIVED
    assert codes(rental) == ["482913"]
    assert cancels(each) == 0
    assert rental.control_at is None
    assert rental.events.latest("pk").cause == Cause.SMS_CAME_FIRST


def test_a_code_between_the_look_and_the_cancel_is_kept(each: Scene) -> None:
    """The look fails, the provider refuses the cancel because of the SMS, and a read shows it."""
    rental = cancelling(each)
    each.sms(rental, code="482913")
    each.fault("error", endpoint=look_endpoint(each), times=1)
    each.control(rental)
    assert rental.state == S.RECEIVED
    assert codes(rental) == ["482913"]
    assert cancels(each) == 1


def look_endpoint(scene: Scene) -> str:
    return "rental" if scene.provider == "smsgig" else "get-sms"


def test_a_code_that_overtakes_a_confirmed_cancel_leaves_its_refund_claimed(each: Scene) -> None:
    """It was cancelled, and the read after that shows an SMS: the code is kept, and the refund
    that the provider said it would pay finds its claim."""
    with_book(each).fault("ended-is-read")
    operations.refresh_catalogue(account=each.account)
    reconciled(each)
    rental = cancelling(each)
    each.fault("error", endpoint=look_endpoint(each), status=500, times=2)
    each.control(rental)
    assert (rental.state, books.claim(rental)) == (S.CANCELLING, None)
    each.sms(rental, code="482913", force=True)
    tried_again(each, rental)
    assert (rental.state, codes(rental), cancels(each)) == (S.RECEIVED, ["482913"], 1)
    assert books.claimed(rental) == RefundCause.CANCELLED
    assert books.notices(rental) == [ExceptionKind.SMS_AFTER_CANCEL]
    each.times.move(90)
    operations.refresh_catalogue(account=each.account)
    reconciled(each)
    assert books.charged(rental) == each.spent == 0
    assert not drifts(each)


def test_a_webhook_before_the_answer_to_a_cancel_leaves_its_refund_claimed(
    scene: SetScene,
) -> None:
    gig = scene("smsgig")
    rental = cancelling(gig)
    gig.fault("late-answer", endpoint="cancel", seconds=1, times=1)
    worker = threading.Thread(target=alone, args=(operations.send_control, rental.pk))
    worker.start()
    until(lambda: gig.activation(rental).state == "canceled", "it is cancelled")
    gig.hook(gig.sms(rental, code="482913", force=True))
    worker.join()
    rental.refresh_from_db()
    assert (rental.state, codes(rental)) == (S.RECEIVED, ["482913"])
    assert books.claimed(rental) == RefundCause.CANCELLED


def test_a_code_before_a_refused_cancel_claims_nothing(each: Scene) -> None:
    rental = cancelling(each)
    each.sms(rental, code="482913")
    each.fault("error", endpoint=look_endpoint(each), times=1)
    each.control(rental)
    assert rental.state == S.RECEIVED
    assert (books.claim(rental), books.notices(rental)) == (None, [])


@pytest.mark.parametrize("done", [True, False])
def test_a_cut_cancel_is_read_before_anything_else(each: Scene, done: bool) -> None:
    each.fault("cut", endpoint="cancel", done=done, before_any_byte=True, times=1)
    rental = each.control(cancelling(each))
    assert rental.state == S.CANCELLING
    tried_again(each, rental)
    assert rental.state == S.CANCELLED
    assert cancels(each) == (1 if done else 2)
    each.times.move(30)
    assert each.spent == 0


def test_a_cut_cancel_is_not_repeated_while_the_rental_can_not_be_read(each: Scene) -> None:
    each.fault("cut", endpoint="cancel", times=1)
    rental = each.control(cancelling(each))
    each.fault("error", endpoint=look_endpoint(each), status=500)
    for _ in range(3):
        tried_again(each, rental)
    assert rental.state == S.CANCELLING
    assert cancels(each) == 1
    each.no_faults()
    assert tried_again(each, rental).state == S.CANCELLED
    assert cancels(each) == 1


def test_a_worker_that_died_after_the_cancel_does_not_repeat_it_blindly(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    rental = cancelling(each)
    die_when_answered(each, rental, monkeypatch)
    each.fault("error", endpoint=look_endpoint(each), status=500)
    tried_again(each, rental)
    assert rental.state == S.CANCELLING
    assert cancels(each) == 1
    each.no_faults()
    tried_again(each, rental)
    assert rental.state == S.CANCELLED
    assert cancels(each) == 1


class Died(BaseException):
    pass


def die_when_answered(scene: Scene, rental: Rental, monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry the cancel out up to its answer, of which nothing is kept."""

    def dying_keep(*args: Any, **named: Any) -> Any:
        if cancels(scene):
            raise Died
        return keep(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(exchange, "keep", dying_keep)
        with pytest.raises(Died):
            operations.send_control(rental.pk)
    rental.refresh_from_db()


def test_the_cancel_of_a_dead_worker_is_taken_over_within_a_minute(
    each: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not while a living one may still be at it."""
    rental = cancelling(each)
    die_when_answered(each, rental, monkeypatch)
    each.times.move(LONGEST_EXCHANGE)
    assert ("rentals.send_control", rental.pk) not in swept(each.times)
    each.times.move(55 - LONGEST_EXCHANGE)
    assert ("rentals.send_control", rental.pk) in swept(each.times)
    assert each.control(rental).state == S.CANCELLED
    assert cancels(each) == 1


def test_a_confirmed_cancel_is_not_sent_again(each: Scene) -> None:
    """The read after it failed, and later ones still show the rental as it was."""
    rental = cancelling(each)
    answer_of_cancel(rental)
    tried_again(each, rental)
    assert rental.state == S.CANCELLED
    assert cancels(each) == 0
    note = rental.events.get(to_state=S.CANCELLED).note
    assert ("still read as waiting" in note) == (each.provider == "smsgig")  # who tells a state


def answer_of_cancel(rental: Rental) -> None:
    """As if a worker had got this far and died."""
    now = rental.requested_at
    rental.answers.create(call="cancel", asked_at=now, answered_at=now, reply={}, verdict="done")
    Rental.objects.filter(pk=rental.pk).update(cancel_sent_at=now)


def test_a_confirmed_cancel_that_can_not_be_read_is_believed_in_the_end(each: Scene) -> None:
    rental = cancelling(each)
    each.fault("error", endpoint=look_endpoint(each), status=500)
    each.control(rental)
    assert rental.state == S.CANCELLING
    tried_again(each, rental)
    assert rental.state == S.CANCELLING
    tried_again(each, rental)
    assert rental.state == S.CANCELLED
    assert cancels(each) == 1


def test_a_refused_cancel_waits_on_and_is_not_tried_by_itself(each: Scene) -> None:
    each.fault("error", endpoint="cancel", status=400)
    rental = each.control(cancelling(each))
    assert rental.state == S.WAITING
    assert rental.events.latest("pk").cause == Cause.CANCEL_REFUSED
    assert not rental.auto_cancel and rental.control_at is None
    assert rental.next_poll_at is not None
    each.no_faults()
    each.times.move(rental.ttl - 10)
    swept(each.times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    operations.cancel_rental(rental=rental, actor=each.membership.user, now=each.times.now())
    assert each.control(rental).state == S.CANCELLED
    assert cancels(each) == 2


@pytest.mark.parametrize("cut_before", [True, False])
def test_an_unknown_activation_after_a_refused_cancel_is_no_cancel(
    scene: SetScene, cut_before: bool
) -> None:
    """SMS Villa answers 404 for one that has ended: only a cancel of ours makes that ours."""
    villa = scene("smsvilla")
    rental = cancelling(villa)
    if cut_before:
        villa.fault("cut", endpoint="cancel", done=False, times=1)
        villa.control(rental)
        villa.times.move(61)
    villa.fault("error", endpoint="cancel", status=400, times=1)
    assert villa.control(rental).state == S.WAITING
    villa.sandbox.expire("smsvilla", int(rental.activation_id))
    operations.cancel_rental(rental=rental, actor=None, now=villa.times.now())
    villa.control(rental)
    assert rental.state == S.WAITING  # 404 before our own deadline says nothing
    villa.times.move(rental.ttl + 61)
    swept(villa.times)
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert villa.spent == rental.charged


def test_429_for_a_cancel_waits_as_the_provider_likes(each: Scene, times: Times) -> None:
    each.fault("too-many-requests", endpoint="cancel", retry_after=20, times=1)
    rental = each.control(cancelling(each))
    assert rental.state == S.CANCELLING
    assert rental.control_at is not None
    assert timedelta(seconds=19) < rental.control_at - times.now() <= timedelta(seconds=20)
    assert ("rentals.send_control", rental.pk) not in swept(times)
    assert tried_again(each, rental).state == S.CANCELLED


def test_a_refused_key_keeps_the_cancel_due(each: Scene, times: Times) -> None:
    (key,) = each.sandbox.wallets.keys(each.wallet_id)
    rental = cancelling(each)
    each.sandbox.wallets.revoke_key(key.id)
    each.control(rental)
    assert rental.state == S.CANCELLING and rental.control_at is not None
    each.account.refresh_from_db()
    assert each.account.key_refused_at is not None
    times.move(rental.ttl + 121)
    for _ in range(2):
        assert rental.state == S.CANCELLING
        tried_again(each, rental)
    assert rental.state == S.EXPIRED


def test_what_ended_at_the_provider_is_not_cancelled(scene: SetScene) -> None:
    gig = scene("smsgig")
    rental = cancelling(gig)
    gig.sandbox.expire("smsgig", int(rental.activation_id))
    gig.control(rental)
    assert rental.state == S.EXPIRED
    assert cancels(gig) == 0


def test_what_was_cancelled_elsewhere_is_cancelled_here(scene: SetScene) -> None:
    gig = scene("smsgig")
    rental = gig.rented()
    gig.sandbox.cancel(gig.activation(rental))
    gig.poll(rental)
    assert rental.state == S.CANCELLING
    assert gig.control(rental).state == S.CANCELLED
    assert cancels(gig) == 0


# --- by itself, before the end


def test_an_empty_rental_is_cancelled_before_it_ends(each: Scene, times: Times) -> None:
    rental = each.rented()
    times.move(rental.ttl - 40)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    times.move(20)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.CANCELLING
    assert rental.events.latest("pk").cause == Cause.AUTO_CANCEL
    assert each.control(rental).state == S.CANCELLED
    times.move(30)
    assert each.spent == 0


def test_a_short_rental_is_not_cancelled_at_once(scene: SetScene, times: Times) -> None:
    it = scene("smsgig", service="telegram")
    it.sandbox.catalogue.change(it.provider, "telegram", ttl=20)
    rental = it.rented()
    for seconds, state in ((1, S.WAITING), (12, S.WAITING), (3, S.CANCELLING)):
        times.move(seconds)
        swept(times)
        rental.refresh_from_db()
        assert rental.state == state


def test_a_team_may_let_its_rentals_run_out(each: Scene, times: Times) -> None:
    each.membership.team.auto_cancel = False
    rental = each.rented()
    times.move(rental.ttl - 5)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert cancels(each) == 0


@pytest.mark.parametrize("last_look", [True, False])
def test_a_rental_expires_at_its_own_end(each: Scene, times: Times, last_look: bool) -> None:
    each.membership.team.auto_cancel = False
    rental = each.rented()
    times.move(rental.ttl + 6)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING  # the look after the end is still to come
    if last_look:
        Rental.objects.filter(pk=rental.pk).update(next_poll_at=None)
    else:
        times.move(60)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert rental.events.latest("pk").cause == Cause.TIME_UP
    assert each.spent == rental.charged


def test_404_before_our_own_end_is_no_expiry(scene: SetScene, times: Times) -> None:
    villa = scene("smsvilla")
    rental = villa.rented()
    villa.sandbox.expire("smsvilla", int(rental.activation_id))
    for _ in range(3):
        times.move(20)
        assert villa.poll(rental) == 1
        swept(times)
        rental.refresh_from_db()
        assert rental.state == S.WAITING
    assert rental.next_poll_at is not None


def test_the_auto_cancel_of_a_rental_that_is_gone_waits_for_our_own_end(
    scene: SetScene, times: Times
) -> None:
    villa = scene("smsvilla")
    rental = villa.rented()
    villa.sandbox.expire("smsvilla", int(rental.activation_id))
    times.move(rental.ttl - 20)
    swept(times)
    villa.control(rental)
    assert rental.state == S.WAITING
    times.move(20 + 61)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert rental.charged == Decimal(villa.offer.price)


def test_a_cancel_that_never_could_be_carried_out_ends(each: Scene, times: Times) -> None:
    rental = cancelling(each)
    assert rental.expires_at is not None
    times.move((rental.expires_at + LONG_OVER - times.now()).total_seconds() + 1)
    assert ("rentals.send_control", rental.pk) in swept(times)
    assert each.control(rental).state == S.EXPIRED
    event = rental.events.latest("pk")
    is_told = each.provider == "smsgig"  # who tells a state
    assert event.cause == (Cause.ENDED_AT_PROVIDER if is_told else Cause.TIME_UP)
    assert ("could not be confirmed" in event.note) == (not is_told)
