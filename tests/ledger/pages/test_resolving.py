"""An exception is resolved once, with a reason, its money in one place at a time."""

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent, ProviderAccount, User
from accounts.states import Role
from ledger.models import Refund, Transfer
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.refunds import land, withdraw
from ledger.operations.resolving import assign, reopen, resolve, undo_assign
from ledger.operations.writing_off import take_back as take_back_write_off
from ledger.operations.writing_off import write_off
from ledger.states import (
    AccountKind,
    ExceptionKind,
    ExceptionState,
    RefundState,
    Resolution,
)
from tests.factories import make_member
from tests.ledger.pages.making import make_exception, make_refund, make_wallet, net

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def somebody(wallet: ProviderAccount, role: Role = Role.FINANCE) -> User:
    return make_member(wallet.team, role).user


@pytest.mark.parametrize(
    ("amount", "outcome", "holder"),
    [
        ("-0.45", Resolution.OUTSIDE, AccountKind.OUTSIDE),
        ("0.45", Resolution.OUTSIDE, AccountKind.OUTSIDE),
        ("-0.45", Resolution.WRITE_OFF, AccountKind.WRITE_OFF),
        ("0.45", Resolution.WRITE_OFF, AccountKind.WRITE_OFF),
        ("0.45", Resolution.DEPOSIT, AccountKind.FUNDING),
    ],
)
def test_the_money_leaves_suspense(amount: str, outcome: Resolution, holder: AccountKind) -> None:
    wallet = make_wallet(balance="100")
    actor = somebody(wallet)
    exception = make_exception(wallet, amount)
    signed = Decimal(amount)
    assert net(wallet)[AccountKind.SUSPENSE] == -signed
    resolve(exception=exception, outcome=outcome, reason="It was ours.", actor=actor, now=NOW)
    held = net(wallet)
    assert AccountKind.SUSPENSE not in held
    assert held[AccountKind.WALLET] == 100 + signed
    assert held[holder] == -signed - (100 if holder == AccountKind.FUNDING else 0)
    exception.refresh_from_db()
    assert exception.state == ExceptionState.RESOLVED
    assert (exception.resolution, exception.resolved_by) == (outcome, actor)
    event = AuditEvent.objects.get(action="exception.resolved")
    assert (event.actor, event.reason) == (actor, "It was ours.")


@pytest.mark.parametrize(
    ("amount", "outcome", "reason"),
    [
        ("-0.45", Resolution.DEPOSIT, "why"),
        ("-0.45", Resolution.NOTED, "why"),
        ("0.45", Resolution.NOTED, "why"),
        ("0", Resolution.OUTSIDE, "why"),
        ("0", Resolution.WRITE_OFF, "why"),
        ("0.45", Resolution.MATCHED, "why"),
        ("0.45", Resolution.OUTSIDE, "  "),
    ],
)
def test_what_it_can_not_have_been_is_refused(
    amount: str, outcome: Resolution, reason: str
) -> None:
    wallet = make_wallet()
    exception = make_exception(wallet, amount)
    before = net(wallet)
    with pytest.raises(NotPossible):
        resolve(
            exception=exception, outcome=outcome, reason=reason, actor=somebody(wallet), now=NOW
        )
    exception.refresh_from_db()
    assert exception.state == ExceptionState.OPEN
    assert net(wallet) == before
    assert not AuditEvent.objects.filter(action="exception.resolved").exists()


def test_a_notice_moves_no_money() -> None:
    wallet = make_wallet()
    exception = make_exception(wallet, "0", ExceptionKind.CHANGED_ROW)
    booked = Transfer.objects.count()
    resolve(
        exception=exception,
        outcome=Resolution.NOTED,
        reason="A typo of theirs.",
        actor=somebody(wallet),
        now=NOW,
    )
    exception.refresh_from_db()
    assert exception.state == ExceptionState.RESOLVED
    assert Transfer.objects.count() == booked


def test_it_can_be_taken_back_as_often_as_it_is_resolved() -> None:
    wallet = make_wallet()
    actor = somebody(wallet)
    exception = make_exception(wallet, "-0.45")
    suspended = net(wallet)
    for outcome in (Resolution.OUTSIDE, Resolution.WRITE_OFF, Resolution.OUTSIDE):
        resolve(exception=exception, outcome=outcome, reason="Sure.", actor=actor, now=NOW)
        exception.refresh_from_db()
        assert net(wallet) != suspended
        reopen(exception=exception, reason="Not so sure.", actor=actor, now=NOW)
        exception.refresh_from_db()
        assert exception.state == ExceptionState.OPEN
        assert exception.resolved_by is None
        assert net(wallet) == suspended
    assert AuditEvent.objects.filter(action="exception.reopened").count() == 3
    with pytest.raises(Decided):
        reopen(exception=exception, reason="Again.", actor=actor, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_people_can_not_resolve_the_same_twice() -> None:
    wallet = make_wallet()
    people = [somebody(wallet), somebody(wallet)]
    exception = make_exception(wallet, "-0.45")
    start = threading.Barrier(2)
    said: list[object] = []

    def decide(actor: User, outcome: Resolution) -> None:
        try:
            start.wait(10)
            resolve(exception=exception, outcome=outcome, reason="Mine.", actor=actor, now=NOW)
            said.append(outcome)
        except Decided as error:
            said.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=pair)
        for pair in zip(people, (Resolution.OUTSIDE, Resolution.WRITE_OFF), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(isinstance(each, Decided) for each in said) == [False, True]
    exception.refresh_from_db()
    assert exception.resolution in said
    moved = {AccountKind.OUTSIDE, AccountKind.WRITE_OFF} & net(wallet).keys()
    assert moved == {exception.resolution}
    assert AuditEvent.objects.filter(action="exception.resolved").count() == 1


def test_only_finance_can_take_one() -> None:
    wallet = make_wallet()
    finance, member = somebody(wallet), somebody(wallet, Role.MEMBER)
    stranger = somebody(make_wallet())
    exception = make_exception(wallet)
    assign(exception=exception, to=finance, actor=finance)
    exception.refresh_from_db()
    assert (exception.state, exception.assigned_to) == (ExceptionState.ASSIGNED, finance)
    for other in (member, stranger):
        with pytest.raises(NotPossible):
            assign(exception=exception, to=other, actor=finance)
    exception.refresh_from_db()
    assert exception.assigned_to == finance
    assign(exception=exception, to=None, actor=finance)
    exception.refresh_from_db()
    assert exception.state == ExceptionState.OPEN
    assert exception.assigned_to is None
    assert AuditEvent.objects.filter(action="exception.assigned").count() == 2


def test_assigning_is_undone_unless_somebody_assigned_it_anew() -> None:
    wallet = make_wallet()
    first, second, third = (somebody(wallet) for _ in range(3))
    exception = make_exception(wallet)
    assign(exception=exception, to=first, actor=first)
    assign(exception=exception, to=second, actor=first)
    undo_assign(exception=exception, to=first, instead_of=second.pk, actor=first)
    exception.refresh_from_db()
    assert exception.assigned_to == first
    undo_assign(exception=exception, to=None, instead_of=first.pk, actor=first)
    exception.refresh_from_db()
    assert exception.state == ExceptionState.OPEN
    assign(exception=exception, to=third, actor=third)
    events = AuditEvent.objects.count()
    with pytest.raises(NotPossible, match="Too late"):
        undo_assign(exception=exception, to=None, instead_of=first.pk, actor=first)
    exception.refresh_from_db()
    assert exception.assigned_to == third
    assert AuditEvent.objects.count() == events == 5


def test_a_refund_is_written_off_with_its_notice() -> None:
    wallet = make_wallet()
    actor = somebody(wallet)
    refund = make_refund(wallet, "0.45")
    land(refund, Decimal("0.20"), key="row:1:refund", occurred_at=NOW, now=NOW)
    refund.refresh_from_db()
    assert refund.state == RefundState.SHORT_PAID
    before = net(wallet)
    write_off(refund=refund, reason="They won't pay.", actor=actor, now=NOW)
    refund.refresh_from_db()
    assert (refund.state, refund.closed_by) == (RefundState.WRITTEN_OFF, actor)
    [notice] = wallet.exceptions.filter(kind=ExceptionKind.SHORT_REFUND)
    assert (notice.state, notice.resolution) == (ExceptionState.RESOLVED, Resolution.WRITE_OFF)
    assert net(wallet) == before
    with pytest.raises(Decided):
        write_off(refund=refund, reason="Again.", actor=actor, now=NOW)


@pytest.mark.parametrize("came", ["", "0.20"])
def test_a_write_off_is_taken_back_with_its_notice(came: str) -> None:
    wallet = make_wallet()
    actor = somebody(wallet)
    refund = make_refund(wallet, "0.45")
    if came:
        land(refund, Decimal(came), key="row:1:refund", occurred_at=NOW, now=NOW)
    refund.refresh_from_db()
    was, before = refund.state, net(wallet)
    write_off(refund=refund, reason="They won't pay.", actor=actor, now=NOW)
    take_back_write_off(refund=refund, reason="Another's claim.", actor=actor, now=NOW)
    refund.refresh_from_db()
    assert (refund.state, refund.closed_by, refund.reason) == (was, None, "")
    notices = wallet.exceptions.filter(kind=ExceptionKind.SHORT_REFUND)
    assert [each.state for each in notices] == ([ExceptionState.OPEN] if came else [])
    assert net(wallet) == before
    event = AuditEvent.objects.get(action="refund.awaited_again")
    assert (event.actor, event.reason) == (actor, "Another's claim.")
    with pytest.raises(Decided):
        take_back_write_off(refund=refund, reason="Again.", actor=actor, now=NOW)
    write_off(refund=refund, reason="No, it was.", actor=actor, now=NOW)


def test_what_nobody_wrote_off_is_not_taken_back() -> None:
    wallet = make_wallet()
    actor, refund = somebody(wallet), make_refund(wallet, "0.45")
    withdraw(wallet, refund.reference, reason="It was no claim.")
    with pytest.raises(Decided):
        take_back_write_off(refund=refund, reason="It was.", actor=actor, now=NOW)
    paid = make_refund(wallet, "0.45")
    write_off(refund=paid, reason="Too old.", actor=actor, now=NOW)
    with pytest.raises(NotPossible, match="Say why"):
        take_back_write_off(refund=paid, reason="  ", actor=actor, now=NOW)
    land(paid, Decimal("0.45"), key="row:2:refund", occurred_at=NOW, now=NOW)
    with pytest.raises(Decided):
        take_back_write_off(refund=paid, reason="It came.", actor=actor, now=NOW)
    paid.refresh_from_db()
    assert paid.state == RefundState.RECEIVED
    assert not AuditEvent.objects.filter(action="refund.awaited_again").exists()


def test_money_that_comes_after_a_write_off_still_counts() -> None:
    wallet = make_wallet()
    refund = make_refund(wallet, "0.45")
    write_off(refund=refund, reason="Too old.", actor=somebody(wallet), now=NOW)
    land(refund, Decimal("0.45"), key="row:2:refund", occurred_at=NOW, now=NOW)
    refund.refresh_from_db()
    assert (refund.state, refund.received) == (RefundState.RECEIVED, Decimal("0.45"))


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_write_off_needs_a_reason(reason: str) -> None:
    wallet = make_wallet()
    refund = make_refund(wallet)
    with pytest.raises(NotPossible):
        write_off(refund=refund, reason=reason, actor=somebody(wallet), now=NOW)
    assert Refund.objects.get().state == RefundState.EXPECTED
    assert not AuditEvent.objects.filter(action="refund.written_off").exists()
