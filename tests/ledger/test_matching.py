"""Rows of a statement and what they are, over a real sandbox."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent
from ledger.models import Finding, Match, Refund, StatementRow, Transfer
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.resolving import resolve
from ledger.operations.statement import matches
from ledger.operations.statement.matching import match_wallet
from ledger.operations.statement.rows import keep_changes, keep_new, reading
from ledger.states import (
    ExceptionKind,
    ExceptionState,
    FindingKind,
    MatchPass,
    RefundCause,
    RefundState,
    Resolution,
)
from providers.values import Transaction
from rentals.models import Rental
from rentals.states import RentalState
from sandbox.money import to_mills
from tests.ledger.statements import (
    acted_on,
    cancelled,
    check,
    in_doubt,
    kinds,
    live,
    posted,
    reconciled,
    rows,
    snapshot_of,
    truth,
    unresolved,
    with_book,
)
from tests.rentals.scene import Scene, SetScene


def wrong(scene: Scene) -> list[str]:
    """The rows that are matched to what they are not."""
    whose = truth(scene)
    return [
        row
        for row, transfer in live(scene).items()
        if transfer.external_id and whose[row] != transfer.external_id
    ]


def passes(scene: Scene) -> set[str]:
    found = Match.objects.filter(row__wallet=scene.account, undone_at__isnull=True)
    return set(found.values_list("by_pass", flat=True))


def lived(scene: Scene, rentals: int, *, apart: float = 700) -> list[Rental]:
    """Rentals one after another, every other one cancelled."""
    made = []
    for number in range(rentals):
        rental = scene.rented()
        made.append(cancelled(scene, rental) if number % 2 else rental)
        scene.times.move(apart)
    return made


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


@pytest.mark.parametrize("charged", [True, False])
def test_a_doubt_ends_by_the_statement(scene: SetScene, charged: bool) -> None:
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=charged)
    assert doubt.state == RentalState.IN_DOUBT
    reconciled(at)
    assert not Finding.objects.filter(wallet=at.account).exists()  # its answer may still come
    at.times.move(1200)
    reconciled(at)
    finding = Finding.objects.get(wallet=at.account)
    assert finding.kind == (FindingKind.CHARGED if charged else FindingKind.NOT_CHARGED)
    acted_on(at, doubt)
    assert doubt.state == (RentalState.LOST if charged else RentalState.REFUSED)
    reconciled(at)
    assert Finding.objects.filter(wallet=at.account).count() == 1
    assert kinds(at) == []
    check(at)


def test_a_doubt_beside_an_unexplained_purchase_stays_one(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    in_doubt(at, charged=False)
    for _ in range(2):
        at.sandbox.buy_outside(at.wallet_id)
    at.times.move(1200)
    reconciled(at)
    assert not Finding.objects.filter(wallet=at.account).exists()
    assert kinds(at) == [ExceptionKind.OUTSIDE_PURCHASE] * 2


@pytest.mark.parametrize(
    ("from_doubt", "learned", "ends"),
    [
        (-120, False, False),
        (-120, True, True),  # rows do not come before what they are of
        (-8, True, True),
        (-2, True, False),
        (200, True, False),  # sent late, and dealt with slowly: it may be this one
        (235, True, False),
        (260, True, True),
        (260, False, False),
        (580, False, False),
        (620, False, True),
    ],
)
def test_a_doubt_beside_an_unexplained_row_ends_when_that_can_not_be_it(
    scene: SetScene, from_doubt: float, learned: bool, ends: bool
) -> None:
    at = with_book(scene("smsgig"))
    if learned:
        for _ in range(12):
            at.rented()
            at.times.move(700)
        reconciled(at)
        at.times.move(700)
    if from_doubt < 0:
        outside_twice(at)
        at.times.move(-from_doubt)
    doubt = in_doubt(at, charged=False)
    if from_doubt > 0:
        at.times.move(from_doubt)
        outside_twice(at)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == (RentalState.REFUSED if ends else RentalState.IN_DOUBT)
    check(at)


@pytest.mark.parametrize(("learned", "behind"), [(False, False), (True, False), (True, True)])
def test_a_doubt_is_not_ended_by_a_clock_that_is_hours_from_ours(
    scene: SetScene, learned: bool, behind: bool
) -> None:
    """It was charged, and its row is hours from where it would be looked for."""
    at = with_book(scene("smsgig"))
    at.fault("other-zone", minutes=180, behind=behind)
    at.times.move(4 * 3600)  # what comes now is from after the book began, by that clock too
    if learned:
        for _ in range(12):
            at.rented()
            at.times.move(40)
        at.times.move(700)
        reconciled(at)
    doubt = in_doubt(at, charged=True)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == RentalState.IN_DOUBT
    assert ExceptionKind.OUTSIDE_PURCHASE in kinds(at)  # a person sees the two, and decides


def outside_twice(scene: Scene) -> None:
    """Two, so that neither is taken for a rental in doubt beside them."""
    for _ in range(2):
        scene.sandbox.buy_outside(scene.wallet_id)


def test_a_row_whose_time_nobody_told_may_be_a_doubts_however_late_it_was_seen(
    scene: SetScene,
) -> None:
    at = with_book(scene("smsgig"))
    for _ in range(12):
        at.rented()
        at.times.move(700)
    reconciled(at)
    doubt = in_doubt(at, charged=False)
    at.times.move(1200)
    now = timezone.now()
    untold = Transaction("9000001", "purchase", Decimal("0.58"), "WhatsApp rental", None)
    keep_new(at.account, [reading(untold)], before=False, now=now)
    match_wallet(at.account, now=now, read_at=now)
    acted_on(at, doubt)
    assert doubt.state == RentalState.IN_DOUBT


def test_a_row_written_anew_may_be_a_doubts_until_a_person_has_looked_at_it(
    scene: SetScene,
) -> None:
    """It read as from before the book, and reads as of the time of the doubt now."""
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=False)
    assert doubt.sent_at is not None
    before = doubt.sent_at - timedelta(days=1)
    first = Transaction("9000001", "purchase", Decimal("0.58"), "WhatsApp rental", before)
    keep_new(at.account, [reading(first)], before=True, now=timezone.now())
    again = reading(replace(first, created_at=doubt.sent_at))
    kept = {first.id: StatementRow.objects.get(wallet=at.account)}
    keep_changes(at.account, [again], kept, now=timezone.now())
    at.times.move(1200)
    now = timezone.now()
    match_wallet(at.account, now=now, read_at=now)
    assert acted_on(at, doubt).state == RentalState.IN_DOUBT
    (changed,) = unresolved(at)
    resolve(
        exception=changed,
        outcome=Resolution.NOTED,
        reason="It is of another wallet",
        actor=at.membership.user,
        now=now,
    )
    match_wallet(at.account, now=now, read_at=now)
    assert acted_on(at, doubt).state == RentalState.REFUSED


def test_a_doubt_is_not_ended_by_a_statement_with_a_gap(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=False)
    at.times.move(1200)
    for _ in range(4):
        at.sandbox.buy_outside(at.wallet_id, service_code="telegram")
    at.fault("small-pages", rows=2)
    at.fault("ignore-page")
    assert not reconciled(at).complete
    found = Finding.objects.filter(wallet=at.account, evidence="statement")
    assert not found.exists()
    assert doubt.state == RentalState.IN_DOUBT


def test_a_refund_that_comes_late_closes_its_claim(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("late-refund", seconds=8000)
    cancelled(at, at.rented())
    reconciled(at)
    claim = Refund.objects.get(wallet=at.account)
    assert claim.state in (RefundState.EXPECTED, RefundState.QUEUED)
    at.times.move(8100)
    assert reconciled(at).matched == 1
    claim.refresh_from_db()
    assert claim.state == RefundState.RECEIVED
    check(at)


def test_fewer_refunds_than_claims_close_the_oldest(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    made = [at.rented() for _ in range(3)]
    cancelled(at, made[0])
    at.fault("no-refund")
    at.times.move(2)
    cancelled(at, made[1])
    at.times.move(2)
    cancelled(at, made[2])
    reconciled(at)
    states = Refund.objects.filter(wallet=at.account).order_by("claimed_at")
    assert [claim.state == RefundState.RECEIVED for claim in states] == [True, False, False]
    check(at)


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


def test_a_refund_after_expiry_is_accepted_like_any_other(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    rental = at.rented()
    at.fault("expiry-refund", seconds=5)
    at.sandbox.expire("smsgig", int(rental.activation_id))
    at.times.move(30)
    reconciled(at)
    claim = Refund.objects.get(wallet=at.account)
    assert (claim.cause, claim.state) == (RefundCause.EXPIRED, RefundState.RECEIVED)
    assert claim.reference == f"rental:{rental.pk}"
    assert kinds(at) == []
    check(at)


@pytest.mark.parametrize("number", ["activation", "rental", "none"])
def test_a_refund_with_the_number_of_one_purchase_closes_no_claim_for_another(
    scene: SetScene, number: str
) -> None:
    """Its number says whose it is before it is known what such numbers mean."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    at.fault("no-refund", times=1)
    unpaid = cancelled(at, at.rented())
    at.times.move(700)
    ended = at.rented()
    at.fault("expiry-refund", seconds=5)
    at.sandbox.expire("smsgig", int(ended.activation_id))
    at.times.move(30)
    reconciled(at)
    got = dict(Refund.objects.filter(wallet=at.account).values_list("reference", "received"))
    if number == "none":  # nobody can tell: the oldest
        assert got == {f"rental:{unpaid.pk}": unpaid.charged}
    else:
        assert got == {f"rental:{unpaid.pk}": 0, f"rental:{ended.pk}": ended.charged}
    assert kinds(at) == []
    check(at)


@pytest.mark.parametrize("number", ["activation", "rental"])
def test_of_claims_that_are_alike_the_number_of_the_purchase_tells(
    scene: SetScene, number: str
) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    at.fault("no-refund", times=1)
    unpaid = cancelled(at, at.rented())
    at.times.move(5)
    paid = at.rented()
    at.fault("double-refund", seconds=4000, times=1)
    cancelled(at, paid)
    for _ in range(2):
        reconciled(at)
        at.times.move(4100)
    reconciled(at)
    got = dict(Refund.objects.filter(wallet=at.account).values_list("reference", "received"))
    assert got == {f"rental:{unpaid.pk}": 0, f"rental:{paid.pk}": paid.charged}
    (second,) = unresolved(at)
    assert (second.kind, second.amount) == (ExceptionKind.DOUBLE_REFUND, paid.charged)
    check(at)


def test_a_refund_of_somebody_elses_purchase_closes_no_claim(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("no-refund")
    cancelled(at, at.rented())
    at.no_faults()
    at.times.move(1500)
    theirs = at.sandbox.buy_outside(at.wallet_id)
    at.times.move(60)
    at.sandbox.cancel(at.sandbox.activations.get(theirs.provider, theirs.id))
    reconciled(at)
    assert Refund.objects.get(wallet=at.account).received == 0
    assert kinds(at) == [ExceptionKind.OUTSIDE_PURCHASE, ExceptionKind.OUTSIDE_REFUND]
    check(at)


def test_a_short_refund_is_taken_where_the_time_or_the_number_proves_it(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    lived(at, 22)
    reconciled(at)
    at.fault("short-refund", percent=50)
    cancelled(at, at.rented())
    reconciled(at)
    claim = Refund.objects.filter(wallet=at.account).latest("claimed_at")
    assert (claim.state, claim.received) == (RefundState.SHORT_PAID, Decimal("0.29"))
    assert kinds(at) == [ExceptionKind.SHORT_REFUND]
    check(at)


def test_a_refund_is_of_the_price_that_the_statement_says(scene: SetScene) -> None:
    """The answer named another price than was charged: the claim follows the correction."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number="activation")
    lived(at, 22)
    reconciled(at)
    at.fault("other-price", percent=80)
    rental = cancelled(at, at.rented())
    at.times.move(60)
    reconciled(at)
    claim = Refund.objects.get(wallet=at.account, reference=f"rental:{rental.pk}")
    assert rental.charged is not None and rental.charged < claim.charged
    assert (claim.state, claim.received) == (RefundState.RECEIVED, claim.charged)
    assert kinds(at) == [ExceptionKind.AMOUNT_DIFFERS]
    check(at)
    (differing,) = Match.objects.filter(
        row__wallet=at.account, row__kind="purchase", transfer__reference=claim.reference
    )
    matches.undo(match=differing, actor=at.membership.user, reason="By mistake", now=timezone.now())
    claim.refresh_from_db()
    assert (claim.state, claim.charged) == (RefundState.OVER_PAID, rental.charged)


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


def test_a_refund_that_comes_twice_is_in_the_book_once(scene: SetScene) -> None:
    """Both rows are read together, and their number tells whose they are."""
    at = with_book(scene("smsgig"))
    lived(at, 22)
    reconciled(at)
    at.fault("double-refund", seconds=4)
    cancelled(at, at.rented())
    at.times.move(60)
    reconciled(at)
    claim = Refund.objects.filter(wallet=at.account).latest("claimed_at")
    assert (claim.state, claim.received) == (RefundState.OVER_PAID, claim.charged)
    (second,) = unresolved(at)
    assert (second.amount, second.kind) == (claim.charged, ExceptionKind.DOUBLE_REFUND)
    assert second.reference == claim.reference
    assert f"refund {claim.pk} for {claim.reference}" in second.detail
    check(at)
    before = snapshot_of(at)
    reconciled(at)
    assert snapshot_of(at) == before


@pytest.mark.parametrize("number", ["activation", "rental", "none"])
def test_whose_a_second_refund_is_needs_no_number_that_is_the_activation(
    scene: SetScene, number: str
) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    at.fault("double-refund", seconds=4)
    rental = cancelled(at, at.rented())
    at.times.move(60)
    reconciled(at)
    (second,) = unresolved(at)
    assert (second.kind, second.reference) == (
        ExceptionKind.DOUBLE_REFUND,
        f"rental:{rental.pk}",
    )
    check(at)


@pytest.mark.parametrize("number", ["activation", "none"])
def test_a_refund_beside_ours_may_be_somebody_elses(scene: SetScene, number: str) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    theirs = at.sandbox.buy_outside(at.wallet_id)
    at.times.move(300)
    cancelled(at, at.rented())
    reconciled(at)
    at.sandbox.cancel(at.sandbox.activations.get(theirs.provider, theirs.id))
    reconciled(at)
    assert ExceptionKind.DOUBLE_REFUND not in kinds(at)
    assert ExceptionKind.OUTSIDE_REFUND in kinds(at)
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
