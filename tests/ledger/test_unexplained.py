"""What a balance can't explain stands before a person, and what explains itself later is booked.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

from collections.abc import Callable
from decimal import Decimal

import pytest

from ledger.models import ReconciliationException, Refund
from ledger.operations import findings
from ledger.operations.balance import drifts
from ledger.states import (
    AccountKind,
    Evidence,
    ExceptionKind,
    ExceptionState,
    FindingKind,
    RefundState,
    Resolution,
)
from rentals.models import Rental
from rentals.states import RentalState
from tests.factories import make_user
from tests.ledger.watching import MINUTE, Watch, outside
from tests.rentals import books
from tests.rentals.scene import swept

LISTENED = 160  # seconds after which no answer to a rent can come any more


@pytest.mark.parametrize(
    ("move", "amount"),
    [
        (lambda w: w.scene.sandbox.top_up(w.scene.wallet_id, "1234.5"), Decimal("1234.5")),
        (lambda w: outside(w), Decimal(-500)),
    ],
)
def test_a_change_of_either_sign_stands_before_a_person_once(
    villa: Watch, move: Callable[[Watch], object], amount: Decimal
) -> None:
    move(villa)
    assert villa.read(MINUTE).drift == amount
    assert villa.exceptions() == []
    villa.read(10)
    assert villa.exceptions() == []
    snapshot = villa.read(15)
    assert snapshot.explained == amount
    assert villa.exceptions() == [amount]
    assert villa.net(AccountKind.SUSPENSE) == -amount
    for _ in range(3):
        assert villa.read(MINUTE).drift == 0
    assert villa.exceptions() == [amount]
    assert villa.drift == 0


def test_a_refund_beside_a_deposit_is_told_apart_by_when_they_came(villa: Watch) -> None:
    rental = villa.cancelled()
    villa.read()
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 10_000)
    first = villa.read(5)
    assert (first.drift, first.explained) == (10_000, 0)
    villa.read(MINUTE)
    assert villa.refund(rental).state == RefundState.RECEIVED
    for _ in range(22):
        villa.read(MINUTE)
    assert villa.exceptions() == [10_000]
    assert villa.drift == 0


def test_a_change_while_something_is_under_way_is_not_judged(villa: Watch) -> None:
    rental, _ = villa.scene.claimed()
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 77)
    for _ in range(3):
        assert not villa.read(9).quiet
    assert villa.exceptions() == []
    assert rental.state == RentalState.REQUESTED


def test_another_price_than_the_catalogue_said_is_corrected_when_it_says_so(villa: Watch) -> None:
    villa.read(MINUTE)
    villa.price(650, told=False)
    rental = villa.scene.rented()
    assert rental.charged == 500
    first = villa.read(MINUTE)
    assert (first.drift, first.explained) == (-150, 0)
    villa.read(MINUTE)
    assert villa.exceptions() == []
    villa.read_catalogue()
    villa.read(MINUTE)
    assert villa.booked() == [f"price:rental:{rental.pk}"]
    assert villa.drift == 0
    assert books.charged(rental) == 650
    assert villa.exceptions(ExceptionKind.AMOUNT_DIFFERS) == [0]


def test_an_outside_purchase_is_not_taken_for_a_price(villa: Watch) -> None:
    villa.scene.rented()
    villa.read(MINUTE)
    outside(villa)
    villa.read(MINUTE)
    villa.read(MINUTE)
    assert villa.exceptions() == [-500]
    assert villa.booked() == []


def test_a_price_is_known_once_the_balance_agreed(villa: Watch) -> None:
    villa.scene.rented()
    villa.read(MINUTE)
    villa.price(650)
    villa.scene.sandbox.wallets.charge(
        villa.scene.wallet_id, 150_000, description="x", activation_id=None
    )
    villa.read(MINUTE)
    villa.read(MINUTE)
    assert villa.booked() == []
    assert villa.exceptions() == [-150]


def test_a_change_that_is_explained_by_what_is_left_is_booked_and_closed(villa: Watch) -> None:
    """Of two that could have been it, one turned out to be something else."""
    villa.scene.fault("no-refund", times=1)
    never, paid = villa.cancelled(600), villa.cancelled(500)
    for _ in range(17):
        villa.read(MINUTE)
    assert villa.exceptions() == [500]
    Refund.objects.filter(pk=villa.refund(never).pk).update(state=RefundState.WRITTEN_OFF)
    villa.read(MINUTE)
    assert villa.exceptions() == []
    assert villa.refund(paid).state == RefundState.RECEIVED
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    assert (exception.resolution, exception.resolved_by) == (Resolution.REFUND, None)
    assert villa.net(AccountKind.SUSPENSE) == 0
    assert villa.drift == 0


def test_one_that_a_person_has_taken_is_left_to_them(villa: Watch) -> None:
    villa.scene.fault("no-refund", times=1)
    never, paid = villa.cancelled(600), villa.cancelled(500)
    for _ in range(17):
        villa.read(MINUTE)
    ReconciliationException.objects.filter(wallet=villa.account).update(
        state=ExceptionState.ASSIGNED, assigned_to=make_user()
    )
    Refund.objects.filter(pk=villa.refund(never).pk).update(state=RefundState.WRITTEN_OFF)
    villa.read(MINUTE)
    assert villa.exceptions() == [500]
    assert villa.refund(paid).received == 0
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    ((only,),) = drifts.explanations(exception, now=villa.scene.times.now())
    assert (only[0].reference, only[1]) == (f"rental:{paid.pk}", 500)


def test_a_charge_that_is_booked_after_it_stood_before_a_person_is_not_taken_for_a_refund(
    villa: Watch,
) -> None:
    """Decided as not charged, seen as less money, decided as charged: the money comes back to
    the book, and that is no refund."""
    rental = villa.doubtful(charged=True)
    decide(villa, rental, FindingKind.NOT_CHARGED)
    villa.read(LISTENED)
    villa.read(MINUTE)
    assert villa.exceptions() == [-500]
    decide(villa, rental, FindingKind.CHARGED)
    villa.read(MINUTE)
    claim = villa.refund(rental)
    assert (villa.read(MINUTE).drift, villa.drift, claim.received) == (500, 500, 0)
    assert villa.exceptions() == [-500]
    Refund.objects.filter(pk=claim.pk).update(state=RefundState.WRITTEN_OFF)
    villa.read(MINUTE)
    assert villa.exceptions() == []
    assert (villa.drift, villa.net(AccountKind.SUSPENSE)) == (0, 0)
    books.assert_proved(villa.account)


def decide(watched: Watch, rental: Rental, kind: FindingKind) -> None:
    findings.find(
        wallet=watched.account,
        reference=f"rental:{rental.pk}",
        kind=kind,
        evidence=Evidence.PERSON,
        amount=rental.price if kind == FindingKind.CHARGED else None,
        occurred_at=rental.sent_at,
        now=watched.scene.times.now(),
    )
    swept(watched.scene.times)
