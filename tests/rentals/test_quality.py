"""How well rentals go is added up, and always what the rentals say."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import Team
from rentals.models import QualityFact, QualityMark, QualityTotal, QualityValue, Rental
from rentals.operations import fold_quality, fold_spend
from rentals.quality import proof
from rentals.quality.bins import EDGES
from rentals.quality.reading import Narrowed, choices, rates, total
from rentals.states import DECIDED, OUTCOMES, RentalState, SpendOutcome
from tests.factories import make_member, make_message, make_provider_account, make_rental, make_team
from tests.rentals.checks import alone

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = date(2026, 5, 4)

pytestmark = pytest.mark.usefixtures("committed")


def folded() -> None:
    fold_spend()
    fold_quality()


class Ground:
    """A team with an account at each provider."""

    def __init__(self) -> None:
        self.team: Team = make_team(time_zone="UTC")
        self.member = make_member(self.team)
        self.accounts = [make_provider_account(self.team, code) for code in ("smsgig", "smsvilla")]

    def rental(
        self, state: RentalState, *, place: int = 0, after: float | None = None, **fields: Any
    ) -> Rental:
        given: dict[str, Any] = {"service_code": "whatsapp", "at": AT} | fields
        rental = make_rental(self.member, self.accounts[place], state, **given)
        if after is not None:
            make_message(rental, seen_at=AT + timedelta(seconds=after))
        return rental

    def told(self, by: str = "service", **only: Any) -> dict[str, tuple[int, int, float | None]]:
        found = rates(Narrowed(self.team.pk, DAY, DAY, only), by)
        return {rate.name: (rate.rentals, rate.received, rate.median) for rate in found}

    def assert_true(self) -> None:
        """The totals are what each rental says by itself."""
        expected: Counter[tuple[object, ...]] = Counter()
        for rental in Rental.objects.filter(team=self.team):
            outcome = OUTCOMES[RentalState(rental.state)]
            key = (rental.account_id, rental.day, rental.carrier, rental.area_code)
            if outcome in DECIDED:
                expected[*key, "rentals"] += 1
            if outcome == SpendOutcome.RECEIVED:
                expected[*key, "received"] += 1
                first = rental.messages.order_by("seen_at").first()
                if first is not None:
                    began = rental.started_at or rental.requested_at
                    age = (first.seen_at - began).total_seconds()
                    expected[*key, sum(edge <= age for edge in EDGES)] += 1
        found: Counter[tuple[object, ...]] = Counter()
        for each in QualityTotal.objects.filter(team=self.team):
            key = (each.account_id, each.day, each.carrier, each.area_code)
            found[*key, "rentals"] += each.rentals
            found[*key, "received"] += each.received
            for place, count in enumerate(each.came):
                found[*key, place] += count
        assert +found == +expected


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_what_is_over_is_counted_with_the_time_its_code_took(ground: Ground) -> None:
    for after in (12, 14, 44):
        ground.rental(RentalState.RECEIVED, after=after)
    ground.rental(RentalState.FINISHED, after=700)
    ground.rental(RentalState.EXPIRED)
    for state in (RentalState.WAITING, RentalState.REFUSED, RentalState.IN_DOUBT):
        ground.rental(state)
    folded()
    assert ground.told() == {"whatsapp": (5, 4, 15.0)}
    ground.assert_true()


def test_a_code_after_the_end_changes_what_was_counted(ground: Ground) -> None:
    rental = ground.rental(RentalState.EXPIRED)
    folded()
    assert ground.told() == {"whatsapp": (1, 0, None)}
    make_message(rental, seen_at=AT + timedelta(seconds=1300))
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.RECEIVED)
    folded()
    assert ground.told() == {"whatsapp": (1, 1, 1500.0)}
    ground.assert_true()


def test_what_goes_on_after_all_is_counted_no_more(ground: Ground) -> None:
    rental = ground.rental(RentalState.LOST)
    folded()
    assert ground.told() == {"whatsapp": (1, 0, None)}
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.WAITING)
    folded()
    assert ground.told() == {}
    assert not QualityFact.objects.filter(pk=rental.pk).exists()
    assert not QualityTotal.objects.filter(team=ground.team).exists()


def test_sums_are_by_each_column_and_of_one_team(ground: Ground) -> None:
    ground.rental(RentalState.RECEIVED, after=30, carrier="vz", area_code="212")
    ground.rental(RentalState.CANCELLED, carrier="vz", place=1)
    ground.rental(RentalState.EXPIRED, service_code="gmail", area_code="212")
    Ground().rental(RentalState.EXPIRED)
    folded()
    ids = [str(account.pk) for account in ground.accounts]
    assert {name: each[:2] for name, each in ground.told("account").items()} == {
        ids[0]: (2, 1),
        ids[1]: (1, 0),
    }
    assert ground.told("carrier").keys() == {"vz", ""}
    assert {name: each[:2] for name, each in ground.told("area").items()} == {
        "212": (2, 1),
        "": (1, 0),
    }
    assert ground.told(service="gmail") == {"gmail": (1, 0, None)}
    assert ground.told(account=ground.accounts[1].pk) == {"whatsapp": (1, 0, None)}
    assert choices(ground.team.pk, DAY) == {
        "account": sorted(ids),
        "service": ["gmail", "whatsapp"],
        "carrier": ["", "vz"],
        "area": ["", "212"],
    }
    assert not any(choices(ground.team.pk, DAY + timedelta(1)).values())
    elsewhere = Narrowed(ground.team.pk, DAY - timedelta(3), DAY - timedelta(1))
    assert rates(elsewhere, "service") == []
    assert total(rates(Narrowed(ground.team.pk, DAY, DAY), "service")).rentals == 3


def test_two_folds_at_once_count_once(ground: Ground) -> None:
    for after in range(40):
        ground.rental(RentalState.RECEIVED, after=after)
    fold_spend()
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: alone(fold_quality), range(4)))
    assert sum(taken) >= 40
    assert ground.told()["whatsapp"][:2] == (40, 40)
    ground.assert_true()


def test_a_fold_that_was_cut_off_has_done_nothing(ground: Ground) -> None:
    ground.rental(RentalState.RECEIVED, after=5)
    fold_spend()
    marks = QualityMark.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE rentals_qualitytotal ADD CONSTRAINT no CHECK (rentals < 0) NOT VALID"
        )
        try:
            with pytest.raises(Exception, match="violates check"):
                fold_quality()
        finally:
            cursor.execute("ALTER TABLE rentals_qualitytotal DROP CONSTRAINT no")
    assert QualityMark.objects.count() == marks
    folded()
    ground.assert_true()


def test_the_proof_finds_what_is_wrong(ground: Ground) -> None:
    rental = ground.rental(RentalState.RECEIVED, after=5)
    ground.rental(RentalState.EXPIRED)
    folded()
    assert proof.prove() == []
    totals = QualityTotal.objects.filter(team=ground.team)
    totals.update(received=F("received") + 1)
    unequal = f"team {ground.team.pk}: 2 of its totals are not the sums of its rentals"
    assert proof.prove() == [unequal]
    totals.update(received=F("received") - 1)
    assert proof.prove() == []
    fact = QualityFact.objects.get(pk=rental.pk)
    QualityFact.objects.filter(pk=rental.pk).update(bin=fact.bin + 1)
    wrong = f"rental {rental.pk} is counted as something else than it is"
    assert proof.prove() == [wrong, unequal]
    QualityFact.objects.filter(pk=rental.pk).delete()
    assert proof.prove()[0] == wrong
    fact.save(force_insert=True)
    assert proof.prove() == []
    areas = QualityValue.objects.filter(team=ground.team, axis="area")
    areas.update(last_day=DAY - timedelta(1))
    assert proof.prove() == [f"team {ground.team.pk}: 1 values of its totals can not be chosen"]
    areas.update(last_day=DAY)
    assert proof.prove() == []


def test_what_is_yet_to_be_added_up_is_not_wrong(ground: Ground) -> None:
    rental = ground.rental(RentalState.EXPIRED)
    assert proof.prove() == []
    fold_spend()
    assert proof.waiting() == 1
    assert proof.prove() == []
    fold_quality()
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.WAITING)
    assert proof.prove() == []
    folded()
    assert proof.prove() == []
    assert proof.waiting() == 0


def test_any_moves_leave_the_totals_true(ground: Ground) -> None:
    """Rentals move between all states, with folds in between."""
    rentals = [
        ground.rental(state, carrier=carrier, area_code=area, after=after)
        for state in RentalState
        for carrier, area, after in (("", "", None), ("vz", "", 7), ("", "212", 4000))
    ]
    for step in range(len(RentalState)):
        for place, rental in enumerate(rentals):
            states = list(RentalState)
            state = states[(place * 7 + step * 3) % len(states)]
            Rental.objects.filter(pk=rental.pk).update(state=state)
        folded()
        ground.assert_true()
    assert proof.prove() == []
