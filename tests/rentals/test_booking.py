"""A rental's money on the book: held, then charged or released, once, with the rental's move."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest

from accounts import gateway
from ledger import book
from ledger.models import ClosedMonth, Transfer
from ledger.operations import holds
from ledger.states import ExceptionKind, Phase, RefundCause, RefundState
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations import RentalNotAllowed, cancel_rental, outcomes, purge_rental, sending
from rentals.operations.answers import keep
from rentals.states import RentalState as S
from tests.rentals import books
from tests.rentals.checks import NOTHING, Held, alone
from tests.rentals.scene import Scene, SetScene, swept
from tests.rentals.times import Times


def test_a_request_holds_its_price(each: Scene) -> None:
    rental = each.requested()
    (hold,) = books.lines(rental)
    assert (hold.key, hold.phase) == (f"rental:{rental.pk}:hold", Phase.PENDING)
    assert (hold.amount, hold.currency) == (each.offer.price, each.account.currency)
    assert (hold.service, hold.day) == (each.offer.name, rental.day)
    balance = book.wallet_balance(each.account.pk)
    assert balance is not None and balance.held == each.offer.price


def test_a_double_click_holds_once(each: Scene) -> None:
    key = uuid.uuid4()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: alone(lambda: each.requested(request_key=key)), range(8)))
    assert Transfer.objects.filter(wallet=each.account).exclude(kind="opening").count() == 1
    books.assert_proved(each.account)


def test_a_number_settles_at_the_price_charged(scene: SetScene) -> None:
    gig = scene("smsgig")
    rental = gig.rented()
    _, charge = books.lines(rental)
    assert (charge.key, charge.phase) == (f"rental:{rental.pk}:charge", Phase.POST)
    assert charge.external_id == rental.activation_id
    assert charge.amount == gig.activation(rental).price == rental.charged
    assert abs(charge.occurred_at.timestamp() * 1000 - gig.activation(rental).created) < 1000
    books.assert_agrees(rental)
    books.assert_proved(gig.account)


def test_without_a_quote_the_price_that_was_shown_is_charged(scene: SetScene) -> None:
    villa = scene("smsvilla")
    rental = villa.rented()
    answer = rental.answers.get(call="rent")
    _, charge = books.lines(rental)
    assert charge.amount == villa.offer.price == rental.charged
    assert charge.occurred_at == answer.answered_at


def test_a_charge_below_the_hold_gives_the_rest_back(scene: SetScene) -> None:
    gig = scene("smsgig")
    gig.offer.price += 1
    gig.offer.save()
    rental = gig.rented()
    assert books.charged(rental) == rental.charged == gig.spent
    assert books.held(rental) == NOTHING
    assert books.notices(rental) == []
    books.assert_proved(gig.account)


@pytest.mark.parametrize("shown", ["0.5", "0"])
def test_a_charge_above_the_hold_is_booked_and_told(scene: SetScene, shown: str) -> None:
    gig = scene("smsgig")
    gig.offer.price = Decimal(shown)
    gig.offer.save()
    rental = gig.rented()
    assert rental.state == S.WAITING
    books.assert_agrees(rental)
    assert books.charged(rental) == gig.spent
    assert books.notices(rental) == [ExceptionKind.ABOVE_HOLD]
    books.assert_proved(gig.account)


@pytest.mark.parametrize("why", ["refused", "never sent", "throttled"])
def test_what_was_not_charged_is_released(each: Scene, times: Times, why: str) -> None:
    if why == "never sent":
        rental = each.requested()
        times.move(121)
        swept(times)
    else:
        fault = ("error", {"status": 400}) if why == "refused" else ("too-many-requests", {})
        each.fault(fault[0], **fault[1] | ({"retry_after": 600} if why == "throttled" else {}))
        rental = each.rented()
    rental.refresh_from_db()
    assert rental.state == S.REFUSED
    assert [line.phase for line in books.lines(rental)] == [Phase.PENDING, Phase.VOID]
    books.assert_agrees(rental)
    books.assert_proved(each.account)


def test_a_429_that_is_asked_again_keeps_its_hold(each: Scene) -> None:
    each.fault("too-many-requests", times=1)
    rental = each.rented()
    assert rental.state == S.REQUESTED
    assert books.held(rental) == rental.price


def test_a_doubt_keeps_its_hold(each: Scene, times: Times) -> None:
    each.fault("cut", endpoint="rent", times=1)
    rental = each.rented()
    times.move(3600)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    assert books.held(rental) == rental.price
    books.assert_agrees(rental)


class Died(BaseException):
    """A worker, by kill -9."""


@pytest.mark.parametrize("fault", [None, ("error", {"status": 400})])
def test_a_worker_that_dies_while_booking_books_nothing_and_the_sweep_books_it(
    each: Scene, times: Times, fault: tuple[str, dict[str, int]] | None
) -> None:
    """The move and its booking are one: neither is there without the other."""
    rental = each.requested()
    if fault:
        each.fault(fault[0], **fault[1])
    verb = "release" if fault else "charge"
    done = getattr(holds, verb)

    def dying(*args: object, **named: object) -> None:
        done(*args, **named)
        raise Died

    with patch.object(holds, verb, dying), pytest.raises(Died):
        sending.send_rent(rental.pk)
    rental.refresh_from_db()
    assert rental.state == S.REQUESTED
    assert books.held(rental) == rental.price
    swept(times)
    rental.refresh_from_db()
    assert rental.state == (S.REFUSED if fault else S.WAITING)
    books.assert_agrees(rental)
    books.assert_proved(each.account)
    assert each.asked("/rent") == 1


def test_an_answer_that_is_applied_by_two_is_booked_once(each: Scene, times: Times) -> None:
    rental = each.rented()
    for _ in range(2):
        assert sending.apply_stored_rent(rental, now=times.now())
    assert len(books.lines(rental)) == 2
    books.assert_agrees(rental)


def test_a_number_after_a_refusal_is_booked_kept_and_told(each: Scene, times: Times) -> None:
    """It is paid: so it waits for its SMS, and what never comes is cancelled like any other."""
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(31)
        swept(times)
        outcomes._refuse(rental, now=times.now(), cause=Cause.PROVIDER_REFUSED, note="")
        rental.refresh_from_db()
        assert rental.state == S.REFUSED
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert rental.activation_id == str(each.activations()[0].id)
    assert books.charged(rental) == rental.charged == each.spent
    assert books.lines(rental)[-1].flagged
    assert books.notices(rental) == [ExceptionKind.LATE_NUMBER]
    each.sms(rental)
    each.poll(rental)
    assert rental.state == S.RECEIVED
    books.assert_proved(each.account)


def test_a_number_after_the_one_wished_for_was_removed_is_there(
    scene: SetScene, times: Times
) -> None:
    villa = scene("smsvilla")
    rental = villa.requested(wanted_number="+12025550123")
    with Held(villa).answering(rental):
        outcomes._refuse(rental, now=times.now(), cause=Cause.PROVIDER_REFUSED, note="")
        admin = villa.membership.user
        purge_rental(rental=rental, number=True, reason="Asked", actor=admin, now=times.now())
        rental.refresh_from_db()
        assert rental.number_purged_at
    rental.refresh_from_db()
    assert rental.phone_raw
    assert rental.number_purged_at is None


def test_a_late_number_whose_worker_died_is_found_by_the_sweep(each: Scene, times: Times) -> None:
    rental, sent_at = each.claimed()
    call = sending.rent_call(rental)
    reply = gateway.transmit(gateway.open_door(rental.account), call)
    outcomes._refuse(rental, now=times.now(), cause=Cause.PROVIDER_REFUSED, note="")
    keep(rental, call, reply, asked_at=sent_at, now=times.now())
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    books.assert_agrees(rental)


def test_the_day_is_the_team_s_own_when_it_was_asked_for(each: Scene, times: Times) -> None:
    team = each.membership.team
    team.time_zone = "Pacific/Kiritimati"  # fourteen hours ahead
    team.save()
    rental = each.requested()
    assert rental.day == (times.now() + timedelta(hours=14)).astimezone(UTC).date()
    team.time_zone = "UTC"
    team.save()
    assert Rental.objects.get(pk=rental.pk).day == rental.day
    assert {line.day for line in books.lines(rental)} == {rental.day}


def test_nothing_is_rented_in_a_closed_month(each: Scene, times: Times) -> None:
    each.requested()
    now: datetime = times.now()
    ClosedMonth.objects.create(
        wallet=each.account,
        month=now.date().replace(day=1),
        closed_at=now,
        closed_by=each.membership.user,
        totals={},
    )
    with pytest.raises(RentalNotAllowed, match="closed"):
        each.requested()
    assert Rental.objects.filter(account=each.account).count() == 1
    books.assert_proved(each.account)


# --- what is claimed back


def cancelled(scene: Scene, *, after: float = 0) -> Rental:
    rental = scene.rented()
    scene.times.move(after)
    cancel_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    return scene.control(rental)


def test_a_cancel_claims_its_refund(scene: SetScene) -> None:
    for provider, state in (("smsgig", RefundState.EXPECTED), ("smsvilla", RefundState.QUEUED)):
        it = scene(provider)
        rental = cancelled(it, after=it.offer.ttl / 4)
        assert rental.state == S.CANCELLED
        refund = books.claim(rental)
        assert refund is not None
        assert (refund.cause, refund.state) == (RefundCause.CANCELLED, state)
        assert (refund.charged, refund.external_id) == (rental.charged, rental.activation_id)
        assert refund.age == pytest.approx(0.25, abs=0.02)
        assert (refund.day, refund.claimed_at) == (rental.day, rental.cancel_sent_at)
        books.assert_agrees(rental)  # its money is booked when it is seen


def test_a_cancel_without_a_clear_answer_is_claimed_but_not_queued(scene: SetScene) -> None:
    villa = scene("smsvilla")
    villa.fault("error", endpoint="cancel", status=500, done=True, times=1)
    rental = cancelled(villa)
    villa.times.move(5)
    rental = villa.control(rental)
    assert rental.state == S.CANCELLED
    refund = books.claim(rental)
    assert refund is not None and refund.state == RefundState.EXPECTED


def test_what_ends_by_itself_claims_nothing(each: Scene, times: Times) -> None:
    rental = each.rented()
    Rental.objects.filter(pk=rental.pk).update(auto_cancel=False)
    times.move(each.offer.ttl + 120)
    each.poll(rental)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.EXPIRED
    assert books.claim(rental) is None


def test_a_cancel_that_came_too_late_claims_nothing(each: Scene) -> None:
    rental = each.rented()
    each.sms(rental)
    cancel_rental(rental=rental, actor=each.membership.user, now=each.times.now())
    rental = each.control(rental)
    assert rental.state == S.RECEIVED
    assert books.claim(rental) is None


def test_an_sms_for_a_cancelled_rental_is_kept_and_told(scene: SetScene) -> None:
    gig = scene("smsgig")
    rental = cancelled(gig)
    for code in ("482913", "771204"):
        gig.hook(gig.sms(rental, code=code, force=True))
    rental.refresh_from_db()
    assert rental.state == S.CANCELLED
    assert rental.messages.count() == 2
    assert books.notices(rental) == [ExceptionKind.SMS_AFTER_CANCEL]
