"""Budgets are set by admins, each change on record; PostgreSQL holds what they are."""

# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import AuditEvent
from accounts.states import Role
from rentals.models import Budget, BudgetRequest
from rentals.operations import NotPossible, add_budget, change_budget, end_budget
from rentals.operations.budgeting import Plan, Terms
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope
from tests.budgets.renting import NOW, House
from tests.factories import make_member, make_team

TERMS = Terms(amount=Decimal("12.50"), warn_share=80)
PLAN = Plan(
    scope=BudgetScope.TEAM,
    period=BudgetPeriod.MONTH,
    counts=BudgetCounts.ALL,
    currency="USD",
    active_from=date(2026, 3, 1),
)


def add(house: House, plan: Plan = PLAN, terms: Terms = TERMS) -> Budget:
    return add_budget(team=house.team, plan=plan, terms=terms, actor=house.admin.user, now=NOW)


def assert_refused(house: House, said: str, plan: Plan = PLAN, terms: Terms = TERMS) -> None:
    before = (Budget.objects.count(), AuditEvent.objects.count())
    with pytest.raises(NotPossible, match=said), transaction.atomic():
        add(house, plan, terms)
    assert (Budget.objects.count(), AuditEvent.objects.count()) == before


def test_what_is_added_stops_and_is_on_record(house: House) -> None:
    budget = add(house, replace(PLAN, scope=BudgetScope.PURPOSE, purpose="  Sign-up "))
    assert budget.purpose == "Sign-up"
    event = AuditEvent.objects.get(action="budget.added")
    assert (event.actor, event.object_id) == (house.admin.user, str(budget.pk))
    assert event.is_money
    assert event.after["amount"] == "12.5"
    assert event.after["for"] == "Purpose “Sign-up”"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scope": BudgetScope.MEMBER}, "Choose whose"),
        ({"scope": BudgetScope.PURPOSE, "purpose": "  "}, "Say which purpose"),
        ({"purpose": "Sign-up"}, "Say which purpose"),
        ({"counts": BudgetCounts.OWN, "currency": "EUR"}, "None of the team’s"),
        ({"currency": "NGN"}, "reporting currency"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    house: House, change: dict[str, Any], said: str
) -> None:
    assert_refused(house, said, replace(PLAN, **change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": Decimal(0)}, "above 0"),
        ({"amount": Decimal("-1")}, "above 0"),
        ({"amount": Decimal("NaN")}, "above 0"),
        ({"amount": Decimal("1e12")}, "above 0"),
        ({"amount": Decimal("0.00001")}, "4 decimals"),
        ({"warn_share": 0}, "percent"),
        ({"warn_share": 101}, "percent"),
        ({"active_to": date(2026, 2, 28)}, "before the first"),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    house: House, change: dict[str, Any], said: str
) -> None:
    assert_refused(house, said, terms=replace(TERMS, **change))


def test_somebody_elses_people_have_no_budget_here(house: House) -> None:
    stranger = make_member(make_team()).user
    plan = replace(PLAN, scope=BudgetScope.MEMBER, member=stranger)
    assert_refused(house, "not in the team", plan)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.FINANCE])
def test_only_an_admin_sets_budgets(house: House, role: Role) -> None:
    actor, budget = make_member(house.team, role).user, house.budget()
    with pytest.raises(NotPossible):
        add_budget(team=house.team, plan=PLAN, terms=TERMS, actor=actor, now=NOW)
    with pytest.raises(NotPossible):
        change_budget(budget=budget, version=1, terms=TERMS, actor=actor, now=NOW)
    with pytest.raises(NotPossible):
        end_budget(budget=budget, actor=actor, now=NOW)
    budget.refresh_from_db()
    assert (budget.amount, budget.ended_at, Budget.objects.count()) == (1, None, 1)
    assert not AuditEvent.objects.exists()


def test_a_form_that_is_sent_twice_adds_one(house: House) -> None:
    add(house)
    assert_refused(house, "such a budget")


def test_after_its_end_the_same_can_begin_again(house: House) -> None:
    end_budget(budget=add(house), actor=house.admin.user, now=NOW)
    add(house)
    assert Budget.objects.filter(ended_at=None).count() == 1


def test_a_change_is_on_record_with_what_was_before(house: House) -> None:
    budget = add(house)
    terms = replace(TERMS, amount=Decimal(20), active_to=date(2026, 5, 31))
    changed = change_budget(budget=budget, version=1, terms=terms, actor=house.admin.user, now=NOW)
    assert (changed.version, changed.amount) == (2, 20)
    event = AuditEvent.objects.get(action="budget.changed")
    assert event.before == {"amount": "12.5", "warns at percent": 80, "last day": None}
    assert event.after == {"amount": "20", "warns at percent": 80, "last day": "2026-05-31"}


def test_nobody_overwrites_a_change_that_they_have_not_seen(house: House) -> None:
    budget = add(house)
    change_budget(
        budget=budget,
        version=1,
        terms=replace(TERMS, amount=Decimal(20)),
        actor=house.admin.user,
        now=NOW,
    )
    with pytest.raises(NotPossible, match="meanwhile"):
        change_budget(budget=budget, version=1, terms=TERMS, actor=house.admin.user, now=NOW)
    budget.refresh_from_db()
    assert budget.amount == 20


def test_what_has_ended_is_not_changed(house: House) -> None:
    budget = add(house)
    end_budget(budget=budget, actor=house.admin.user, now=NOW)
    for again in (
        lambda: end_budget(budget=budget, actor=house.admin.user, now=NOW),
        lambda: change_budget(
            budget=budget, version=2, terms=TERMS, actor=house.admin.user, now=NOW
        ),
    ):
        with pytest.raises(NotPossible, match="has ended"):
            again()
    assert AuditEvent.objects.filter(action="budget.ended").count() == 1


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount": 0}, "budget_is_positive"),
        ({"warn_share": 0}, "budget_warns_within"),
        ({"scope": "member"}, "budget_has_its_scope"),
        ({"scope": "purpose"}, "budget_has_its_scope"),
        ({"purpose": "Sign-up"}, "budget_has_its_scope"),
        ({"scope": "none"}, "budget_has_its_scope"),
        ({"period": "year"}, "budget_words_are_known"),
        ({"counts": "not"}, "budget_words_are_known"),
        ({"active_to": date(2019, 1, 1)}, "budget_ends_after_it_begins"),
        ({"ended_at": NOW}, "budget_is_ended_by_somebody"),
    ],
)
def test_postgresql_refuses_a_budget_that_is_none(
    house: House, fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        house.budget(**{"amount": "1", **fields})


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount": 0}, "asked_is_positive"),
        ({"reason": ""}, "asked_with_a_reason"),
        ({"state": "approved"}, "asked_is_decided_by_somebody"),
        ({"state": "whatever"}, "asked_is_decided_by_somebody"),
        ({"decided_at": NOW}, "asked_is_decided_by_somebody"),
    ],
)
def test_postgresql_refuses_a_request_that_is_none(
    house: House, fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_request(house, **fields)


def test_there_is_one_open_request_a_period(house: House) -> None:
    budget = house.budget()
    make_request(house, budget)
    make_request(house, budget, first=date(2026, 4, 1))
    with pytest.raises(IntegrityError, match="one_open_request"), transaction.atomic():
        make_request(house, budget)


def test_a_decision_stays(house: House) -> None:
    decided = make_request(house, state="declined", decided_by=house.admin.user, decided_at=NOW)
    for again in (
        lambda: BudgetRequest.objects.filter(pk=decided.pk).update(amount=99),
        lambda: BudgetRequest.objects.filter(pk=decided.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="is decided"), transaction.atomic():
            again()


def make_request(house: House, budget: Budget | None = None, **fields: Any) -> BudgetRequest:
    given = {"asked_at": NOW, "first": date(2026, 3, 1), "amount": 1, "reason": "A late test run"}
    return BudgetRequest.objects.create(
        budget=budget or house.budget(), asked_by=house.member.user, **given | fields
    )
