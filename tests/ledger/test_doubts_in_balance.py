"""A balance proves a charge in doubt, or that there was none, and nothing that may be otherwise.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

from ledger.states import (
    FindingKind,
    RefundState,
)
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
