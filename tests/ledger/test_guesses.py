"""What was guessed about rows while a wallet was new, and is looked at again."""

from decimal import Decimal

import pytest
from django.utils import timezone

from ledger.models import Match, Refund, Transfer
from ledger.operations.statement import matches
from ledger.states import (
    MatchPass,
    RefundState,
)
from rentals.models import Rental
from tests.ledger.statements import (
    cancelled,
    check,
    kinds,
    live,
    lived,
    passes,
    reconciled,
    snapshot_of,
    with_book,
    wrong,
)
from tests.rentals.scene import Scene, SetScene


def guessed(scene: Scene, *, late: int = 1_000_000) -> tuple[Rental, Rental]:
    """Two cancels soon after each other, and the refund of the first comes so many seconds `late`:
    before anything was learned, that of the second closes the claim of the first, as the oldest.
    The row of the second's purchase, which has the refund's number, is not listed so far."""
    first = scene.rented()
    scene.times.move(20)
    second = scene.rented()
    scene.fault("late-refund", seconds=late, times=1)
    cancelled(scene, first)
    scene.times.move(100)
    cancelled(scene, second)
    scene.times.move(300)
    scene.fault("row-gone", row=1, times=1)
    reconciled(scene)
    claim = Refund.objects.get(wallet=scene.account, state=RefundState.RECEIVED)
    assert claim.reference == f"rental:{first.pk}"
    assert wrong(scene) != []
    return first, second


def claims(scene: Scene, *rentals: Rental) -> list[tuple[str, Decimal]]:
    found = [Refund.objects.get(reference=f"rental:{rental.pk}") for rental in rentals]
    return [(claim.state, claim.received) for claim in found]


@pytest.mark.parametrize(("number", "delay"), [("none", 0), ("activation", 200), ("rental", 200)])
def test_a_guess_that_is_contradicted_later_is_put_right(
    scene: SetScene, number: str, delay: int
) -> None:
    """By the time in which refunds come, or where that tells nothing, by what numbers mean."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    if delay:
        at.fault("late-refund", seconds=delay)
    first, second = guessed(at)
    guess = Match.objects.get(row__wallet=at.account, row__kind="refund")
    at.times.move(700)
    for _ in range(12):
        cancelled(at, at.rented())
        at.times.move(delay + 10)
        at.times.move(700)
    reconciled(at)
    assert wrong(at) == []
    owed = Decimal("0.58")
    assert claims(at, first, second) == [
        (RefundState.EXPECTED, Decimal(0)),
        (RefundState.RECEIVED, owed),
    ]
    guess.refresh_from_db()
    assert guess.undone_at is not None and guess.undone_by is None
    back = Transfer.objects.get(key=f"match:{guess.pk}:undone")
    assert (back.amount, back.reference) == (owed, f"rental:{first.pk}")
    again = Match.objects.get(row=guess.row, undone_at__isnull=True)
    assert again.by_pass in (MatchPass.UNIQUE, MatchPass.REFERENCE)
    assert again.transfer.reference == f"rental:{second.pk}"
    assert kinds(at) == []
    check(at)
    before = snapshot_of(at)
    assert reconciled(at).matched == 0
    assert snapshot_of(at) == before


def test_a_row_that_made_room_for_a_better_one_is_matched_anew(scene: SetScene) -> None:
    """The refund of the first comes, too, in time, but its claim was taken for another's row."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number="none")
    first, second = guessed(at, late=3000)
    at.times.move(700)
    lived(at, 24)
    reconciled(at)
    assert wrong(at) == []
    assert claims(at, first, second) == [(RefundState.RECEIVED, Decimal("0.58"))] * 2
    check(at)


def test_what_a_person_or_a_number_has_decided_is_not_looked_at_again(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number="none")
    first, _second = guessed(at)
    guess = Match.objects.get(row__wallet=at.account, row__kind="refund")
    person = at.membership.user
    matches.undo(match=guess, actor=person, reason="Let me see.", now=timezone.now())
    claim = Refund.objects.get(reference=f"rental:{first.pk}")
    matches.match_row(
        row=guess.row, refund=claim, actor=person, reason="It is.", now=timezone.now()
    )
    at.times.move(700)
    lived(at, 24)
    reconciled(at)
    mine = Match.objects.get(row=guess.row, undone_at__isnull=True)
    assert (mine.by_pass, mine.actor) == (MatchPass.PERSON, person)
    assert mine.transfer.reference == f"rental:{first.pk}"
    check(at)


def test_a_guess_that_nothing_better_replaces_stays(scene: SetScene) -> None:
    """A refund that came late has its claim: that it came late is no reason to take it back."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number="none")
    at.fault("late-refund", seconds=8000, times=1)
    late = at.rented()
    cancelled(at, late)
    at.times.move(9000)
    reconciled(at)
    assert passes(at) >= {MatchPass.ALIKE}
    lived(at, 24)
    before = live(at)
    reconciled(at)
    assert live(at).items() >= before.items()
    assert not Match.objects.filter(row__wallet=at.account, undone_at__isnull=False).exists()
    check(at)
