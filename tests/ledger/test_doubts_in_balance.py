"""A balance proves a charge in doubt, or that there was none, and nothing that may be otherwise.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

import pytest

from ledger.operations.balance import snapshots
from ledger.states import (
    AWAITED,
    ExceptionKind,
    ExceptionState,
    FindingKind,
    RefundState,
)
from rentals.models import Rental
from rentals.operations.deciding import decide_doubt
from rentals.states import RentalState
from tests.ledger.watching import MINUTE, Watch

LISTENED = 160  # seconds after which no answer to a rent can come any more


def test_a_charge_in_doubt_is_proved_by_the_balance(villa: Watch) -> None:
    rental = villa.doubtful(charged=True)
    early = villa.read(30)
    assert (early.drift, early.quiet, early.explained) == (-500, False, 0)
    assert villa.findings(rental) == []
    villa.read(LISTENED)
    assert villa.findings(rental) == [FindingKind.CHARGED]
    rental.refresh_from_db()
    assert rental.state == RentalState.LOST
    assert villa.drift == 0
    assert villa.refund(rental).expected_min == 500
    assert villa.read(MINUTE).drift == 0


def test_a_doubt_without_a_charge_is_released_after_five_minutes(villa: Watch) -> None:
    rental = villa.doubtful(charged=False)
    villa.read(LISTENED)
    assert villa.findings(rental) == []
    villa.read(2 * MINUTE)
    assert villa.findings(rental) == []
    villa.read(MINUTE)
    assert villa.findings(rental) == [FindingKind.NOT_CHARGED]
    rental.refresh_from_db()
    assert rental.state == RentalState.REFUSED
    assert (villa.book.held, villa.drift) == (0, 0)


def test_what_may_have_been_charged_and_given_back_unseen_is_not_released(villa: Watch) -> None:
    rental = villa.doubtful(charged=False)
    villa.read(rental.ttl)
    assert villa.findings(rental) == []
    villa.read(60 * MINUTE)
    assert villa.findings(rental) == []
    rental.refresh_from_db()
    assert rental.state == RentalState.IN_DOUBT


def test_a_charge_hidden_behind_a_refund_proves_nothing(villa: Watch) -> None:
    """Both happened: the balance looks as if nothing had."""
    cancelled = villa.cancelled()
    doubtful = villa.doubtful(charged=True)
    snapshot = villa.read(6 * MINUTE)
    assert (snapshot.drift, snapshot.explained) == (0, 0)
    assert villa.findings(doubtful) == []
    assert villa.refund(cancelled).state == RefundState.QUEUED
    assert villa.booked() == []
    assert villa.exceptions() == []


def test_a_doubt_that_no_balance_can_decide_is_put_in_front_of_a_person_once(
    villa: Watch,
) -> None:
    """A charge and another rental's refund came between two readings."""
    cancelled = villa.cancelled()
    doubtful = villa.doubtful(charged=True)
    villa.read(doubtful.ttl)
    assert villa.exceptions() == []
    for _ in range(2):
        villa.read(16 * MINUTE)
        (told,) = villa.account.exceptions.all()
        assert (told.state, told.amount) == (ExceptionState.OPEN, 0)
        assert (told.kind, told.reference) == (ExceptionKind.DRIFT, f"rental:{doubtful.pk}")
        assert told.title == "Rental in doubt that no balance can decide"
        assert told.detail.endswith(f" may hide it: rental:{cancelled.pk}.")
    doubtful.refresh_from_db()
    decide_doubt(
        rental=doubtful,
        outcome=FindingKind.CHARGED,
        amount=doubtful.price,
        reason="The provider says so",
        actor=villa.scene.membership.user,
        now=villa.scene.times.now(),
    )
    for _ in range(3):
        villa.read(16 * MINUTE)
    told.refresh_from_db()
    assert (told.state, told.resolved_by) == (ExceptionState.RESOLVED, None)
    # What came back is the one's or the other's: that is told as what it is.
    assert villa.exceptions() == [500]
    assert {villa.refund(each).state in AWAITED for each in (cancelled, doubtful)} == {True}
    assert villa.drift == 0


def told_of(villa: Watch) -> set[str]:
    found = villa.account.exceptions.filter(state=ExceptionState.OPEN, amount=0)
    return set(found.values_list("reference", flat=True))


@pytest.mark.parametrize("hindrance", ["no rest", "no answer", "a part"])
def test_two_equal_doubts_beside_a_refund_are_told_of_soon_after_their_end(
    villa: Watch, hindrance: str
) -> None:
    villa.scene.fault("short-refund", percent=37)
    villa.cancelled()
    doubts = [villa.doubtful(charged=True), villa.doubtful(charged=False)]
    if hindrance == "no rest":  # a cancel of which nobody knows what became
        busy = villa.scene.rented()
        Rental.objects.filter(pk=busy.pk).update(
            state=RentalState.CANCELLING, cancel_sent_at=villa.scene.times.now()
        )
    villa.read(doubts[1].ttl - MINUTE)
    assert told_of(villa) == set()
    villa.scene.times.move(7 * MINUTE)
    if hindrance == "no answer":
        villa.scene.fault("error", endpoint="balance")
    snapshots.read_and_explain(villa.account, now=villa.scene.times.now())
    assert told_of(villa) == {f"rental:{each.pk}" for each in doubts}


def test_of_two_equal_doubts_one_charge_proves_the_older_and_releases_the_other(
    villa: Watch,
) -> None:
    older = villa.doubtful(charged=False)
    villa.scene.times.move(5)
    newer = villa.doubtful(charged=True)
    villa.read(6 * MINUTE)
    assert villa.findings(older) == [FindingKind.CHARGED]
    assert villa.findings(newer) == [FindingKind.NOT_CHARGED]
    assert villa.read(MINUTE).drift == 0


def test_a_doubt_is_not_released_while_an_unexplained_change_may_hide_its_charge(
    villa: Watch,
) -> None:
    doubtful = villa.doubtful(charged=True)
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 9_999)
    for _ in range(8):
        villa.read(MINUTE)
    assert villa.exceptions() == [9_499]
    assert villa.drift == 0
    assert villa.findings(doubtful) == []
