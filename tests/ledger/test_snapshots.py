"""A balance books what it proves and nothing else; what it can't explain stands before a person.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections, transaction

from accounts.models import ProviderAccount
from ledger import book
from ledger.models import Reconciliation, ReconciliationException, Refund, Snapshot
from ledger.models.runs import Step
from ledger.operations import findings, refunds
from ledger.operations.balance import drifts, positions, refund_rules, snapshots
from ledger.operations.exceptions import Report, report
from ledger.operations.statement import pacing
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
from rentals.operations import wallet as reading
from rentals.states import RentalState
from tests.factories import make_user
from tests.ledger.watching import MINUTE, Watch, watch
from tests.rentals import books
from tests.rentals.scene import Scene, SetScene, swept
from tests.rentals.times import Times

LISTENED = 160  # seconds after which no answer to a rent can come any more


@pytest.fixture
def villa(scene: SetScene) -> Watch:
    """A wallet without a statement; its service costs 500."""
    return watch(scene("smsvilla"), price=500)


@pytest.fixture
def gig(scene: SetScene) -> Watch:
    """A wallet with a statement."""
    return watch(scene("smsgig"))


def matched(watched: Watch, *, complete: bool = True, step: Step = Step.DONE) -> Reconciliation:
    """The wallet's statement was read and matched just now."""
    now = watched.scene.times.now()
    return Reconciliation.objects.create(
        wallet=watched.account,
        asked_at=now,
        started_at=now,
        finished_at=now,
        step=step,
        complete=complete,
    )


# What is read


def test_a_reading_stands_beside_the_book_and_on_the_account(each: Scene) -> None:
    watched = watch(each)
    snapshot = watched.read()
    assert (snapshot.provider, snapshot.ledger, snapshot.drift) == (each.wallet.balance,) * 2 + (0,)
    assert snapshot.asked_at <= snapshot.answered_at
    account = watched.account
    assert (account.balance, account.balance_read_at) == (snapshot.provider, snapshot.answered_at)


def test_a_rental_is_booked_by_its_own_answer_and_leaves_no_drift(each: Scene) -> None:
    watched = watch(each)
    watched.rented()
    snapshot = watched.read(MINUTE)
    assert (snapshot.drift, snapshot.quiet) == (0, True)
    assert watched.booked() == []


def test_a_wallet_from_before_there_were_books_begins_with_the_first_reading(each: Scene) -> None:
    watched = Watch(each)
    assert watched.read().drift == 0
    assert watched.book.posted == each.wallet.balance == watched.net(AccountKind.WALLET)


@pytest.mark.parametrize("fault", ["error", "garbage"])
def test_a_balance_that_can_not_be_read_concludes_nothing(villa: Watch, fault: str) -> None:
    villa.scene.fault(fault, endpoint="balance")
    before = villa.account.balance_read_at
    assert snapshots.read_and_explain(villa.account, now=villa.scene.times.now()) is None
    assert not Snapshot.objects.filter(wallet=villa.account).exists()
    assert villa.account.balance_read_at == before


def test_no_balance_is_asked_for_inside_a_transaction(villa: Watch) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        snapshots.read_and_explain(villa.account, now=villa.scene.times.now())
    assert villa.scene.asked("/balance") == 0


# Refunds


def test_a_refund_is_booked_when_it_is_seen_and_not_before(villa: Watch) -> None:
    rental = villa.cancelled()
    assert villa.read().drift == 0
    assert villa.refund(rental).state == RefundState.QUEUED
    snapshot = villa.read(MINUTE)
    refund = villa.refund(rental)
    assert (snapshot.drift, snapshot.explained) == (500, 500)
    assert (refund.state, refund.received) == (RefundState.RECEIVED, 500)
    assert villa.booked() == [f"refund:{refund.pk}"]
    assert villa.drift == 0
    assert books.charged(rental) == 0


@pytest.mark.parametrize(
    ("fault", "options"), [("pro-rata-refund", {}), ("short-refund", {"percent": 37})]
)
def test_a_part_of_unknown_size_is_booked_as_it_comes(
    villa: Watch, fault: str, options: dict[str, int]
) -> None:
    villa.scene.fault(fault, **options)
    rental = villa.rented()
    villa.scene.times.move(100)
    villa.cancel(rental)
    villa.read(MINUTE)
    refund = villa.refund(rental)
    assert refund.state == RefundState.RECEIVED
    assert 0 < refund.received < 500
    assert villa.drift == 0


def test_a_refund_that_never_comes_is_never_booked(villa: Watch) -> None:
    villa.scene.fault("no-refund")
    rental = villa.cancelled()
    for _ in range(4):
        villa.read(MINUTE)
    assert villa.refund(rental).state == RefundState.QUEUED
    assert villa.booked() == []
    assert villa.exceptions() == []


def test_a_refund_that_comes_late_is_booked_then(villa: Watch) -> None:
    villa.scene.fault("late-refund", seconds=3600)
    rental = villa.cancelled()
    villa.read(MINUTE)
    villa.read(3700)
    assert villa.refund(rental).state == RefundState.RECEIVED
    assert villa.drift == 0


def test_two_refunds_that_could_be_either_wait_until_it_is_told(villa: Watch) -> None:
    villa.scene.fault("late-refund", seconds=200, times=1)
    slow = villa.cancelled(600)
    villa.read()
    quick = villa.cancelled(500)
    snapshot = villa.read(MINUTE)
    assert (snapshot.drift, snapshot.explained) == (500, 0)
    assert villa.booked() == []
    villa.read(200)
    assert villa.drift == 0
    assert [villa.refund(each).received for each in (slow, quick)] == [600, 500]
    assert villa.exceptions() == []


def test_what_can_not_be_told_apart_stands_before_a_person_in_the_end(villa: Watch) -> None:
    villa.scene.fault("no-refund", times=1)
    villa.cancelled(600)
    villa.cancelled(500)
    for _ in range(14):
        villa.read(MINUTE)
    assert villa.exceptions() == []
    villa.read(2 * MINUTE)
    assert villa.exceptions() == [500]
    assert villa.drift == 0
    assert villa.net(AccountKind.SUSPENSE) == -500
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    assert "several ways" in exception.detail
    ways = drifts.explanations(exception, now=villa.scene.times.now())
    assert len(ways) > 1


def test_a_refund_after_the_end_is_no_ones_and_is_told(villa: Watch) -> None:
    """Neither document promises one: nothing is awaited, so a person says what it was."""
    villa.scene.fault("expiry-refund", seconds=30)
    rental = villa.rented()
    Rental.objects.filter(pk=rental.pk).update(auto_cancel=False)
    villa.read(MINUTE)
    villa.read(1500)
    for _ in range(2):
        villa.read(MINUTE)
    rental.refresh_from_db()
    assert rental.state == RentalState.EXPIRED
    assert villa.exceptions() == [500]
    assert villa.drift == 0


# Doubts


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


# What nothing explains


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


def outside(watched: Watch) -> None:
    watched.scene.sandbox.buy_outside(
        watched.scene.wallet_id, service_code=watched.scene.offer.service_code
    )


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


# Prices that were assumed


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


# A rule is learned


def refunded(watched: Watch, ages: list[int], price: int = 500) -> list[Refund]:
    rentals = []
    for age in ages:
        rental = watched.rented(price)
        watched.scene.times.move(age)
        rentals.append(watched.cancel(rental))
        watched.read(MINUTE)
    return [watched.refund(rental) for rental in rentals]


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


# What stood before a person and is explained after all


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


# Wallets with a statement


def test_while_the_statement_is_complete_the_balance_books_nothing(gig: Watch) -> None:
    matched(gig)
    rental = gig.cancelled()
    refund = gig.refund(rental)
    assert gig.drift == refund.charged
    for _ in range(4):
        snapshot = gig.read(MINUTE)
    assert (snapshot.drift, snapshot.explained) == (refund.charged, 0)
    assert gig.booked() == []
    assert gig.exceptions() == []
    assert gig.refund(rental).received == 0


def test_drift_that_a_complete_matching_leaves_stands_before_a_person(gig: Watch) -> None:
    matched(gig)
    gig.scene.sandbox.wallets.charge(
        gig.scene.wallet_id, 7_770, description="x", activation_id=None
    )
    gig.read(MINUTE)
    gig.read(MINUTE)
    assert gig.exceptions() == []
    matched(gig)
    gig.read(MINUTE)
    assert gig.exceptions() == [Decimal("-7.77")]
    assert gig.drift == 0


def test_before_a_statement_was_read_nothing_is_concluded(gig: Watch) -> None:
    matched(gig, step=Step.FAILED, complete=False)
    gig.scene.sandbox.top_up(gig.scene.wallet_id, 9)
    rental = gig.cancelled()
    for _ in range(4):
        assert gig.read(MINUTE).explained == 0
    assert gig.exceptions() == []
    assert gig.refund(rental).received == 0


@pytest.mark.parametrize("gap", ["incomplete", "reported"])
def test_where_the_statement_has_gaps_the_balance_explains(gig: Watch, gap: str) -> None:
    matched(gig, complete=gap != "incomplete")
    if gap == "reported":
        now = gig.scene.times.now()
        found = Report(key="gap", kind=ExceptionKind.STATEMENT_GAP, occurred_at=now)
        assert report(gig.account, found, now=now)
    rental = gig.cancelled()
    gig.read(MINUTE)
    assert gig.refund(rental).state == RefundState.RECEIVED
    assert gig.drift == 0


# Several at once


def together(*works: Callable[[], object]) -> None:
    """Run each in a thread of its own, all at the same time."""
    start = threading.Barrier(len(works))
    problems: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(10)
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems


def test_two_readings_at_once_book_a_refund_once(villa: Watch) -> None:
    """Two are awaited and one has come: the second reading must not close the other for it."""
    villa.scene.fault("no-refund", times=1)
    refunded(villa, [])
    rentals = [villa.cancelled(), villa.cancelled()]
    Refund.objects.filter(wallet=villa.account).update(expected_min=500)
    villa.scene.times.move(MINUTE)
    account = villa.account
    before = positions.position(account.pk)
    assert before is not None
    readings = [snapshots._read(account, villa.scene.times.now()) for _ in range(4)]
    works = [lambda r=r: snapshots._act_on(account, r, before) for r in readings]
    together(*works)
    received = [villa.refund(rental).received for rental in rentals]
    assert received == [500, 0]
    assert villa.drift == 0
    kept = Snapshot.objects.filter(wallet=account)
    assert sorted(kept.values_list("explained", flat=True)) == [0, 0, 0, 500]


def test_readings_rents_and_cancels_at_once_agree_in_the_end(villa: Watch) -> None:
    scene = villa.scene
    cancelled = [villa.cancelled() for _ in range(3)]
    scene.times.move(MINUTE)

    def read() -> None:
        for _ in range(4):
            account = ProviderAccount.objects.get(pk=scene.account.pk)
            snapshots.read_and_explain(account, now=scene.times.now())

    def rent() -> None:
        for _ in range(4):
            scene.rented()

    together(read, read, rent, rent)
    for _ in range(3):
        villa.read(MINUTE)
    assert villa.drift == 0
    assert villa.exceptions() == []
    assert all(villa.refund(rental).received == 500 for rental in cancelled)
    books.assert_proved(villa.account)


def test_a_refund_booked_by_another_meanwhile_makes_the_reading_too_old(villa: Watch) -> None:
    rental = villa.cancelled()
    villa.scene.times.move(MINUTE)
    account = villa.account
    before = positions.position(account.pk)
    taken = snapshots._read(account, villa.scene.times.now())
    assert before is not None
    assert taken is not None
    villa.read()
    snapshot = snapshots._act_on(account, taken, before)
    assert (snapshot.explained, snapshot.quiet) == (0, False)
    assert villa.refund(rental).received == 500
    assert villa.drift == 0


# How often


def test_a_balance_is_read_every_minute_while_a_refund_is_young(villa: Watch, times: Times) -> None:
    villa.scene.fault("no-refund")
    villa.cancelled()
    villa.read()
    pk = villa.account.pk
    assert pk not in pacing.wallets_due(times.move(45))
    assert pk in pacing.wallets_due(times.move(20))
    assert pk in reading.accounts_with_moved_wallets(times.now())
    villa.read(2 * 3600)
    assert pk not in pacing.wallets_due(times.move(10 * MINUTE))
    assert pk in pacing.wallets_due(times.move(6 * MINUTE))


def test_a_balance_with_nothing_to_tell_is_not_due(villa: Watch, gig: Watch, times: Times) -> None:
    for watched in (villa, gig):
        watched.read()
    gig.scene.fault("no-refund")
    gig.cancelled()
    due = pacing.wallets_due(times.move(3600))
    assert not {villa.account.pk, gig.account.pk} & set(due)


def test_a_change_without_an_explanation_is_looked_at_again_soon(
    villa: Watch, times: Times
) -> None:
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 5)
    villa.read()
    assert villa.account.pk in pacing.wallets_due(times.move(31))


def test_the_reads_of_a_day_last_for_the_day(villa: Watch, times: Times) -> None:
    assert pacing.shortest_pause(villa.account, times.now()) == timedelta(seconds=30)
    for _ in range(110):
        villa.scene.times.move(31)
        snapshots.read_and_explain(villa.account, now=times.now())
    assert pacing.shortest_pause(villa.account, times.now()) == timedelta(minutes=5)


def test_the_top_bar_and_the_book_are_of_the_same_reading(each: Scene, times: Times) -> None:
    watched = watch(each)
    times.move(MINUTE)
    assert reading.read_balance(account=watched.account)
    snapshot = Snapshot.objects.filter(wallet=watched.account).get()
    assert (watched.account.balance, watched.account.balance_read_at) == (
        snapshot.provider,
        snapshot.answered_at,
    )
    assert not reading.read_balance(account=watched.account)
    assert book.wallet_balance(watched.account.pk).posted == snapshot.provider  # type: ignore[union-attr]
