"""Alerts are opened once, change, and are closed; whoever looks, and however many do."""

import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.conditions import CONDITIONS, Condition, Holding, Subject
from alerts.models import Alert, Watch
from alerts.operations import evaluating
from alerts.operations.acknowledging import acknowledge
from alerts.operations.errors import NotPossible
from alerts.states import Kind, Severity
from rentals.states import BudgetPeriod, BudgetScope
from tests.alerts.making import hold, limit, look, make_alert, opened
from tests.factories import make_budget, make_provider_account, make_rental
from tests.pages.conftest import World

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def low(world: World, held: str = "4") -> None:
    limit(world.gig, low="5")
    hold(world.gig, held)


def test_one_alert_however_often_it_is_looked_at(world: World) -> None:
    low(world)
    for minute in range(3):
        look(NOON + minute * MINUTE)
    [alert] = opened(Kind.LOW_WALLET)
    assert alert.opened_at == NOON
    assert Alert.objects.count() == 1


def test_nothing_is_written_where_nothing_has_changed(world: World) -> None:
    low(world)
    look(NOON)
    with CaptureQueriesContext(connection) as queries:
        look(NOON + MINUTE)
    written = [q["sql"] for q in queries if q["sql"].startswith(("UPDATE", "INSERT"))]
    assert all("alerts_watch" in sql for sql in written)


def test_what_it_says_is_kept_up(world: World) -> None:
    low(world)
    look(NOON)
    hold(world.gig, "3.5")
    look(NOON + MINUTE)
    assert "USD 3.50" in opened(Kind.LOW_WALLET)[0].detail


def test_what_comes_again_is_a_new_alert(world: World) -> None:
    for minute, held in enumerate(["4", "9", "4"]):
        low(world, held)
        look(NOON + minute * MINUTE)
    first, second = Alert.objects.order_by("pk")
    assert first.closed_at == NOON + MINUTE
    assert second.is_open


def test_one_that_gets_worse_is_to_be_taken_on_anew(world: World) -> None:
    low(world)
    look(NOON)
    acknowledge(alert=opened(Kind.LOW_WALLET)[0], actor=world.finance.user, now=NOON)
    hold(world.gig, "3.9")
    look(NOON + MINUTE)
    assert opened(Kind.LOW_WALLET)[0].acknowledged_by == world.finance.user
    hold(world.gig, "1")
    look(NOON + 2 * MINUTE)
    [alert] = opened(Kind.LOW_WALLET)
    assert (alert.severity, alert.acknowledged_by) == (Severity.CRITICAL, None)
    hold(world.gig, "4")
    look(NOON + 3 * MINUTE)
    assert opened(Kind.LOW_WALLET)[0].severity == Severity.CRITICAL  # until it is over


def test_an_older_look_changes_nothing(world: World) -> None:
    look(NOON)
    low(world)
    look(NOON - MINUTE)
    look(NOON)
    assert not Alert.objects.exists()


def test_a_condition_that_fails_keeps_its_alerts_and_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    low(world)
    look(NOON)

    def broken(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
        raise RuntimeError("broken")

    failing = tuple(
        replace(each, holding=broken) if each.kind == Kind.LOW_WALLET else each
        for each in CONDITIONS
    )
    monkeypatch.setattr(evaluating, "CONDITIONS", failing)
    limit(world.villa, low="5")
    hold(world.gig, "100")
    look(NOON + MINUTE)
    assert len(opened(Kind.LOW_WALLET)) == 1
    watched = Watch.objects.in_bulk()
    assert watched[Kind.LOW_WALLET].looked_at == NOON
    assert watched[Kind.IN_DOUBT].looked_at == NOON + MINUTE


@pytest.mark.parametrize("purpose", ["p" * 200, "q\u0323\u0302" * 66])  # with accents
def test_a_long_purpose_is_cut_and_stops_nobodys_alerts(world: World, purpose: str) -> None:
    elsewhere = make_provider_account(world.stranger.team, "smsgig")
    renting = ((world.member, world.gig, purpose), (world.stranger, elsewhere, "Sign-up"))
    for membership, _account, named in renting:
        make_budget(
            membership.team,
            membership.user,
            "1",
            scope=BudgetScope.PURPOSE,
            purpose=named,
            period=BudgetPeriod.DAY,
        )
    for minute, charged in enumerate(["0.90", "0.20"]):  # opened, then renewed
        for membership, account, named in renting:
            make_rental(membership, account, at=NOON, purpose=named, charged=Decimal(charged))
        look(NOON + minute * MINUTE)
        assert len(opened(Kind.BUDGET)) == 2
    alerts = {alert.team: alert for alert in opened(Kind.BUDGET)}
    assert {alert.severity for alert in alerts.values()} == {Severity.CRITICAL}
    assert alerts[world.stranger.team].title == "Budget used up: Purpose “Sign-up”"
    cut = alerts[world.team].title
    assert (len(cut), cut[-1]) == (200, "…")
    assert cut.startswith(f"Budget used up: Purpose “{purpose[:100]}")


def test_what_cannot_be_written_for_one_team_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page's path has no end that could be cut off."""
    for team in (world.team, world.stranger.team):
        make_alert(world, team=team, subject="over")

    def found(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
        for team, link in ((world.team, "/" * 301), (world.stranger.team, "/")):
            yield Holding(
                team_id=team.pk,
                subject="new",
                severity=Severity.WARNING,
                title="New",
                detail="",
                link=link,
            )

    monkeypatch.setattr(evaluating, "CONDITIONS", (Condition(Kind.LOW_WALLET, found),))
    look(timezone.now())
    subjects = [(alert.team, alert.subject) for alert in opened(Kind.LOW_WALLET)]
    assert subjects == [(world.team, "over"), (world.stranger.team, "new")]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one(world: World) -> None:
    """The second comes while the first has found what is wrong and not committed it."""
    look(NOON - MINUTE)
    low(world)
    inside, go_on = threading.Event(), threading.Event()
    real = CONDITIONS[0]

    def slow(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
        yield from real.holding(now, opened)
        inside.set()
        assert go_on.wait(20)

    def first() -> None:
        try:
            evaluating._look(Condition(Kind.LOW_WALLET, slow), NOON)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(20)
    look(NOON + MINUTE)  # does not wait
    go_on.set()
    thread.join()
    [alert] = Alert.objects.all()
    assert alert.opened_at == NOON


def test_postgresql_keeps_a_second_open_one_out(world: World) -> None:
    first = make_alert(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_alert(world)
    Alert.objects.filter(pk=first.pk).update(closed_at=first.opened_at)
    make_alert(world)


def test_it_is_taken_on_once(world: World) -> None:
    alert = make_alert(world)
    acknowledge(alert=alert, actor=world.finance.user, now=NOON)
    with pytest.raises(NotPossible, match="has taken this on already"):
        acknowledge(alert=alert, actor=world.admin.user, now=NOON)
    alert.refresh_from_db()
    assert alert.acknowledged_by == world.finance.user


def test_what_is_over_is_not_taken_on(world: World) -> None:
    alert = make_alert(world, closed_at=NOON, opened_at=NOON)
    with pytest.raises(NotPossible, match="over"):
        acknowledge(alert=alert, actor=world.finance.user, now=NOON)
    alert.refresh_from_db()
    assert alert.acknowledged_by is None
