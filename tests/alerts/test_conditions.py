"""From when on something is wrong, for how long, and what is said of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ProviderAccount
from alerts.conditions import CONDITIONS
from alerts.models import Endpoint
from alerts.models.hooks import DisabledBy
from alerts.states import READERS, Kind, Severity
from ledger.models import Refund
from rentals.models import Budget, InboxEntry, Rental
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope, RentalState, Source
from tests.alerts.making import hold, limit, look, opened, read, team_limits
from tests.factories import (
    make_member,
    make_message,
    make_provider_account,
    make_refund,
    make_rental,
    make_team,
)
from tests.pages.conftest import World

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_each_kind_has_one_condition_and_readers() -> None:
    assert [condition.kind for condition in CONDITIONS] == list(Kind)
    assert set(READERS) == set(Kind)


# --- wallets ---


def test_a_wallet_below_its_limit_is_low(world: World) -> None:
    limit(world.gig, low="5")
    hold(world.gig, "5")
    look(NOON)
    assert opened(Kind.LOW_WALLET) == []
    hold(world.gig, "4.9999")
    look(NOON + MINUTE)
    [alert] = opened(Kind.LOW_WALLET)
    assert alert.severity == Severity.WARNING
    assert alert.title == f"{world.gig.label} is low"
    assert alert.detail == "It holds USD 4.9999; the limit is USD 5.00."
    assert alert.link == f"/t/{world.team.slug}/wallets/{world.gig.pk}/"


def test_it_is_low_until_a_tenth_above_the_limit(world: World) -> None:
    limit(world.gig, low="5")
    for minute, (held, is_low) in enumerate(
        [("4.9", True), ("5.1", True), ("5.4999", True), ("5.5", False), ("5.1", False)]
    ):
        hold(world.gig, held)
        look(NOON + minute * MINUTE)
        assert bool(opened(Kind.LOW_WALLET)) is is_low, held


def test_half_the_limit_is_critical(world: World) -> None:
    limit(world.gig, low="5")
    hold(world.gig, "2.49")
    look()
    assert opened(Kind.LOW_WALLET)[0].severity == Severity.CRITICAL


@pytest.mark.parametrize("why", ["no limit", "archived", "never read"])
def test_what_is_not_watched_is_not_told(world: World, why: str) -> None:
    if why != "no limit":
        limit(world.gig, low="5", fall="1")
    if why != "never read":
        hold(world.gig, "1")
    if why == "archived":
        ProviderAccount.objects.update(archived_at=NOON)
    read(world.gig, "9", NOON - 30 * MINUTE)
    if why != "never read":
        read(world.gig, "1", NOON)
    look(NOON)
    assert opened(Kind.LOW_WALLET) == opened(Kind.FALLING_WALLET) == []


def test_a_wallet_falls_by_what_went_within_an_hour(world: World) -> None:
    limit(world.gig, fall="3")
    read(world.gig, "100", NOON - 2 * HOUR)  # too long ago
    for minute, amount in [(-50, "20"), (-40, "18"), (-30, "17")]:
        read(world.gig, amount, NOON + minute * MINUTE)
    look(NOON)
    assert opened(Kind.FALLING_WALLET) == []  # exactly the limit
    read(world.gig, "16.99", NOON)
    look(NOON + MINUTE)
    [alert] = opened(Kind.FALLING_WALLET)
    assert alert.detail == "USD 3.01 went within an hour; the limit is USD 3.00."


def test_a_deposit_hides_no_fall(world: World) -> None:
    limit(world.gig, fall="3")
    for minute, amount in [(-50, "5"), (-40, "1"), (-30, "101")]:
        read(world.gig, amount, NOON + minute * MINUTE)
    look(NOON)
    assert len(opened(Kind.FALLING_WALLET)) == 1


def test_it_falls_until_a_fifth_below_the_limit(world: World) -> None:
    limit(world.gig, fall="5")
    for minute, amount in [(0, "20"), (10, "19"), (20, "14"), (70, "13")]:
        read(world.gig, amount, NOON + minute * MINUTE)
    for minute, falls in [(21, True), (61, True), (75, False)]:  # 6, then 5, then 1
        look(NOON + minute * MINUTE)
        assert bool(opened(Kind.FALLING_WALLET)) is falls, minute


def test_twice_the_fall_is_critical(world: World) -> None:
    limit(world.gig, fall="2")
    read(world.gig, "10", NOON - MINUTE)
    read(world.gig, "5.9", NOON)
    look(NOON)
    assert opened(Kind.FALLING_WALLET)[0].severity == Severity.CRITICAL


# --- refunds ---


def test_a_refund_past_its_due_date_is_overdue(world: World) -> None:
    refund = make_refund(make_rental(world.member, world.gig, RentalState.CANCELLED))
    look(refund.due_at)
    assert opened(Kind.OVERDUE_REFUND) == []
    look(refund.due_at + MINUTE)
    [alert] = opened(Kind.OVERDUE_REFUND)
    assert alert.detail.startswith(f"Up to USD 0.45 for {refund.service} was due by ")
    assert alert.severity == Severity.WARNING
    assert alert.link.endswith(f"/refunds/{refund.pk}/")
    look(refund.due_at + timedelta(days=7, minutes=1))
    assert opened(Kind.OVERDUE_REFUND)[0].severity == Severity.CRITICAL


@pytest.mark.parametrize("change", [{"state": "received"}, {"expected_min": 0, "expected_max": 0}])
def test_one_that_is_settled_or_may_be_nothing_is_not(world: World, change: dict[str, str]) -> None:
    refund = make_refund(make_rental(world.member, world.gig, RentalState.CANCELLED))
    look(refund.due_at + MINUTE)
    Refund.objects.update(**change)
    look(refund.due_at + 2 * MINUTE)
    assert opened(Kind.OVERDUE_REFUND) == []


# --- doubts ---


def test_a_rental_in_doubt_for_longer_than_the_team_bears(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.IN_DOUBT, at=NOON)
    look(NOON + 9 * MINUTE)
    assert opened(Kind.IN_DOUBT) == []
    look(NOON + 10 * MINUTE)
    [alert] = opened(Kind.IN_DOUBT)
    assert alert.member == world.member.user
    assert "USD 0.45 may have been charged" in alert.detail
    look(NOON + timedelta(hours=6, minutes=1))
    assert opened(Kind.IN_DOUBT)[0].severity == Severity.CRITICAL
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.REFUSED)
    look(NOON + timedelta(hours=7))
    assert opened(Kind.IN_DOUBT) == []


def test_the_team_says_for_how_long(world: World) -> None:
    team_limits(world, doubt_minutes=30)
    make_rental(world.member, world.gig, RentalState.IN_DOUBT, at=NOON)
    look(NOON + 29 * MINUTE)
    assert opened(Kind.IN_DOUBT) == []
    look(NOON + 30 * MINUTE)
    assert len(opened(Kind.IN_DOUBT)) == 1


# --- budgets ---


def budget(world: World, scope: BudgetScope, **fields: Any) -> Budget:
    """USD 1 a day, of which rentals of 0.45 each are used up."""
    return Budget.objects.create(
        team=world.team,
        scope=scope,
        period=BudgetPeriod.DAY,
        counts=BudgetCounts.OWN,
        currency="USD",
        amount=1,
        warn_share=90,
        active_from=NOON.date(),
        created_at=NOON,
        created_by=world.admin.user,
        **fields,
    )


def test_a_budget_from_its_warning_on_and_each_period_anew(world: World) -> None:
    known = budget(world, BudgetScope.TEAM)
    make_rental(world.member, world.gig, at=NOON)
    look(NOON)
    assert opened(Kind.BUDGET) == []
    make_rental(world.colleague, world.gig, at=NOON)
    look(NOON + MINUTE)
    [alert] = opened(Kind.BUDGET)
    assert (alert.severity, alert.member) == (Severity.WARNING, None)
    assert alert.title == "Budget nearly used: The whole team"
    assert alert.detail == "USD 0.90 of USD 1.00 used; it renews on 2026-03-11."
    assert alert.subject == f"budget:{known.pk}:2026-03-10"
    make_rental(world.colleague, world.gig, at=NOON, charged=Decimal("0.1"))
    look(NOON + 2 * MINUTE)
    [alert] = opened(Kind.BUDGET)
    assert (alert.severity, alert.title) == (Severity.CRITICAL, "Budget used up: The whole team")
    look(NOON + timedelta(days=1))
    look(NOON + timedelta(days=1) + 10 * MINUTE)
    assert opened(Kind.BUDGET) == []


def test_a_members_own_budget_is_told_as_theirs(world: World) -> None:
    budget(world, BudgetScope.EACH)
    for _ in range(2):
        make_rental(world.member, world.gig, at=NOON)
    make_rental(world.colleague, world.gig, at=NOON)
    look(NOON)
    [alert] = opened(Kind.BUDGET)
    assert alert.member == world.member.user
    assert alert.title == f"Budget nearly used: {world.member.user}"


def test_what_is_held_comes_and_goes_and_the_alert_stays_a_while(world: World) -> None:
    budget(world, BudgetScope.TEAM)
    rentals = [make_rental(world.member, world.gig, at=NOON) for _ in range(2)]
    look(NOON)
    Rental.objects.filter(pk=rentals[0].pk).update(charged=0)
    look(NOON + MINUTE)
    look(NOON + 10 * MINUTE)
    assert len(opened(Kind.BUDGET)) == 1
    look(NOON + 11 * MINUTE)
    assert opened(Kind.BUDGET) == []


# --- keys and webhooks ---


def test_a_refused_key_until_it_is_taken_for_five_minutes(world: World) -> None:
    ProviderAccount.objects.filter(pk=world.gig.pk).update(key_refused_at=NOON)
    look(NOON)
    [alert] = opened(Kind.KEY_REFUSED)
    assert alert.title == f"SMSGig refuses the key of {world.gig.label}"
    ProviderAccount.objects.filter(pk=world.gig.pk).update(key_refused_at=None)
    look(NOON + MINUTE)
    look(NOON + 5 * MINUTE)
    assert opened(Kind.KEY_REFUSED) == [alert]
    look(NOON + 6 * MINUTE)
    assert opened(Kind.KEY_REFUSED) == []


def polled(world: World, count: int, *, at: datetime) -> list[Rental]:
    rentals = [
        make_rental(world.member, world.gig, RentalState.RECEIVED, at=at) for _ in range(count)
    ]
    for rental in rentals:
        make_message(rental, seen_at=at, source=Source.POLL)
    return rentals


def brought(rental: Rental) -> None:
    InboxEntry.objects.create(
        account=rental.account,
        body=b"{}",
        body_sha256=str(rental.pk).encode(),
        activation_id=rental.activation_id,
        received_at=timezone.now(),
    )


def test_codes_that_no_webhook_brings(world: World) -> None:
    rentals = polled(world, 3, at=NOON)
    look(NOON + 30 * timedelta(seconds=1))
    assert opened(Kind.QUIET_WEBHOOKS) == []  # they may be on their way
    look(NOON + 2 * MINUTE)
    [alert] = opened(Kind.QUIET_WEBHOOKS)
    assert "no webhook has ever come" in alert.detail
    brought(rentals[0])
    look(NOON + 3 * MINUTE)
    look(NOON + 8 * MINUTE)
    assert opened(Kind.QUIET_WEBHOOKS) == []


@pytest.mark.parametrize("why", ["too few", "by webhook", "before the last webhook", "long ago"])
def test_webhooks_that_are_not_missed(world: World, why: str) -> None:
    rentals = polled(world, 2 if why == "too few" else 3, at=NOON)
    if why == "by webhook":
        brought(rentals[1])
    if why == "before the last webhook":
        ProviderAccount.objects.update(last_hook_at=NOON + MINUTE)
    look(NOON + (timedelta(days=2) if why == "long ago" else 2 * MINUTE))
    assert opened(Kind.QUIET_WEBHOOKS) == []


def test_quiet_since_the_last_webhook(world: World) -> None:
    team_limits(world, missed_codes=1)
    ProviderAccount.objects.update(last_hook_at=NOON - HOUR)
    polled(world, 1, at=NOON)
    look(NOON + 2 * MINUTE)
    [alert] = opened(Kind.QUIET_WEBHOOKS)
    assert "any more" in alert.detail


# --- cost ---


def wrong(count: int) -> None:
    for _ in range(count):
        member = make_member(make_team())
        account = make_provider_account(
            member.team, "smsgig", balance=Decimal(1), key_refused_at=NOON - HOUR
        )
        limit(account, low="5", fall="1")
        read(account, "9", NOON - MINUTE)
        read(account, "1", NOON)
        make_rental(member, account, RentalState.IN_DOUBT, at=NOON - HOUR)
        refund = make_refund(make_rental(member, account, RentalState.CANCELLED, at=NOON))
        Refund.objects.filter(pk=refund.pk).update(due_at=NOON - HOUR)
        Endpoint.objects.create(
            team=member.team,
            url="https://example.com/",
            secret_sealed=b"sealed",
            made_at=NOON,
            disabled_at=NOON,
            disabled_by=DisabledBy.GONE,
        )
        for _ in range(3):
            rental = make_rental(member, account, RentalState.RECEIVED, at=NOON - HOUR)
            make_message(rental, seen_at=NOON - HOUR)


@pytest.mark.django_db
def test_as_many_queries_however_much_is_wrong() -> None:
    counts = []
    for start, more in ((NOON, 1), (NOON + 3 * MINUTE, 4)):
        wrong(more)
        for again in range(2):  # opened, then looked at
            with CaptureQueriesContext(connection) as queries:
                look(start + again * MINUTE)
            counts.append(len(queries))
    assert len(opened(Kind.LOW_WALLET)) == 5
    assert all(len(opened(kind)) == 5 for kind in Kind if kind != Kind.BUDGET)
    assert counts[:2] == counts[2:]
