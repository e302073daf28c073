"""A deposit that was recorded by a slip is taken back on a page that asks first."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from ledger.days import team_day
from ledger.models import ClosedMonth, Transfer
from ledger.operations.deposits import record_deposit
from ledger.states import TransferKind
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_transfer
from tests.pages.clients import page, signed_in, words


@pytest.fixture
def slip(desk: Desk) -> Transfer:
    now = timezone.now()
    return record_deposit(
        wallet=desk.villa,
        amount=Decimal(5000),
        day=team_day(desk.team, now),
        actor=desk.colleague.user,
        reason="Transfer 17",
        now=now,
    )


def address(desk: Desk, slip: Transfer, wallet: int | None = None) -> str:
    at = wallet or desk.villa.pk
    return page("deposit_take_back", desk.team, wallet=at, deposit=slip.pk)


def statement(desk: Desk) -> str:
    client = signed_in(desk.finance)
    return words(client.get(page("wallet_detail", desk.team, wallet=desk.villa.pk)))


def test_it_is_asked_for_on_its_line_and_then_on_a_page(desk: Desk, slip: Transfer) -> None:
    client = signed_in(desk.finance)
    wallet = page("wallet_detail", desk.team, wallet=desk.villa.pk)
    assert f'href="{address(desk, slip)}"' in client.get(wallet).text
    asked = words(client.get(address(desk, slip)))
    assert "5,000.00" in asked
    assert "Transfer 17" in asked
    assert Transfer.objects.filter(wallet=desk.villa).count() == 2
    response = client.post(address(desk, slip), {"reason": "Of another wallet"}, follow=True)
    assert "The deposit is taken back." in words(response)
    said = statement(desk)
    assert "Deposit taken back Of another wallet" in said
    assert "Deposit taken back Transfer 17" in said  # the badge of its line
    assert address(desk, slip) not in client.get(wallet).text


def test_only_what_was_recorded_by_hand_offers_it(desk: Desk) -> None:
    booked = make_transfer(desk.villa, TransferKind.DEPOSIT, "10")
    assert "Take it back" not in statement(desk)
    assert signed_in(desk.finance).get(address(desk, booked)).status_code == 404


def test_an_admin_sees_it_and_is_not_offered_it(desk: Desk, slip: Transfer) -> None:
    wallet = page("wallet_detail", desk.team, wallet=desk.villa.pk)
    said = words(signed_in(desk.admin).get(wallet))
    assert "Transfer 17" in said
    assert "Take it back" not in said


def test_it_is_of_its_own_wallet_only(desk: Desk, slip: Transfer) -> None:
    client = signed_in(desk.finance)
    at = address(desk, slip, wallet=desk.gig.pk)
    assert client.get(at).status_code == 404
    assert client.post(at, {"reason": "Why"}).status_code == 404
    assert not AuditEvent.objects.filter(action="ledger.deposit_taken_back").exists()


@pytest.mark.parametrize("reason", ["", "  "])
def test_no_reason_is_said_and_nothing_booked(desk: Desk, slip: Transfer, reason: str) -> None:
    response = signed_in(desk.finance).post(address(desk, slip), {"reason": reason})
    assert response.status_code == 422
    assert Transfer.objects.filter(wallet=desk.villa).count() == 2


def test_twice_is_said_and_booked_once(desk: Desk, slip: Transfer) -> None:
    client = signed_in(desk.finance)
    client.post(address(desk, slip), {"reason": "A slip"})
    response = client.post(address(desk, slip), {"reason": "A slip"})
    assert response.status_code == 422
    assert "taken back already" in words(response)
    assert Transfer.objects.filter(wallet=desk.villa).count() == 3


def test_in_a_closed_month_it_is_said_and_nothing_booked(desk: Desk, slip: Transfer) -> None:
    now = timezone.now()
    ClosedMonth.objects.create(
        wallet=desk.villa,
        month=team_day(desk.team, now).replace(day=1),
        closed_at=now,
        closed_by=desk.finance.user,
        totals={},
    )
    response = signed_in(desk.finance).post(address(desk, slip), {"reason": "A slip"})
    assert response.status_code == 422
    assert "This month is closed" in words(response)
    assert Transfer.objects.filter(wallet=desk.villa).count() == 2
