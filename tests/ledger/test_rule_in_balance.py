"""What refunds follow is learned from what came, and unlearned by what goes against it.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal

from ledger.operations import refunds
from ledger.operations.balance import refund_rules
from ledger.states import (
    ExceptionKind,
    RefundState,
)
from tests.ledger.watching import MINUTE, Watch, refunded


def test_full_refunds_are_learned_and_what_is_awaited_expects_one_amount(villa: Watch) -> None:
    refunded(villa, [20, 60, 120, 150])
    villa.scene.fault("no-refund", times=1)
    waiting = villa.cancelled(450)
    fifth = villa.cancelled(500)
    villa.read(MINUTE)
    assert (villa.refund(fifth).received, villa.refund(waiting).expected_min) == (0, 0)
    now = villa.scene.times.now()
    refunds.land(villa.refund(fifth), Decimal(500), key="person", occurred_at=now, now=now)
    assert villa.read(MINUTE).drift == 0
    awaited = villa.refund(waiting)
    assert (awaited.expected_min, awaited.expected_max) == (450, 450)
    fresh = villa.refund(villa.cancelled(480))
    assert (fresh.expected_min, fresh.expected_max) == (480, 480)


def test_a_refund_that_disagrees_is_booked_as_short_and_unlearns_the_rule(villa: Watch) -> None:
    refunded(villa, [20, 60, 120, 150, 200])
    assert refund_rules.learned_rule(villa.account) is not None
    villa.scene.fault("short-refund", percent=40, times=1)
    (short,) = refunded(villa, [100])
    assert (short.state, short.received) == (RefundState.SHORT_PAID, 200)
    assert villa.exceptions(ExceptionKind.SHORT_REFUND) == [0]
    assert refund_rules.learned_rule(villa.account) is None
    again = villa.refund(villa.cancelled())
    assert (again.expected_min, again.expected_max) == (0, 500)


def test_unused_time_is_learned_from_what_came(villa: Watch) -> None:
    villa.scene.fault("pro-rata-refund")
    refunded(villa, [20, 80, 150, 200, 260])
    rental = villa.rented()
    villa.scene.times.move(120)
    refund = villa.refund(villa.cancel(rental))
    assert 0 < refund.expected_min <= refund.expected_max < 500
    villa.read(MINUTE)
    refund.refresh_from_db()
    assert refund.state == RefundState.RECEIVED
    assert refund.expected_min <= refund.received <= refund.expected_max
