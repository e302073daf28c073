"""What is proved about a doubt ends it: once, with its money, whoever dies in between."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest

from ledger.models import Finding
from ledger.operations import findings as ledger_findings
from ledger.operations import refunds
from ledger.states import Evidence, ExceptionKind, FindingKind, RefundCause, RefundState
from rentals import money
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations import adopting, cancel_rental, findings, outcomes
from rentals.states import RentalState as S
from sandbox.books import records
from tests.rentals import books
from tests.rentals.checks import NOTHING, Held
from tests.rentals.scene import Scene, codes, states, swept
from tests.rentals.times import Times


def in_doubt(scene: Scene, *, charged: bool = True) -> Rental:
    scene.fault("cut", endpoint="rent", times=1, done=charged)
    rental = scene.rented()
    assert rental.state == S.IN_DOUBT
    return rental


def found(
    scene: Scene,
    rental: Rental,
    kind: FindingKind = FindingKind.CHARGED,
    *,
    amount: Decimal | None = None,
) -> Finding:
    was_charged = kind == FindingKind.CHARGED
    return ledger_findings.find(
        wallet=scene.account,
        reference=f"rental:{rental.pk}",
        kind=kind,
        evidence=Evidence.STATEMENT,
        amount=(amount or rental.price) if was_charged else None,
        occurred_at=rental.sent_at if was_charged else None,
        note="Row 1021 of the statement.",
        now=scene.times.now(),
    )


def test_a_proved_charge_is_booked_and_asked_back(each: Scene, times: Times) -> None:
    rental = in_doubt(each)
    finding = found(each, rental)
    swept(times)
    rental.refresh_from_db()
    finding.refresh_from_db()
    assert rental.state == S.LOST
    assert books.charged(rental) == rental.charged == each.spent
    assert books.lines(rental)[-1].occurred_at == rental.sent_at
    assert (finding.consumed, books.claimed(rental)) == ("applied", RefundCause.LOST)
    event = rental.events.get(to_state=S.LOST)
    assert (event.cause, event.note) == (Cause.CHARGE_PROVED, "Row 1021 of the statement.")
    books.assert_agrees(rental)
    books.assert_proved(each.account)


def test_a_charge_proved_above_the_hold_is_told(each: Scene, times: Times) -> None:
    rental = in_doubt(each)
    found(each, rental, amount=rental.price + 1)
    swept(times)
    rental.refresh_from_db()
    assert books.charged(rental) == rental.charged == rental.price + 1
    assert books.notices(rental) == [ExceptionKind.ABOVE_HOLD]
    books.assert_proved(each.account)


def test_what_is_proved_not_to_be_charged_is_released(each: Scene, times: Times) -> None:
    rental = in_doubt(each, charged=False)
    finding = found(each, rental, FindingKind.NOT_CHARGED)
    swept(times)
    rental.refresh_from_db()
    finding.refresh_from_db()
    assert rental.state == S.REFUSED
    assert rental.events.get(to_state=S.REFUSED).cause == Cause.NO_CHARGE_PROVED
    assert (books.held(rental), books.charged(rental)) == (NOTHING, NOTHING)
    assert (finding.consumed, books.claim(rental)) == ("applied", None)
    books.assert_proved(each.account)


def test_a_finding_that_a_number_overtook_books_nothing(each: Scene, times: Times) -> None:
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(31)
        swept(times)
        finding = found(each, rental)
    swept(times)
    rental.refresh_from_db()
    finding.refresh_from_db()
    assert (rental.state, finding.consumed) == (S.WAITING, "too_late")
    assert books.charged(rental) == each.spent
    assert books.claim(rental) is None
    assert len(books.lines(rental)) == 2


def test_a_finding_about_a_rental_that_is_being_answered_waits(each: Scene, times: Times) -> None:
    rental, _ = each.claimed()
    finding = found(each, rental)
    swept(times)
    rental.refresh_from_db()
    finding.refresh_from_db()
    assert (rental.state, finding.consumed_at) == (S.REQUESTED, None)
    times.move(31)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.LOST


def test_a_refusal_that_is_proved_to_be_charged_is_booked(each: Scene, times: Times) -> None:
    """A wrong "not charged" is no way to lose sight of a cent."""
    rental = in_doubt(each)
    found(each, rental, FindingKind.NOT_CHARGED)
    swept(times)
    found(each, rental)
    swept(times)
    rental.refresh_from_db()
    assert states(rental)[-2:] == [S.REFUSED, S.LOST]
    assert books.charged(rental) == each.spent
    assert books.lines(rental)[-1].flagged
    assert books.claimed(rental) == RefundCause.LOST
    books.assert_proved(each.account)


@pytest.mark.parametrize("kind", list(FindingKind))
def test_nothing_ends_what_is_lost_but_its_number(
    each: Scene, times: Times, kind: FindingKind
) -> None:
    rental = in_doubt(each)
    found(each, rental)
    swept(times)
    late = found(each, rental, kind)
    swept(times)
    rental.refresh_from_db()
    late.refresh_from_db()
    assert (rental.state, late.consumed) == (S.LOST, "too_late")
    assert books.charged(rental) == each.spent


def test_a_finding_about_no_rental_of_the_wallet_is_put_away(each: Scene, times: Times) -> None:
    rental = in_doubt(each)
    other = ledger_findings.find(
        wallet=each.account,
        reference="rental:999999999",
        kind=FindingKind.NOT_CHARGED,
        evidence=Evidence.BALANCE,
        now=times.now(),
    )
    swept(times)
    other.refresh_from_db()
    rental.refresh_from_db()
    assert (other.consumed, rental.state) == ("too_late", S.IN_DOUBT)


class Died(BaseException):
    """A worker, by kill -9."""


@pytest.mark.parametrize("step", ["book_charge", "claim_lost"])
def test_whoever_dies_in_the_middle_leaves_all_of_it_undone(
    each: Scene, times: Times, step: str
) -> None:
    rental = in_doubt(each)
    finding = found(each, rental)
    with patch.object(money, step, side_effect=Died), pytest.raises(Died):
        findings.consume(finding.pk, now=times.now())
    rental.refresh_from_db()
    finding.refresh_from_db()
    assert (rental.state, finding.consumed_at) == (S.IN_DOUBT, None)
    assert (books.held(rental), books.claim(rental)) == (rental.price, None)
    for _ in range(2):
        swept(times)
        assert not findings.consume(finding.pk, now=times.now())
    rental.refresh_from_db()
    assert states(rental).count(S.LOST) == 1
    books.assert_agrees(rental)
    books.assert_proved(each.account)


# --- a number that turns up after all


def lost(scene: Scene) -> tuple[Rental, records.Activation]:
    rental = in_doubt(scene)
    found(scene, rental)
    swept(scene.times)
    rental.refresh_from_db()
    assert rental.state == S.LOST
    return rental, scene.activations()[0]


def test_the_late_answer_of_a_lost_rental_counts(each: Scene, times: Times) -> None:
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(31)
        swept(times)
        found(each, rental)
        swept(times)
        rental.refresh_from_db()
        assert rental.state == S.LOST
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert books.charged(rental) == rental.charged == each.spent
    assert books.claimed(rental) is None
    withdrawn = books.claim(rental)
    assert withdrawn is not None
    assert (withdrawn.state, withdrawn.expected_max) == (RefundState.WRITTEN_OFF, NOTHING)
    assert "number" in withdrawn.reason
    assert books.notices(rental) == []


def test_what_a_late_answer_names_is_not_charged_again(each: Scene, times: Times) -> None:
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(31)
        swept(times)
        found(each, rental, amount=Decimal("0.01"))
        swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert books.charged(rental) == rental.charged == Decimal("0.01")
    quotes = each.provider == "smsgig"
    assert books.notices(rental) == ([ExceptionKind.AMOUNT_DIFFERS] if quotes else [])


def test_a_webhook_finds_the_number_of_a_lost_rental(each: Scene, times: Times) -> None:
    rental, activation = lost(each)
    (sent,) = each.sandbox.send_sms(each.provider, activation.id, code="482913")
    entry = each.hook(each.parcel(sent))
    times.move(11)
    assert ("rentals.adopt", entry.pk) in swept(times)
    assert adopting.adopt(entry.pk)
    rental.refresh_from_db()
    each.poll(rental)
    assert rental.state == S.RECEIVED
    assert codes(rental) == ["482913"]
    assert books.charged(rental) == each.spent
    assert books.claimed(rental) is None
    books.assert_proved(each.account)


def test_a_lost_rental_and_a_doubt_can_both_be_meant(each: Scene, times: Times) -> None:
    rental, activation = lost(each)
    doubt = in_doubt(each)
    (sent,) = each.sandbox.send_sms(each.provider, activation.id, code="482913")
    entry = each.hook(each.parcel(sent))
    times.move(11)
    swept(times)
    assert not adopting.adopt(entry.pk)
    for each_rental, state in ((rental, S.LOST), (doubt, S.IN_DOUBT)):
        each_rental.refresh_from_db()
        assert each_rental.state == state


def test_a_refusal_is_no_candidate_for_a_webhook(each: Scene, times: Times) -> None:
    rental = in_doubt(each, charged=False)
    found(each, rental, FindingKind.NOT_CHARGED)
    swept(times)
    outside = each.sandbox.buy_outside(each.wallet_id, service_code=rental.service_code)
    (sent,) = each.sandbox.send_sms(each.provider, outside.id)
    entry = each.hook(each.parcel(sent))
    times.move(11)
    assert ("rentals.adopt", entry.pk) not in swept(times)
    rental.refresh_from_db()
    assert rental.state == S.REFUSED


def test_a_number_that_turned_up_is_cancelled_and_claimed_anew(each: Scene, times: Times) -> None:
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(31)
        swept(times)
        found(each, rental)
        swept(times)
    rental.refresh_from_db()
    cancel_rental(rental=rental, actor=each.membership.user, now=times.now())
    each.control(rental)
    assert rental.state == S.CANCELLED
    refund = books.claim(rental)
    assert refund is not None
    assert (books.claimed(rental), refund.reason) == (RefundCause.CANCELLED, "")
    assert (refund.charged, refund.external_id) == (rental.charged, rental.activation_id)


def test_what_came_back_for_a_lost_rental_stays_a_refund(each: Scene, times: Times) -> None:
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(31)
        swept(times)
        found(each, rental)
        swept(times)
        refund = books.claim(rental)
        assert refund is not None
        key = f"row:{refund.pk}:refund"
        refunds.land(refund, refund.charged, key=key, occurred_at=times.now(), now=times.now())
    rental.refresh_from_db()
    refund.refresh_from_db()
    assert rental.state == S.WAITING
    assert refund.state == RefundState.RECEIVED
    assert books.charged(rental) == NOTHING


# --- two rents answered with the same activation


def test_an_answer_that_another_rental_contradicts_is_read_seldom(
    each: Scene, times: Times
) -> None:
    first = each.rented()
    rental, sent_at = each.claimed()
    answer = first.answers.get(call="rent")
    rental.answers.create(
        call="rent",
        asked_at=sent_at,
        answered_at=sent_at,
        reply=answer.reply,
        verdict=answer.verdict,
    )
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    put_off = rental.control_at
    assert put_off is not None and put_off - times.now() > timedelta(minutes=50)
    times.move(60)
    swept(times)
    rental.refresh_from_db()
    assert rental.control_at == put_off
    times.move(outcomes.CLASH_PAUSE.total_seconds())
    swept(times)
    rental.refresh_from_db()
    assert rental.control_at is not None and rental.control_at > put_off
    assert (rental.state, books.held(rental)) == (S.IN_DOUBT, rental.price)
    assert states(rental).count(S.IN_DOUBT) == 1
