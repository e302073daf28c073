"""A closed month stays as it was: nothing is booked in it, and what was open has a name."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import AuditEvent, ProviderAccount, User
from accounts.operations import change_roles, change_settings, remove_member
from accounts.operations.errors import NotPossible as NoSuchZoneYet
from accounts.states import Role
from ledger.book import MonthClosed
from ledger.models import ClosedMonth, Transfer
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.months import close_month
from ledger.operations.resolving import assign
from ledger.queries.months import mark_of, month, months, open_items
from ledger.states import AccountKind, TransferKind
from tests.factories import make_member
from tests.ledger.pages.making import (
    make_exception,
    make_hold,
    make_refund,
    make_transfer,
    make_wallet,
)

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
NOW = datetime(2026, 5, 10, tzinfo=UTC)


def on(month_: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month_, day, hour, tzinfo=UTC)


@pytest.fixture
def wallet() -> ProviderAccount:
    """Opened in March with 100: a rental in March, a deposit and a rental in April."""
    wallet = make_wallet(balance="100", at=on(3, 2))
    make_transfer(wallet, amount="1.50", at=on(3, 31))
    make_transfer(wallet, TransferKind.DEPOSIT, "20", at=on(4, 1))
    make_transfer(wallet, amount="0.25", at=on(4, 30))
    return wallet


@pytest.fixture
def actor(wallet: ProviderAccount) -> User:
    return make_member(wallet.team, Role.FINANCE).user


def test_a_month_adds_up(wallet: ProviderAccount) -> None:
    march, april, may = months(wallet, now=NOW)
    assert (march.first, april.first, may.first) == (MARCH, APRIL, MAY)
    assert march.opening == 0
    assert march.closing == Decimal("98.50")
    assert march.movements == {
        TransferKind.OPENING: 100,
        TransferKind.PURCHASE: Decimal("-1.50"),
    }
    assert (april.opening, april.closing) == (Decimal("98.50"), Decimal("118.25"))
    assert (may.opening, may.closing, may.movements) == (april.closing, april.closing, {})


def test_a_closed_month_is_frozen(wallet: ProviderAccount, actor: User) -> None:
    before = month(wallet, MARCH, now=NOW)
    closed = close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW)
    assert closed.totals["closing"] == "98.5000"
    after = month(wallet, MARCH, now=NOW)
    assert before is not None
    assert after is not None
    assert after.closed == closed
    assert (after.opening, after.closing) == (before.opening, before.closing)
    assert after.movements == before.movements
    with pytest.raises(MonthClosed), transaction.atomic():
        make_transfer(wallet, at=on(3, 15))
    make_transfer(wallet, at=on(4, 15))
    april = month(wallet, APRIL, now=NOW)
    assert april is not None
    assert april.closing == Decimal("117.80")
    assert AuditEvent.objects.get(action="month.closed").actor == actor


@pytest.mark.parametrize(
    ("first", "error"),
    [
        (MAY, NotPossible),  # not over
        (APRIL, NotPossible),  # March is open
        (date(2026, 2, 1), NotPossible),  # before the book
        (date(2026, 3, 2), NotPossible),  # no month
        (date(2030, 1, 1), NotPossible),
    ],
)
def test_what_can_not_be_closed(
    wallet: ProviderAccount, actor: User, first: date, error: type[Exception]
) -> None:
    with pytest.raises(error):
        close_month(wallet=wallet, first=first, actor=actor, now=NOW)
    assert not ClosedMonth.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("leaves", [True, False])
def test_only_finance_closes_a_month(wallet: ProviderAccount, actor: User, leaves: bool) -> None:
    """Whoever had the role when they opened the page may have lost it since."""
    had = wallet.team.memberships.get(user=actor)
    make_member(wallet.team, Role.ADMIN)
    if leaves:
        remove_member(membership=had, actor=None)
    else:
        change_roles(membership=had, roles=[Role.ADMIN], actor=None)
    with pytest.raises(NotPossible, match="Only somebody with the role finance"):
        close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW)
    assert not ClosedMonth.objects.exists()


def test_a_month_is_closed_once(wallet: ProviderAccount, actor: User) -> None:
    close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW)
    with pytest.raises(Decided):
        close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW)
    assert ClosedMonth.objects.count() == 1


def test_a_month_is_over_in_the_teams_own_zone(actor: User, wallet: ProviderAccount) -> None:
    wallet.team.time_zone = "America/New_York"
    wallet.team.save()
    close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW)
    with pytest.raises(NotPossible):
        close_month(wallet=wallet, first=APRIL, actor=actor, now=on(5, 1, 3))
    close_month(wallet=wallet, first=APRIL, actor=actor, now=on(5, 1, 5))


def test_no_zone_leads_back_into_a_closed_month(wallet: ProviderAccount, actor: User) -> None:
    """Whatever a provider charges now has to be booked today."""
    team, new_month = wallet.team, on(4, 30, 11)
    change_settings(team=team, actor=None, time_zone="Pacific/Apia", now=new_month)
    wallet.team.refresh_from_db()
    close_month(wallet=wallet, first=MARCH, actor=actor, now=new_month)
    close_month(wallet=wallet, first=APRIL, actor=actor, now=new_month)
    with pytest.raises(NoSuchZoneYet, match="April 2026"):
        change_settings(team=team, actor=None, time_zone="America/Sao_Paulo", now=new_month)
    team.refresh_from_db()
    assert team.time_zone == "Pacific/Apia"
    change_settings(team=team, actor=None, time_zone="America/Sao_Paulo", now=on(5, 1, 3))
    make_transfer(ProviderAccount.objects.get(), at=on(5, 1, 3))


@pytest.mark.parametrize("what", ["exception", "refund", "hold"])
def test_with_something_open_only_knowingly_with_a_note_and_a_name(
    wallet: ProviderAccount, actor: User, what: str
) -> None:
    if what == "exception":
        make_exception(wallet, at=on(3, 20))
    elif what == "refund":
        make_refund(wallet, at=on(3, 20))
    else:
        make_hold(wallet, at=on(3, 20))
    known = mark_of(open_items(wallet, MARCH))
    tries: list[dict[str, object]] = [
        {},
        {"knows": known, "follows_up": actor},
        {"note": "I know.", "follows_up": actor},
        {"knows": known, "note": "I know."},
        {"knows": "other", "note": "I know.", "follows_up": actor},
    ]
    for given in tries:
        with pytest.raises(NotPossible):
            close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW, **given)  # type: ignore[arg-type]
        assert not ClosedMonth.objects.exists()
        assert not wallet.exceptions.filter(assigned_to__isnull=False).exists()
    closed = close_month(
        wallet=wallet,
        first=MARCH,
        actor=actor,
        now=NOW,
        knows=known,
        note="I know.",
        follows_up=actor,
    )
    [left] = closed.left_open
    assert (left["what"], left["person"]) == (what, str(actor))
    if what == "exception":
        assert wallet.exceptions.get().assigned_to == actor


def test_what_is_open_since_a_later_month_does_not_matter(
    wallet: ProviderAccount, actor: User
) -> None:
    make_exception(wallet, at=on(4, 20))
    make_refund(wallet, at=on(4, 20))
    make_hold(wallet, at=on(4, 20))
    assert close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW).left_open == []


@pytest.mark.parametrize("leaves", [True, False])
def test_what_somebody_had_who_left_finance_is_nobody_s(
    wallet: ProviderAccount, actor: User, leaves: bool
) -> None:
    exception = make_exception(wallet, at=on(3, 20))
    had = make_member(wallet.team, Role.FINANCE, Role.MEMBER)
    assign(exception=exception, to=had.user, actor=actor)
    if leaves:
        remove_member(membership=had, actor=None)
    else:
        change_roles(membership=had, roles=[Role.MEMBER], actor=None)
    known: dict[str, Any] = {"knows": mark_of(open_items(wallet, MARCH)), "note": "I know."}
    with pytest.raises(NotPossible, match="Say who follows up"):
        close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW, **known)
    close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW, follows_up=actor, **known)
    exception.refresh_from_db()
    assert exception.assigned_to == actor
    [left] = ClosedMonth.objects.get().left_open
    assert left["person"] == str(actor)


def test_somebody_of_another_team_can_not_follow_up(wallet: ProviderAccount, actor: User) -> None:
    make_exception(wallet, at=on(3, 20))
    stranger = make_member(make_wallet().team, Role.FINANCE).user
    with pytest.raises(NotPossible):
        close_month(
            wallet=wallet,
            first=MARCH,
            actor=actor,
            now=NOW,
            knows=mark_of(open_items(wallet, MARCH)),
            note="I know.",
            follows_up=stranger,
        )
    assert wallet.exceptions.get().assigned_to is None


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_races_is_counted_or_refused() -> None:
    wallet = make_wallet(balance="100", at=on(3, 2))
    actor = make_member(wallet.team, Role.FINANCE).user
    refused: list[object] = []
    start = threading.Barrier(3)

    def book_some() -> None:
        start.wait(10)
        for _ in range(40):
            try:
                with transaction.atomic():
                    make_transfer(wallet, amount="0.10", at=on(3, 15))
            except MonthClosed as error:
                refused.append(error)
        connection.close()

    threads = [threading.Thread(target=book_some) for _ in range(2)]
    for thread in threads:
        thread.start()
    start.wait(10)
    closed = close_month(wallet=wallet, first=MARCH, actor=actor, now=NOW)
    for thread in threads:
        thread.join(60)
    booked = Transfer.objects.filter(wallet=wallet, kind=TransferKind.PURCHASE).count()
    assert booked + len(refused) == 80
    assert refused
    frozen = Decimal(closed.totals["accounts"][AccountKind.WALLET])
    assert frozen == 100 - booked * Decimal("0.10")
