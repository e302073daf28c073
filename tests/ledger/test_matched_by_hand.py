"""What a person says of a row, and what becomes of it."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from ledger.models import Match, Refund, Transfer
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.statement import matches
from ledger.states import (
    ExceptionKind,
    ExceptionState,
    RefundState,
)
from sandbox.money import to_mills
from tests.ledger.statements import (
    cancelled,
    check,
    kinds,
    live,
    posted,
    reconciled,
    snapshot_of,
    unresolved,
    with_book,
)
from tests.rentals.scene import Scene, SetScene


def differing(scene: Scene) -> Scene:
    """A charge of another amount than was answered: nobody knows whose row it is, and the balance
    differs by what was answered."""
    at = with_book(scene)
    at.fault("other-price", percent=80, times=1)
    at.rented()
    at.times.move(3600)
    read_often(at)
    assert kinds(at) == [ExceptionKind.DRIFT, ExceptionKind.OUTSIDE_PURCHASE]
    return at


def read_often(scene: Scene) -> None:
    for _ in range(3):
        reconciled(scene)
        scene.times.move(60)


def matched_by_hand(scene: Scene) -> None:
    """Say that the row is the rental's."""
    asked = next(each for each in unresolved(scene) if each.row is not None)
    assert asked.row is not None
    (charge,) = Transfer.objects.filter(wallet=scene.account, kind="purchase", phase="post")
    matches.match_row(
        row=asked.row,
        transfer=charge,
        actor=scene.membership.user,
        reason="Charged as listed",
        now=timezone.now(),
    )


def test_a_row_that_a_person_matches_leaves_no_balance_to_explain(scene: SetScene) -> None:
    at = differing(scene("smsgig"))
    matched_by_hand(at)
    read_often(at)
    assert kinds(at) == [ExceptionKind.AMOUNT_DIFFERS]
    check(at)
    closed = at.account.exceptions.get(kind=ExceptionKind.DRIFT)
    assert closed.reason.startswith("The row behind it was matched since")
    before = snapshot_of(at)
    read_often(at)
    assert snapshot_of(at) == before


def test_opposite_changes_of_the_balance_both_stay(scene: SetScene) -> None:
    """One without a match, then one whose statement does not add up to the balance."""
    at = differing(scene("smsgig"))
    drift = at.account.exceptions.get(kind=ExceptionKind.DRIFT)
    at.sandbox.store.run(
        "UPDATE wallet SET balance = balance - ? WHERE id = ?", to_mills(drift.amount), at.wallet_id
    )
    read_often(at)
    assert kinds(at).count(ExceptionKind.DRIFT) == 2
    check(at)
    matched_by_hand(at)
    read_often(at)
    assert kinds(at).count(ExceptionKind.DRIFT) == 3
    check(at)


def test_a_change_that_somebody_has_taken_is_not_closed_by_a_match(scene: SetScene) -> None:
    at = differing(scene("smsgig"))
    at.account.exceptions.filter(kind=ExceptionKind.DRIFT).update(
        state=ExceptionState.ASSIGNED, assigned_to=at.membership.user
    )
    matched_by_hand(at)
    read_often(at)
    assert kinds(at) == [ExceptionKind.AMOUNT_DIFFERS, ExceptionKind.DRIFT, ExceptionKind.DRIFT]
    check(at)


def test_a_match_is_taken_back_with_all_that_it_booked(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    cancelled(at, at.rented())
    reconciled(at)
    right = posted(at)
    refunded = Match.objects.get(row__wallet=at.account, row__kind="refund")
    person = at.membership.user
    with pytest.raises(NotPossible):
        matches.undo(match=refunded, actor=person, reason=" ", now=timezone.now())
    assert len(live(at)) == 2
    matches.undo(match=refunded, actor=person, reason="Not this one.", now=timezone.now())
    claim = Refund.objects.get(wallet=at.account)
    assert (claim.state, claim.received) == (RefundState.EXPECTED, Decimal(0))
    assert kinds(at) == [ExceptionKind.OUTSIDE_REFUND]
    check(at)
    with pytest.raises(Decided):
        matches.undo(match=refunded, actor=person, reason="Again.", now=timezone.now())
    reconciled(at)  # what a person took back is not done again by itself
    assert kinds(at) == [ExceptionKind.OUTSIDE_REFUND]
    best = matches.candidates(refunded.row)[0]
    assert best.refund == claim and best.why
    matches.match_row(
        row=refunded.row, refund=best.refund, actor=person, reason="It is.", now=timezone.now()
    )
    claim.refresh_from_db()
    assert (claim.state, claim.received) == (RefundState.RECEIVED, claim.charged)
    assert kinds(at) == []
    assert posted(at) == right
    check(at)
    words = AuditEvent.objects.filter(team=at.account.team).values_list("action", flat=True)
    assert {"ledger.matched", "ledger.match_undone"} <= set(words)
