"""Adding up: by two at once, beside changes that commit late, and killed on the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import F

from accounts.models import Membership, ProviderAccount
from accounts.states import Role
from ledger.models import SpendChange
from rentals.models import Rental, SpendFact, SpendTotal
from rentals.operations import fold_spend
from rentals.spend import proof
from rentals.spend.periods import Period
from rentals.spend.reading import Narrowed, Part, read
from rentals.states import RentalState
from tests.factories import make_member, make_provider_account, make_refund, make_rental, make_team
from tests.spend import plain
from tests.waiting import until

DAY = date(2026, 3, 10)
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%ledger_spendchange%'
"""
WHOLE = Period(date(2026, 1, 1), date(2026, 12, 31))

type Place = tuple[Membership, ProviderAccount]


def place() -> Place:
    team = make_team()
    return make_member(team, Role.MEMBER), make_provider_account(team, "smsgig")


def rent(here: Place, amount: str = "0.45", at: datetime = AT) -> Rental:
    member, account = here
    return make_rental(member, account, RentalState.WAITING, at=at, charged=Decimal(amount))


def charged(here: Place) -> Decimal:
    days = read(Narrowed(here[0].team_id), [Part("day", Period(DAY, DAY))])["day"]
    return sum((line.sum.charged for line in days), Decimal(0))


def test_a_poll_leaves_no_mark_and_a_move_does(db: None) -> None:
    rental = rent(place())
    fold_spend()
    Rental.objects.filter(pk=rental.pk).update(polls=F("polls") + 1, next_poll_at=AT)
    assert proof.waiting() == 0
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.RECEIVED)
    assert SpendChange.objects.values_list("reference", flat=True).get() == f"rental:{rental.pk}"


def test_marks_of_what_is_no_rental_are_taken_away(db: None) -> None:
    _, account = place()
    for reference in ("deposit:7", "rental:", "rental:x", "rental:999999999999999999999"):
        SpendChange.objects.create(wallet=account, reference=reference)
    assert fold_spend() == 4
    assert proof.waiting() == 0


def test_nothing_stays_where_nothing_is(db: None) -> None:
    """An outcome that no rental has any more has no totals either."""
    rental = rent(place())
    fold_spend()
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.CANCELLED)
    fold_spend()
    assert set(SpendTotal.objects.values_list("outcome", flat=True)) == {"cancelled", ""}
    assert set(SpendTotal.objects.values_list("rentals", flat=True)) == {1}


def test_folding_twice_counts_once(db: None) -> None:
    here = place()
    rent(here)
    fold_spend()
    SpendChange.objects.create(wallet=here[1], reference=f"rental:{Rental.objects.get().pk}")
    fold_spend()
    assert charged(here) == Decimal("0.45")
    assert proof.prove() == []


def test_the_proof_finds_what_is_wrong(db: None) -> None:
    here = place()
    rental = rent(here)
    make_refund(rental)
    fold_spend()
    assert proof.prove() == []
    SpendTotal.objects.filter(axis="member", span="month").update(charged=F("charged") + 1)
    assert proof.prove() == [
        f"team {here[0].team_id}: 4 of its totals are not the sums of its rentals"
    ]
    SpendTotal.objects.filter(axis="member", span="month").update(charged=F("charged") - 1)
    SpendFact.objects.filter(pk=rental.pk).update(purpose="Other")
    assert f"rental {rental.pk} is counted with another cost than it has" in proof.prove()


def test_a_fold_that_fails_has_done_nothing(db: None) -> None:
    here = place()
    rent(here)

    class Killed(Exception):
        pass

    with pytest.raises(Killed), transaction.atomic():
        fold_spend()
        raise Killed
    assert proof.waiting() == 1
    assert not SpendFact.objects.exists()
    assert charged(here) == Decimal("0.45")


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_late_is_not_lost(fresh_database: str) -> None:
    """It is made before a fold, and committed after it."""
    here = place()
    rental = rent(here)
    fold_spend()
    with psycopg.connect(fresh_database) as other:
        other.execute("UPDATE rentals_rental SET charged = 3 WHERE id = %s", [rental.pk])
        assert fold_spend() == 0
        assert charged(here) == Decimal("0.45")
        other.commit()
    assert charged(here) == Decimal(3)
    assert fold_spend() == 1
    assert charged(here) == Decimal(3)
    assert proof.prove() == []


@pytest.mark.django_db(transaction=True)
def test_a_killed_folder_leaves_everything_to_the_next(fresh_database: str) -> None:
    here = place()
    rent(here)
    with ThreadPoolExecutor(1) as thread, psycopg.connect(fresh_database) as other:
        other.execute("LOCK TABLE rentals_spendfact IN EXCLUSIVE MODE")
        folding = thread.submit(_folding)
        with psycopg.connect(fresh_database, autocommit=True) as killer:
            until(lambda: killer.execute(KILL).fetchone(), "the folder waits, and is killed")
        with pytest.raises(OperationalError):
            folding.result()
    assert proof.waiting() == 1
    assert charged(here) == Decimal("0.45")
    assert fold_spend() == 1
    assert proof.prove() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(180)
def test_what_is_read_is_true_while_two_fold_and_others_rent(fresh_database: str) -> None:
    here = place()
    stop = Event()
    with ThreadPoolExecutor(5) as threads:
        others = [threads.submit(_until, stop, _folding) for _ in range(2)]
        others += [threads.submit(_renting, here, number) for number in range(2)]
        try:
            for _ in range(25):
                _compare(here)
            for renting in others[2:]:
                renting.result()
        finally:
            stop.set()
        for other in others:
            other.result()
    fold_spend()
    assert proof.waiting() == 0
    assert proof.prove() == []
    assert charged(here) == sum(rental.charged or 0 for rental in Rental.objects.all())


def _compare(here: Place) -> None:
    """Both reads see the same moment."""
    team = here[0].team
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        part = Part("all", WHOLE, group="service", by_outcome=True)
        found = plain.by_key(read(Narrowed(team.pk), [part])["all"])
        truth = plain.added_up(plain.rentals_of(team), Narrowed(team.pk), WHOLE, "service")
    assert found == truth


def _renting(here: Place, number: int) -> None:
    try:
        for step in range(20):
            with transaction.atomic():
                rental = rent(here, "0.4", AT + timedelta(minutes=step))
                rent(here, "0.2")
            with transaction.atomic():
                rental.charged = Decimal(f"0.{step + 10}")
                rental.state = RentalState.CANCELLED if number else RentalState.RECEIVED
                rental.save(update_fields=["charged", "state"])
                make_refund(rental)
    finally:
        connections.close_all()


def _until(stop: Event, work: object) -> None:
    while not stop.is_set():
        work()  # type: ignore[operator]


def _folding() -> None:
    try:
        fold_spend()
    finally:
        connections.close_all()
