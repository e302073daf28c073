"""The wallets and a wallet's statement: its balances, places, filters and deposits."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.states import Role
from ledger.models import Reconciliation, Transfer
from ledger.operations.months import close_month
from ledger.operations.rates import Rate, enter_rate
from ledger.queries.statement import PAGE, Point, Wanted, all_lines, statement
from ledger.states import TransferKind
from tests.factories import make_member, make_provider_account, make_team
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_exception, make_refund, make_transfer, make_wallet
from tests.pages.clients import HTMX, page, signed_in, words


def test_a_total_needs_a_rate_and_shows_it(desk: Desk) -> None:
    client = signed_in(desk.finance)
    said = words(client.get(page("wallets", desk.team)))
    assert "There is no rate from NGN into USD" in said
    enter_rate(
        team=desk.team,
        wanted=Rate(day=date(2026, 1, 2), currency="NGN", into="USD", rate=Decimal("0.001")),
        actor=desk.finance.user,
        now=timezone.now(),
    )
    said = words(client.get(page("wallets", desk.team)))
    assert "USD 100.10" in said
    assert "1 NGN = 0.001 USD, rate of 2 Jan 2026" in said


def test_the_wallets_cost_as_many_queries_however_many_they_are(desk: Desk) -> None:
    client = signed_in(desk.finance)
    client.get(page("wallets", desk.team))
    with CaptureQueriesContext(connection) as few:
        client.get(page("wallets", desk.team))
    for number in range(5):
        wallet = make_wallet(account=make_provider_account(desk.team, label=f"W{number}"))
        make_exception(wallet)
        make_refund(wallet)
    with CaptureQueriesContext(connection) as many:
        client.get(page("wallets", desk.team))
    assert len(many) == len(few)


def test_each_line_says_what_the_wallet_held_after_it(desk: Desk) -> None:
    make_transfer(desk.gig, amount="1.50")
    make_transfer(desk.gig, TransferKind.REFUND, "0.50")
    make_transfer(desk.gig, TransferKind.DEPOSIT, "10")
    lines = statement(desk.gig, Wanted()).lines
    amounts = [Decimal("10"), Decimal("0.50"), Decimal("-1.50"), Decimal("100")]
    assert [line.amount for line in lines] == amounts
    held = [Decimal("109"), Decimal("99"), Decimal("98.50"), Decimal("100")]
    assert [line.after for line in lines] == held
    assert [line[-1] for line in all_lines(desk.gig, Wanted())] == held[::-1]
    said = words(signed_in(desk.finance).get(page("wallet_detail", desk.team, wallet=desk.gig.pk)))
    assert "USD −1.50" in said  # noqa: RUF001 - a real minus sign
    assert "USD +10.00" in said


def test_pages_follow_each_other_without_a_gap_both_ways(desk: Desk) -> None:
    for _ in range(2 * PAGE + 5):
        make_transfer(desk.gig, amount="0.10")
    whole = list(all_lines(desk.gig, Wanted()))[::-1]
    pages, place = [], None
    while True:
        part = statement(desk.gig, Wanted(), before=place)
        pages.append(part)
        place = part.older
        if place is None:
            break
    shown = [(line.transfer.pk, line.after) for part in pages for line in part.lines]
    assert shown == [(line[0], line[-1]) for line in whole]
    assert pages[0].newer is None
    back = statement(desk.gig, Wanted(), after=pages[2].newer)
    assert [line.transfer.pk for line in back.lines] == [
        line.transfer.pk for line in pages[1].lines
    ]
    first = statement(desk.gig, Wanted(), after=pages[1].newer)
    assert [line.after for line in first.lines] == [line.after for line in pages[0].lines]


def test_a_page_costs_as_many_queries_however_long_it_is(desk: Desk) -> None:
    client = signed_in(desk.finance)
    address = page("wallet_detail", desk.team, wallet=desk.gig.pk)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _ in range(30):
        make_transfer(desk.gig)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


def test_as_of_a_day_and_of_a_month(desk: Desk) -> None:
    wallet = make_wallet(
        account=make_provider_account(desk.team), at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    for month, amount in ((3, "1"), (4, "2"), (5, "4")):
        make_transfer(wallet, amount=amount, at=datetime(2026, month, 10, tzinfo=UTC))
    client, address = signed_in(desk.finance), page("wallet_detail", desk.team, wallet=wallet.pk)
    april = client.get(address, {"month": "2026-04"})
    assert [line.after for line in april.context["page"].lines] == [Decimal("97")]
    assert (april.context["opening"], april.context["closing"]) == (Decimal("99"), Decimal("97"))
    until = client.get(address, {"as_of": "2026-04-30"})
    assert [line.after for line in until.context["page"].lines] == [97, 99, 100]
    assert client.get(address, {"as_of": "2026-03-31"}).context["closing"] == 99


def test_closed_months_are_stepping_stones_to_the_same_balances(desk: Desk) -> None:
    wallet = make_wallet(
        account=make_provider_account(desk.team), at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    for month in (3, 4, 5):
        make_transfer(wallet, amount="1.25", at=datetime(2026, month, 10, tzinfo=UTC))
    wanted = Wanted(until=date(2026, 3, 31))
    before = [line.after for line in statement(wallet, wanted).lines]
    close_month(wallet=wallet, first=date(2026, 3, 1), actor=desk.finance.user, now=timezone.now())
    assert [line.after for line in statement(wallet, wanted).lines] == before


def test_lines_are_found_by_rental_activation_and_kind(desk: Desk) -> None:
    make_transfer(desk.gig, reference="rental:4711", external_id="998877")
    make_transfer(desk.gig)
    client = signed_in(desk.finance)
    address = page("wallet_detail", desk.team, wallet=desk.gig.pk)
    for query in ({"q": "4711"}, {"q": "#4711"}, {"q": "rental:4711"}, {"q": "998877"}):
        found = client.get(address, query).context["page"].lines
        assert [line.transfer.reference for line in found] == ["rental:4711"]
        assert found[0].after is None
    deposits = client.get(address, {"kind": "opening"}).context["page"].lines
    assert [line.amount for line in deposits] == [100]
    link = page("rental_detail", desk.team, rental=4711)
    assert f'href="{link}"' in client.get(address).text
    assert "No line matches" in words(client.get(address, {"q": "nothing"}))


@pytest.mark.parametrize("text", ["", ".", "2026-13-01.1", "2026-01-01.x", "1.1", "2026-01-01.-1"])
def test_a_place_that_is_none_is_no_place(text: str) -> None:
    assert Point.read(text) is None


def test_a_place_is_read_as_it_is_written() -> None:
    assert Point.read(str(Point(date(2026, 1, 2), 77))) == Point(date(2026, 1, 2), 77)


def test_a_deposit_is_booked_once(desk: Desk) -> None:
    client = signed_in(desk.finance)
    address = page("deposit_create", desk.team, wallet=desk.villa.pk)
    form = {
        "amount": "2500.50",
        "day": timezone.now().date(),
        "reason": "Transfer 17",
        "request_key": "7d9a4b1e-3a6f-4d0b-9a56-0f3b8f0a1c2d",
    }
    for _ in range(2):
        assert client.post(address, form).status_code == 302
    booked = Transfer.objects.get(kind=TransferKind.DEPOSIT)
    assert (booked.amount, booked.actor) == (Decimal("2500.50"), desk.finance.user)
    assert AuditEvent.objects.filter(action="ledger.deposit_recorded").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "-5"},
        {"amount": "0"},
        {"amount": "1e999"},
        {"amount": "9" * 30},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "0.00001"},
        {"amount": "1\0"},
        {"reason": ""},
        {"reason": "a\0b"},
        {"day": "tomorrow"},
        {"day": "9999-12-31"},
        {"request_key": "no-key"},
    ],
)
def test_a_wrong_deposit_is_said_and_not_booked(desk: Desk, wrong: dict[str, str]) -> None:
    form = {"amount": "5", "day": str(timezone.now().date()), "reason": "Transfer 17"} | wrong
    address = page("deposit_create", desk.team, wallet=desk.villa.pk)
    response = signed_in(desk.finance).post(address, form)
    assert response.status_code == 422
    assert not Transfer.objects.filter(kind=TransferKind.DEPOSIT).exists()
    assert not AuditEvent.objects.exists()


def test_reconcile_now_shows_how_it_goes(desk: Desk) -> None:
    client = signed_in(desk.finance)
    address = page("wallet_reconcile", desk.team, wallet=desk.gig.pk)
    panel = client.post(address, headers=HTMX)
    assert 'hx-trigger="every 1s"' in panel.text
    assert "<progress" in panel.text
    run = Reconciliation.objects.get()
    assert run.asked_by == desk.finance.user
    client.post(address)
    assert Reconciliation.objects.count() == 1
    run.finished_at, run.step = timezone.now(), "done"
    run.save()
    reading = page("reconciliation", desk.team, wallet=desk.gig.pk)
    assert "every 1s" not in client.get(reading, headers=HTMX).text
    plain = client.get(reading)
    assert plain["Location"] == page("wallet_detail", desk.team, wallet=desk.gig.pk)


def test_an_admin_sees_no_button(desk: Desk) -> None:
    client = signed_in(desk.admin)
    text = client.get(page("wallet_detail", desk.team, wallet=desk.gig.pk)).text
    main = text.partition("<main")[2].partition("</main>")[0]
    sent_to = re.findall(r'<form[^>]* method="post"[^>]* action="([^"]*)"', main)
    assert sent_to == [page("columns_choose", desk.team)]
    assert "export" not in main


def test_a_wallet_of_another_team_is_not_there(desk: Desk) -> None:
    other = make_wallet(account=make_provider_account(make_team()))
    client = signed_in(desk.finance)
    for name in ("wallet_detail", "statement_export"):
        assert client.get(page(name, desk.team, wallet=other.pk)).status_code == 404
    for name in ("deposit_create", "wallet_reconcile"):
        assert client.post(page(name, desk.team, wallet=other.pk)).status_code == 404
    assert client.get(page("wallet_detail", desk.team, wallet=10**30)).status_code == 404
    assert not Reconciliation.objects.exists()


def test_a_team_without_a_wallet_is_told_how_it_begins(desk: Desk) -> None:

    lonely = make_member(make_team(), Role.FINANCE)
    assert "No wallet yet" in words(signed_in(lonely).get(page("wallets", lonely.team)))
