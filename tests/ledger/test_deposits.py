"""A deposit is booked once: by hand, or out of suspense where the balance has shown it before."""

# mypy: disable-error-code="comparison-overlap"

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEvent, User
from accounts.states import Role
from ledger.models import ClosedMonth, Match, ReconciliationException, StatementRow, Transfer
from ledger.operations import resolving
from ledger.operations.deposits import record_deposit, take_back_deposit
from ledger.operations.errors import Decided, NotPossible
from ledger.states import (
    AccountKind,
    ExceptionState,
    Resolution,
    TransferKind,
)
from tests.factories import make_member
from tests.ledger.statements import check, posted, reconciled, with_book
from tests.ledger.together import together
from tests.ledger.watching import MINUTE, Watch, watch
from tests.rentals.scene import Scene, SetScene


@pytest.fixture
def villa(scene: SetScene) -> Watch:
    return watch(scene("smsvilla"), price=500)


@pytest.fixture
def finance(villa: Watch) -> User:
    return make_member(villa.account.team, Role.FINANCE).user


def today(villa: Watch) -> date:
    return villa.scene.times.now().date()


def deposit(villa: Watch, finance: User, amount: object = 10_000, **fields: Any) -> Transfer:
    given: dict[str, Any] = {
        "wallet": villa.account,
        "amount": Decimal(str(amount)),
        "day": today(villa),
        "actor": finance,
        "reason": "Bank transfer 4711",
        "now": villa.scene.times.now(),
    }
    return record_deposit(**given | fields)


def paid_in(villa: Watch, amount: int = 10_000) -> None:
    """Somebody pays in, and the balance shows it until it stands before a person."""
    villa.scene.sandbox.top_up(villa.scene.wallet_id, amount)
    villa.read(MINUTE)
    villa.read(MINUTE)
    assert villa.exceptions() == [amount]


def test_a_deposit_comes_into_the_wallet_out_of_funding(villa: Watch, finance: User) -> None:
    funded = villa.net(AccountKind.FUNDING)
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 10_000)
    booked = deposit(villa, finance)
    assert (booked.kind, booked.actor, booked.day) == (
        TransferKind.DEPOSIT,
        finance,
        today(villa),
    )
    assert villa.net(AccountKind.FUNDING) == funded - 10_000
    assert villa.drift == 0
    assert villa.read(MINUTE).drift == 0
    assert villa.exceptions() == []


def test_it_is_written_down_who_said_so(villa: Watch, finance: User) -> None:
    booked = deposit(villa, finance)
    event = AuditEvent.objects.get(action="ledger.deposit_recorded", object_id=str(booked.pk))
    assert (event.actor, event.team, event.reason) == (
        finance,
        villa.account.team,
        "Bank transfer 4711",
    )
    assert event.after["amount"] == "10000"


def test_one_that_the_balance_has_shown_already_leaves_suspense(
    villa: Watch, finance: User
) -> None:
    paid_in(villa)
    deposit(villa, finance)
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    assert exception.state == ExceptionState.RESOLVED
    assert (exception.resolution, exception.resolved_by) == (Resolution.DEPOSIT, finance)
    assert (villa.net(AccountKind.SUSPENSE), villa.drift) == (0, 0)
    assert villa.read(MINUTE).drift == 0


def test_it_may_be_taken_back_like_any_other_resolution(villa: Watch, finance: User) -> None:
    paid_in(villa)
    deposit(villa, finance)
    (exception,) = ReconciliationException.objects.filter(wallet=villa.account)
    now = villa.scene.times.now()
    resolving.reopen(exception=exception, reason="Wrong wallet", actor=finance, now=now)
    assert villa.exceptions() == [10_000]
    assert (villa.net(AccountKind.SUSPENSE), villa.drift) == (-10_000, 0)


def test_another_amount_than_was_shown_is_booked_beside_it(villa: Watch, finance: User) -> None:
    paid_in(villa)
    deposit(villa, finance, 9_000)
    assert villa.exceptions() == [10_000]
    assert villa.drift == -9_000


def test_a_change_from_before_the_deposits_day_is_not_it(villa: Watch, finance: User) -> None:
    paid_in(villa)
    villa.scene.times.move(4 * 24 * 3600)
    deposit(villa, finance)
    assert villa.exceptions() == [10_000]
    assert villa.drift == -10_000


def test_two_that_were_shown_are_resolved_one_at_a_time(villa: Watch, finance: User) -> None:
    paid_in(villa)
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 10_000)
    villa.read(MINUTE)
    villa.read(MINUTE)
    assert villa.exceptions() == [10_000, 10_000]
    deposit(villa, finance)
    assert villa.exceptions() == [10_000]
    deposit(villa, finance)
    assert villa.exceptions() == []
    assert villa.drift == 0


def test_the_same_form_twice_is_one_deposit(villa: Watch, finance: User) -> None:
    key = uuid.uuid4()
    before = villa.book.posted
    together(
        *[lambda: deposit(villa, finance, request_key=key) for _ in range(4)],
    )
    assert villa.book.posted == before + 10_000
    events = AuditEvent.objects.filter(team=villa.account.team, action="ledger.deposit_recorded")
    assert events.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "0.00001"},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "1e30"},
        {"reason": "  "},
    ],
)
def test_what_is_no_deposit_is_refused(villa: Watch, finance: User, wrong: dict[str, str]) -> None:
    before = villa.book
    with pytest.raises(NotPossible):
        deposit(villa, finance, **wrong)
    assert villa.book == before


def test_a_day_to_come_is_refused(villa: Watch, finance: User) -> None:
    before = villa.book
    with pytest.raises(NotPossible):
        deposit(villa, finance, day=today(villa) + timedelta(days=2))
    assert villa.book == before


def test_in_a_closed_month_nothing_is_booked_or_resolved(villa: Watch, finance: User) -> None:
    paid_in(villa)
    now = villa.scene.times.now()
    ClosedMonth.objects.create(
        wallet=villa.account,
        month=now.date().replace(day=1),
        closed_at=now,
        closed_by=finance,
        totals={},
    )
    with pytest.raises(NotPossible, match="month is closed"):
        deposit(villa, finance)
    assert villa.exceptions() == [10_000]
    assert not AuditEvent.objects.filter(
        team=villa.account.team, action="ledger.deposit_recorded"
    ).exists()


def test_a_deposit_that_the_statement_has_brought_is_not_booked_by_hand(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    person = make_member(at.account.team, Role.FINANCE).user
    at.times.move(timedelta(days=4).total_seconds())
    now = at.times.now()
    at.sandbox.top_up(at.wallet_id, 25)
    reconciled(at)
    fields: dict[str, Any] = {
        "wallet": at.account,
        "amount": Decimal(25),
        "actor": person,
        "reason": "The card's receipt",
        "now": now,
    }
    with pytest.raises(NotPossible):
        record_deposit(day=now.date(), **fields)
    check(at)
    record_deposit(day=now.date() - timedelta(days=3), **fields)  # another one
    assert posted(at) == at.wallet.balance + 25


@pytest.mark.parametrize(
    ("amount", "days"), [(10**9, 0), (Decimal("1e13"), 0), (25, -1), (25, -700_000)]
)
def test_a_slip_of_the_hand_is_refused(
    villa: Watch, finance: User, amount: Decimal, days: int
) -> None:
    funded = villa.net(AccountKind.FUNDING)
    with pytest.raises(NotPossible):
        deposit(villa, finance, amount=amount, day=today(villa) + timedelta(days))
    assert villa.net(AccountKind.FUNDING) == funded


def took_back(deposit: Transfer, finance: User, at: datetime, reason: str = "A slip") -> Transfer:
    return take_back_deposit(deposit=deposit, actor=finance, reason=reason, now=at)


def test_a_slip_is_taken_back_by_the_opposite_booking(villa: Watch, finance: User) -> None:
    before, funded = villa.book.posted, villa.net(AccountKind.FUNDING)
    slip = deposit(villa, finance)
    opposite = took_back(slip, finance, villa.scene.times.now())
    assert (opposite.amount, opposite.actor, opposite.reason) == (10_000, finance, "A slip")
    assert opposite.booked_on == today(villa)
    assert (villa.book.posted, villa.net(AccountKind.FUNDING)) == (before, funded)
    event = AuditEvent.objects.get(action="ledger.deposit_taken_back", object_id=str(slip.pk))
    assert (event.actor, event.reason) == (finance, "A slip")
    assert (event.after["amount"], event.after["reversal"]) == ("10000.0000", opposite.pk)


def test_what_was_seen_of_a_slip_meanwhile_is_explained_by_taking_it_back(
    villa: Watch, finance: User
) -> None:
    slip = deposit(villa, finance)
    villa.read(MINUTE)
    villa.read(MINUTE)
    assert villa.exceptions() == [-10_000]
    took_back(slip, finance, villa.scene.times.now())
    villa.read(MINUTE)
    villa.read(MINUTE)
    assert (villa.exceptions(), villa.drift, villa.net(AccountKind.SUSPENSE)) == ([], 0, 0)


def test_it_is_taken_back_once_by_however_many(villa: Watch, finance: User) -> None:
    before = villa.book.posted
    slip = deposit(villa, finance)
    refusals: list[str] = []

    def attempt() -> None:
        try:
            took_back(slip, finance, villa.scene.times.now())
        except Decided as error:
            refusals.append(str(error))

    together(*[attempt for _ in range(4)])
    assert len(refusals) == 3
    assert villa.book.posted == before
    events = AuditEvent.objects.filter(team=villa.account.team, action="ledger.deposit_taken_back")
    assert events.count() == 1


def refused_to_take_back(slip: Transfer, finance: User, at: datetime, **given: str) -> str:
    """Why; and nothing has changed."""
    rows = (Transfer, ReconciliationException, AuditEvent)
    before = [row.objects.count() for row in rows]
    with pytest.raises(NotPossible) as refusal:
        took_back(slip, finance, at, **given)
    assert [row.objects.count() for row in rows] == before
    return str(refusal.value)


def test_taking_it_back_needs_a_reason(villa: Watch, finance: User) -> None:
    slip = deposit(villa, finance)
    assert "Say why" in refused_to_take_back(slip, finance, villa.scene.times.now(), reason=" ")


def test_what_took_a_deposit_back_is_none_itself(villa: Watch, finance: User) -> None:
    now = villa.scene.times.now()
    opposite = took_back(deposit(villa, finance), finance, now)
    assert "recorded by hand" in refused_to_take_back(opposite, finance, now)


def test_one_that_explains_an_exception_is_taken_back_there(villa: Watch, finance: User) -> None:
    paid_in(villa)
    seen = deposit(villa, finance)
    refusal = refused_to_take_back(seen, finance, villa.scene.times.now())
    assert "explains an exception" in refusal


def test_it_is_not_taken_back_in_a_closed_month(villa: Watch, finance: User) -> None:
    slip, now = deposit(villa, finance), villa.scene.times.now()
    ClosedMonth.objects.create(
        wallet=villa.account,
        month=now.date().replace(day=1),
        closed_at=now,
        closed_by=finance,
        totals={},
    )
    assert "month is closed" in refused_to_take_back(slip, finance, now)


class TestBesideAStatement:
    """A deposit that was recorded by hand, and that the provider's statement tells of."""

    @pytest.fixture
    def at(self, scene: SetScene) -> Scene:
        return with_book(scene("smsgig"))

    def recorded(self, at: Scene, person: User) -> Transfer:
        now = at.times.now()
        return record_deposit(
            wallet=at.account,
            amount=Decimal(25),
            day=now.date(),
            actor=person,
            reason="Card",
            now=now,
        )

    def brought(self, at: Scene) -> Match:
        rows = StatementRow.objects.filter(wallet=at.account, before_cut_over=False)
        return Match.objects.get(row__in=rows, row__kind="deposit")

    def test_a_row_that_stands_for_it_keeps_it(self, at: Scene) -> None:
        person = make_member(at.account.team, Role.FINANCE).user
        known = self.recorded(at, person)
        at.sandbox.top_up(at.wallet_id, 25)
        reconciled(at)
        assert self.brought(at).transfer == known
        assert "undo that match" in refused_to_take_back(known, person, at.times.now())
        check(at)

    def test_a_row_that_comes_later_is_not_matched_to_it(self, at: Scene) -> None:
        person = make_member(at.account.team, Role.FINANCE).user
        took_back(self.recorded(at, person), person, at.times.now())
        at.sandbox.top_up(at.wallet_id, 25)
        reconciled(at)
        assert self.brought(at).transfer.key.startswith("row:")
        check(at)
