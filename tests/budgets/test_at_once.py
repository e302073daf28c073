"""Rents at the same time never get past a limit together, not by one."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Membership
from accounts.states import Role
from rentals.models import Budget, Offer, Rental
from rentals.operations import OverBudget, change_budget, fold_spend, request_rental
from rentals.operations.budgeting import Terms
from rentals.states import BudgetPeriod, BudgetScope
from tests.budgets.renting import House, make_house
from tests.factories import make_member, make_offer

MANY = 50


@pytest.fixture
def busy(transactional_db: None) -> House:
    return make_house()


def rents(house: House, people: list[Membership], **wishes: Any) -> list[bool]:
    """Each of MANY rents at the same moment; whether it was let through."""
    offers = [make_offer(house.gig, price=Decimal("0.45")) for _ in range(3)]
    start = threading.Barrier(MANY)

    def rent(number: int) -> bool:
        try:
            start.wait(20)
            return _rents(people[number % len(people)], offers[number % 3], wishes)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(rent, range(MANY)))


def _rents(member: Membership, offer: Offer, wishes: dict[str, Any]) -> bool:
    try:
        request_rental(
            membership=member, offer=offer, request_key=uuid.uuid4(), now=timezone.now(), **wishes
        )
    except OverBudget:
        return False
    return True


def test_fifty_rents_at_once_with_room_for_seven_are_seven(busy: House) -> None:
    busy.budget("3.15")
    people = [make_member(busy.team, Role.MEMBER) for _ in range(5)]
    assert rents(busy, people).count(True) == 7
    assert Rental.objects.filter(team=busy.team).count() == 7


def test_several_budgets_hold_at_once_and_nobody_waits_in_a_circle(busy: House) -> None:
    people = [make_member(busy.team, Role.MEMBER) for _ in range(5)]
    busy.budget("5.40", scope=BudgetScope.PURPOSE, purpose="Sign-up")  # room for twelve
    busy.budget("0.90", scope=BudgetScope.EACH, period=BudgetPeriod.DAY)  # for two
    busy.budget("4.50", period=BudgetPeriod.WEEK)  # for ten
    assert rents(busy, people, purpose="Sign-up").count(True) == 10
    taken = Rental.objects.filter(team=busy.team).values_list("member", flat=True)
    assert sorted(taken) == sorted(2 * [person.user_id for person in people])


def test_while_sums_are_folded_a_limit_holds_all_the_same(busy: House) -> None:
    busy.budget("3.15")
    over = threading.Event()

    def fold() -> None:
        try:
            while not over.is_set():
                fold_spend()
        finally:
            connections.close_all()

    folder = threading.Thread(target=fold)
    folder.start()
    try:
        let_through = rents(busy, [busy.member]).count(True)
    finally:
        over.set()
        folder.join()
    assert let_through == 7


def test_a_limit_that_is_lowered_meanwhile_stops_from_then_on(busy: House) -> None:
    budget = busy.budget("450")
    lowered: list[int] = []

    def lower() -> None:
        try:
            _lower(budget, busy)
            lowered.append(Rental.objects.filter(team=busy.team).count())
        finally:
            connections.close_all()

    changer = threading.Thread(target=lower)
    changer.start()
    let_through = rents(busy, [busy.member]).count(True)
    changer.join()
    assert Rental.objects.filter(team=busy.team).count() == let_through
    # Whoever had the lock before went through; after it one, where nobody had been before.
    assert let_through == max(lowered[0], 1)


def _lower(budget: Budget, house: House) -> None:
    change_budget(
        budget=budget,
        version=1,
        terms=Terms(amount=Decimal("0.45"), warn_share=80),
        actor=house.admin.user,
        now=timezone.now(),
    )
