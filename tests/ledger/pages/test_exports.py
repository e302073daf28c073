"""Downloads: exactly what is filtered, exact amounts, and nothing that a spreadsheet runs."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from openpyxl import load_workbook

from accounts.models import AuditEvent
from ledger.exports.cells import as_cell, as_text, harmless, texts
from ledger.exports.files import XLSX, write
from ledger.states import RowKind
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_exception, make_refund, make_row, make_transfer
from tests.pages.clients import page, signed_in

EXPORTS = ("wallet_export", "refund_export", "exception_export", "month_export", "rate_export")


def table(desk: Desk, name: str, format_: str = "csv", **more: Any) -> list[dict[str, Any]]:
    query = more.pop("query", {})
    address = page(name, desk.team, **more)
    response: Any = signed_in(desk.finance).get(address, {"format": format_, **query})
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    body = b"".join(response.streaming_content)
    assert len(body) == int(response["Content-Length"])
    if format_ == "csv":
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    sheet: Any = load_workbook(io.BytesIO(body)).active
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\t1", "\r1", "\n1", " =1"),
        *("\N{NO-BREAK SPACE}=1", "\N{IDEOGRAPHIC SPACE}=1"),
        *("\N{FULLWIDTH EQUALS SIGN}1", "\N{FULLWIDTH PLUS SIGN}1"),
        *("\N{FULLWIDTH HYPHEN-MINUS}1", "\N{FULLWIDTH COMMERCIAL AT}1"),
    ],
)
def test_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("QA;=1+1", "QA;'=1+1"),
        ("QA; @SUM(A1);-2", "QA;' @SUM(A1);'-2"),
        ("QA\n=1\r\n+2", "QA\n'=1\r\n'+2"),
        ("=1;=2", "'=1;'=2"),
        ("\r=1", "'\r'=1"),
    ],
)
def test_so_is_one_within_a_text_that_a_spreadsheet_may_part(text: str, told: str) -> None:
    """Where cells are parted by semicolons, a text between commas is not one cell."""
    assert harmless(text) == told


@pytest.mark.parametrize(
    "text", ["", "Airmail", "rental:1", "a=1", "1-2", "3", "a;b", "a\nb", "a, -1", "a - b; c"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_signs_that_no_cell_can_hold_are_left_out() -> None:
    assert harmless("a\0b\x1fc") == "abc"


def test_text_that_is_more_than_text_is_made_harmless_too() -> None:
    assert as_text(mark_safe("=1+1")) == "'=1+1"
    assert as_text(RowKind.REFUND) == "refund"
    assert list(texts([[mark_safe("+1"), RowKind.REFUND]])) == [["'+1", "refund"]]


def test_amounts_keep_their_sign_and_every_digit() -> None:
    assert as_text(Decimal("-0.4500")) == "-0.4500"
    assert as_text(Decimal("1E+3")) == "1000"
    assert as_cell(Decimal("-0.4500")) == Decimal("-0.45")
    long = Decimal("12345678901234.5678")
    assert as_cell(long) == "12345678901234.5678"


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_statement_is_exact(desk: Desk, format_: str) -> None:
    make_transfer(desk.gig, amount="0.1234", service="=cmd|' /C calc'!A0")
    opening, rental = table(desk, "statement_export", format_, wallet=desk.gig.pk)
    assert Decimal(str(opening["Amount"])) == 100
    assert Decimal(str(rental["Amount"])) == Decimal("-0.1234")
    assert Decimal(str(rental["Balance after"])) == Decimal("99.8766")
    assert rental["Currency"] == "USD"
    assert rental["Service"] == "'=cmd|' /C calc'!A0"
    if format_ == "xlsx":
        assert isinstance(rental["Amount"], float)


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_what_is_filtered_is_what_comes(desk: Desk, format_: str) -> None:
    make_refund(desk.gig, reference="rental:1")
    make_refund(desk.villa, "700", reference="rental:2")
    rows = table(desk, "refund_export", format_, query={"wallet": desk.villa.pk})
    assert [row["Reference"] for row in rows] == ["rental:2"]
    row = make_row(desk.gig, description="@evil")
    make_exception(desk.gig, row=row)
    make_exception(desk.villa, "5")
    found = table(desk, "exception_export", format_, query={"wallet": desk.gig.pk})
    assert [row["Provider's words"] for row in found] == ["'@evil"]
    assert table(desk, "exception_export", format_, query={"show": "resolved"}) == []


@pytest.mark.parametrize("name", EXPORTS)
def test_who_took_what_is_written_down(desk: Desk, name: str) -> None:
    table(desk, name)
    event = AuditEvent.objects.get(action="ledger.exported")
    assert event.actor == desk.finance.user
    assert event.after["format"] == "csv"


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("who", ["admin", "member"])
def test_only_finance_takes_them(desk: Desk, name: str, who: str) -> None:
    assert signed_in(getattr(desk, who)).get(page(name, desk.team)).status_code == 403
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("format_", ["pdf", "", "\0", "xlsx\0"])
def test_another_format_is_refused(desk: Desk, format_: str) -> None:
    address = page("refund_export", desk.team)
    assert signed_in(desk.finance).get(address, {"format": format_}).status_code == 400
    assert not AuditEvent.objects.exists()


def test_a_sheet_holds_every_row() -> None:
    rows = ((number, Decimal(number), "x") for number in range(5000))
    with write(XLSX, ["a", "b", "c"], rows) as file:
        sheet: Any = load_workbook(file, read_only=True).active
        assert len(list(sheet.iter_rows())) == 5001
