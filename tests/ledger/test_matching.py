"""Rows of a statement and what they are, over a real sandbox."""

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from ledger.models import Refund, StatementRow, Transfer
from ledger.operations.statement import matches
from ledger.operations.statement.matching import match_wallet
from ledger.operations.statement.rows import keep_new, reading
from ledger.states import (
    ExceptionKind,
    MatchPass,
    RefundState,
    Resolution,
)
from providers.values import Transaction
from rentals.states import RentalState
from tests.ledger.statements import (
    acted_on,
    cancelled,
    check,
    in_doubt,
    kinds,
    live,
    lived,
    passes,
    reconciled,
    rows,
    snapshot_of,
    truth,
    unresolved,
    with_book,
    wrong,
)
from tests.rentals.scene import Scene, SetScene


def test_a_rental_and_its_refund_are_matched(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    kept, given_up = at.rented(), at.rented()
    cancelled(at, given_up)
    run = reconciled(at)
    assert (run.step, run.problem, run.complete) == ("done", "", True)
    assert (run.matched, run.opened) == (3, 0)
    claim = Refund.objects.get(wallet=at.account)
    assert (claim.state, claim.received) == (RefundState.RECEIVED, claim.charged)
    assert claim.external_id == given_up.activation_id != kept.activation_id
    check(at)
    before = snapshot_of(at)
    assert reconciled(at).matched == 0
    assert snapshot_of(at) == before


def test_what_somebody_else_did_stands_before_a_person(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.rented()
    at.times.move(1200)
    at.sandbox.buy_outside(at.wallet_id, service_code="telegram")
    at.sandbox.top_up(at.wallet_id, 10)
    run = reconciled(at)
    assert (run.matched, run.opened) == (2, 1)
    (exception,) = unresolved(at)
    assert exception.kind == ExceptionKind.OUTSIDE_PURCHASE
    assert exception.amount < 0 and exception.row is not None
    check(at)


@pytest.mark.parametrize("number", ["activation", "rental", "none"])
def test_whatever_the_numbers_are_no_match_is_wrong(scene: SetScene, number: str) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    lived(at, 12)
    reconciled(at)
    assert wrong(at) == []
    assert kinds(at) == []
    before = len(live(at))
    for _ in range(3):  # and from now on with what was learned
        at.rented()
        at.sandbox.buy_outside(at.wallet_id)
        at.times.move(60)
    reconciled(at)
    assert len(live(at)) == before + (3 if number == "activation" else 0)
    assert wrong(at) == []
    check(at)


def test_numbers_are_trusted_after_ten_that_agree_and_not_before(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number="activation")
    lived(at, 9)
    reconciled(at)
    assert passes(at) == {MatchPass.UNIQUE}
    lived(at, 6)
    reconciled(at)
    at.rented()
    reconciled(at)
    assert passes(at) == {MatchPass.UNIQUE, MatchPass.REFERENCE}
    assert wrong(at) == []


def test_numbers_that_are_other_rentals_activations_are_seen_through(scene: SetScene) -> None:
    """The provider counts its rentals by itself, in the range of the activations."""
    at = with_book(scene("smsgig"))
    made = lived(at, 14)
    ours = [int(rental.activation_id) for rental in made]
    shifted = ours[1:] + ours[:1]  # each row names the next rental's activation
    whose = dict(zip(map(str, ours), map(str, shifted), strict=True))
    for number, entry in enumerate(at.sandbox.wallets.entries(at.wallet_id)):
        if entry.activation_id is not None:
            said = f"{entry.description.split('#')[0]}#{whose[str(entry.activation_id)]}"
            at.sandbox.store.run("UPDATE entry SET description = ? WHERE id = ?", said, entry.id)
        assert number < 100
    reconciled(at)
    assert wrong(at) == []
    assert kinds(at) == []
    assert MatchPass.REFERENCE not in passes(at)
    check(at)


def test_one_row_too_many_is_left_to_a_person_and_the_book_is_right(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    rental = at.rented()
    at.sandbox.buy_outside(at.wallet_id)
    run = reconciled(at)
    assert (run.matched, run.opened) == (0, 2)
    assert sorted(each.amount for each in unresolved(at)) == [-Decimal("0.58"), 0]
    check(at)
    ours = next(row for row in rows(at) if truth(at)[row.provider_id] == rental.activation_id)
    bought = Transfer.objects.get(key=f"rental:{rental.pk}:charge")
    matches.match_row(
        row=ours,
        transfer=bought,
        actor=at.membership.user,
        reason="The dashboard says so.",
        now=timezone.now(),
    )
    reconciled(at)
    (left,) = unresolved(at)
    assert left.row != ours and left.amount == -Decimal("0.58")
    check(at)


def test_one_row_too_many_in_a_crowd_leaves_the_others_matched(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    lived(at, 12, apart=40)
    doubt = in_doubt(at, charged=True)
    at.times.move(20)
    at.sandbox.buy_outside(at.wallet_id)
    at.times.move(20)
    lived(at, 12, apart=40)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == RentalState.LOST
    reconciled(at)
    assert wrong(at) == [] and passes(at) == {MatchPass.UNIQUE}
    assert len(live(at)) == 24 + 12 + 1  # and the doubt's
    assert kinds(at) == [ExceptionKind.OUTSIDE_PURCHASE]
    check(at)


def test_the_order_in_which_rows_come_makes_no_difference(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    for _ in range(4):
        cancelled(at, at.rented())
        at.rented()
        at.times.move(90)
    at.sandbox.buy_outside(at.wallet_id)
    told = [
        Transaction(str(e.id), e.type, e.amount, e.description, _at(e.created))
        for e in at.sandbox.wallets.entries(at.wallet_id)
        if e.type != "deposit"
    ]
    outcomes = {_outcome(at, random.Random(seed).sample(told, len(told))) for seed in range(4)}  # noqa: S311
    assert len(outcomes) == 1


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, tz=UTC)


def _outcome(scene: Scene, told: list[Transaction]) -> frozenset[tuple[str, str, str]]:
    """Who is whose when rows are kept in this order; nothing of it stays."""
    with transaction.atomic():
        keep_new(scene.account, [reading(row) for row in told], before=False, now=timezone.now())
        match_wallet(scene.account, now=timezone.now())
        found = frozenset((row, t.reference, t.kind) for row, t in live(scene).items())
        left = frozenset(
            (e.row.provider_id, e.kind, str(e.amount)) for e in unresolved(scene) if e.row
        )
        transaction.set_rollback(True)
    assert not StatementRow.objects.filter(wallet=scene.account).exists()
    return found | left


def test_an_exception_closes_by_itself_when_its_booking_comes(scene: SetScene) -> None:
    """The row is seen before the rental's own answer was applied."""
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=True)
    reconciled(at)
    (waiting,) = unresolved(at)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    waiting.refresh_from_db()
    assert (waiting.resolution, waiting.resolved_by) == (Resolution.MATCHED, None)
    check(at)
