"""Months and rates as pages: closed with a note and a name, entered one by one or as a file."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ProviderAccount
from ledger.models import ClosedMonth, ExchangeRate
from ledger.queries.months import mark_of, open_items
from tests.factories import make_provider_account
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_exception, make_transfer, make_wallet
from tests.pages.clients import page, signed_in, words

MARCH = date(2026, 3, 1)


@pytest.fixture
def wallet(desk: Desk) -> ProviderAccount:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    wallet = make_wallet(account=make_provider_account(desk.team, "smsgig"), at=at)
    make_transfer(wallet, amount="1.50", at=datetime(2026, 3, 20, tzinfo=UTC))
    return wallet


def test_a_month_is_closed_on_its_page(desk: Desk, wallet: ProviderAccount) -> None:
    client = signed_in(desk.finance)
    at = {"wallet": wallet.pk, "first": MARCH}
    address = page("month_detail", desk.team, **at)
    assert address.endswith(f"/months/{wallet.pk}/2026-03/")
    shown = words(client.get(address))
    assert "At the end USD 98.50" in shown
    assert "Rentals less refunds: USD 1.50" in shown
    closed = client.post(page("month_close", desk.team, **at), {"note": "All fine."}, follow=True)
    assert "be opened again" in words(closed)
    assert "Close the month" not in words(closed)
    assert ClosedMonth.objects.get().note == "All fine."
    again = client.post(page("month_close", desk.team, **at))
    assert again.status_code == 422
    assert "closed already" in words(again)


def test_what_is_open_must_be_known(desk: Desk, wallet: ProviderAccount) -> None:
    make_exception(wallet, at=datetime(2026, 3, 20, tzinfo=UTC))
    client = signed_in(desk.finance)
    address = page("month_close", desk.team, wallet=wallet.pk, first=MARCH)
    tick = f"knows-{mark_of(open_items(wallet, MARCH))}"
    assert client.post(address, {"note": "x"}).status_code == 422
    assert client.post(address, {tick: "on", "note": "x"}).status_code == 422
    assert client.post(address, {tick: "on", "follows_up": "99999"}).status_code == 422
    assert not ClosedMonth.objects.exists()
    form = {tick: "on", "note": "Asked them.", "follows_up": desk.colleague.user.pk}
    assert client.post(address, form).status_code == 302
    assert wallet.exceptions.get().assigned_to == desk.colleague.user


def test_what_opened_after_the_page_was_read_is_not_known(
    desk: Desk, wallet: ProviderAccount
) -> None:
    client = signed_in(desk.finance)
    address = page("month_close", desk.team, wallet=wallet.pk, first=MARCH)
    make_exception(wallet, at=datetime(2026, 3, 20, tzinfo=UTC))
    seen = ticked(client.get(page("month_detail", desk.team, wallet=wallet.pk, first=MARCH)))
    make_exception(wallet, at=datetime(2026, 3, 21, tzinfo=UTC))
    said = {"note": "Asked them.", "follows_up": desk.colleague.user.pk}
    answer = client.post(address, {seen: "on", **said})
    assert answer.status_code == 422
    assert "Something is still open" in words(answer)
    assert "checked" not in answer.content.decode()
    assert not ClosedMonth.objects.exists()
    assert not wallet.exceptions.filter(assigned_to__isnull=False).exists()
    assert client.post(address, {ticked(answer): "on", **said}).status_code == 302


def ticked(answer: Any) -> str:
    """The name of the tick that says that what is open is known."""
    [name] = re.findall(r'name="(knows-\w+)"', answer.content.decode())
    return str(name)


def test_the_months_cost_as_many_queries_however_many_wallets(
    desk: Desk, wallet: ProviderAccount
) -> None:
    client = signed_in(desk.finance)
    client.get(page("month_list", desk.team))
    with CaptureQueriesContext(connection) as few:
        client.get(page("month_list", desk.team))
    for _ in range(4):
        make_wallet(account=make_provider_account(desk.team), at=datetime(2026, 4, 1, tzinfo=UTC))
    client.get(page("month_list", desk.team))  # the first keeps each wallet's past months
    with CaptureQueriesContext(connection) as many:
        client.get(page("month_list", desk.team))
    assert len(many) == len(few)


def test_the_months_stand_a_year_a_page(desk: Desk) -> None:
    make_wallet(account=make_provider_account(desk.team), at=datetime(2020, 3, 2, tzinfo=UTC))
    client = signed_in(desk.finance)
    address = page("month_list", desk.team)
    newest = client.get(address).text
    assert newest.count("<table") == 12
    assert "?page=2" in newest
    assert 'id="month-2020-03"' not in newest
    oldest = client.get(f"{address}?page=999").text
    assert 'id="month-2020-03"' in oldest
    assert oldest.count("<table") <= 12


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "1026-01", "2026-3", "9999-99", "x"])
def test_an_address_that_is_no_month_is_not_there(
    desk: Desk, wallet: ProviderAccount, month: str
) -> None:
    base = page("month_list", desk.team)
    assert signed_in(desk.finance).get(f"{base}{wallet.pk}/{month}/").status_code == 404


def test_a_month_before_the_book_is_not_there(desk: Desk, wallet: ProviderAccount) -> None:
    for first in (date(2020, 1, 1), date(2999, 12, 1)):
        at = {"wallet": wallet.pk, "first": first}
        assert signed_in(desk.finance).get(page("month_detail", desk.team, **at)).status_code == 404


def test_an_admin_reads_the_months_and_closes_none(desk: Desk, wallet: ProviderAccount) -> None:
    client = signed_in(desk.admin)
    at = {"wallet": wallet.pk, "first": MARCH}
    text = client.get(page("month_detail", desk.team, **at)).text
    assert "<form" not in text.partition("<main")[2].partition("</main>")[0]
    assert client.post(page("month_close", desk.team, **at)).status_code == 403
    assert not ClosedMonth.objects.exists()


def test_a_rate_is_entered_once(desk: Desk) -> None:
    client = signed_in(desk.finance)
    form = {"day": "2026-03-01", "currency": "NGN", "into": "USD", "rate": "0.000652"}
    address = page("rate_create", desk.team)
    assert client.post(address, form).status_code == 302
    again = client.post(address, form | {"rate": "0.0007"})
    assert again.status_code == 422
    assert "has a rate already" in words(again)
    assert "1 NGN = 0.000652 USD" in words(client.get(page("rate_list", desk.team)))


def test_a_wrong_rate_is_corrected_on_its_line(desk: Desk) -> None:
    client = signed_in(desk.finance)
    form = {"day": "2026-03-01", "currency": "NGN", "into": "USD", "rate": "1534"}
    client.post(page("rate_create", desk.team), form)
    wrong = ExchangeRate.objects.get()
    address = page("rate_correct", desk.team, rate=wrong.pk)
    for refused in ({"rate": "0.0006"}, {"rate": "x", "reason": "Why"}, {"rate": "1534"}):
        assert client.post(address, refused).status_code == 422
    assert ExchangeRate.objects.count() == 1
    right = {"rate": "0.000652", "reason": "Upside down"}
    said = words(client.post(address, right, follow=True))
    assert "The rate is corrected." in said
    assert "1 NGN = 0.000652 USD" in said
    assert "“Upside down”" in said
    assert "USD Corrected" in said
    again = client.post(address, right)
    assert again.status_code == 422
    assert "corrected meanwhile" in words(again)
    assert ExchangeRate.objects.count() == 2


@pytest.mark.parametrize("rate", ["0", "-1", "1e999", "NaN", "abc", "", "9" * 40, "1\0"])
def test_a_wrong_rate_is_said(desk: Desk, rate: str) -> None:
    form = {"day": "2026-03-01", "currency": "NGN", "into": "USD", "rate": rate}
    assert signed_in(desk.finance).post(page("rate_create", desk.team), form).status_code == 422
    assert not ExchangeRate.objects.exists()


def test_a_file_says_what_is_wrong_with_which_line(desk: Desk) -> None:
    lines = b"day,currency,into,rate\n2026-03-01,NGN,USD,0.0006\n2026-03-02,NGN,USD,x\n"
    file = SimpleUploadedFile("rates.csv", lines)
    response = signed_in(desk.finance).post(page("rate_import", desk.team), {"file": file})
    assert response.status_code == 422
    assert "Line 3: The rate must be a number" in words(response)
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\0", b"a" * 1_000_001, b"PK\x03\x04"])
def test_a_file_that_is_none_is_said(desk: Desk, content: bytes) -> None:
    file = SimpleUploadedFile("rates.csv", content)
    response = signed_in(desk.finance).post(page("rate_import", desk.team), {"file": file})
    assert response.status_code == 422
    assert not ExchangeRate.objects.exists()


def test_the_reporting_currency_is_the_admins_to_choose(desk: Desk) -> None:
    client = signed_in(desk.admin)
    form = {"name": desk.team.name, "time_zone": "UTC", "reporting_currency": "EUR"}
    assert client.post(page("team_settings", desk.team), form).status_code == 302
    desk.team.refresh_from_db()
    assert desk.team.reporting_currency == "EUR"
    form["reporting_currency"] = "XXX"
    assert client.post(page("team_settings", desk.team), form).status_code == 422
    desk.team.refresh_from_db()
    assert desk.team.reporting_currency == "EUR"
