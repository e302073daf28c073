"""Each fault in the statement does what it says, and leaves the wallet's books alone."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.core import Sandbox
from sandbox.faults import build
from tests.sandbox.tools import SMSGIG, Caller, body


@pytest.fixture
def four(gig: Caller, sandbox: Sandbox) -> list[int]:
    """Four activations, ten seconds apart: with the first deposit, five rows."""
    made = []
    for _ in range(4):
        made.append(gig.rented())
        sandbox.advance(10)
    return made


def read(gig: Caller, page: int = 1) -> tuple[list[dict[str, Any]], int]:
    found = body(gig.get("/transactions", limit=100, page=page))
    return found["data"], found["meta"]["total"]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


@pytest.mark.usefixtures("four")
def test_small_pages(gig: Caller, sandbox: Sandbox) -> None:
    rows, total = read(gig)
    sandbox.switches.on(SMSGIG, "small-pages", rows=2)
    pages = [read(gig, page)[0] for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row for page in pages for row in page] == rows
    assert total == 5


@pytest.mark.usefixtures("four")
def test_pages_shift_while_they_are_read(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "small-pages", rows=2)
    sandbox.switches.on(SMSGIG, "pages-shift")
    first, second = read(gig, 1), read(gig, 2)
    assert second[0][0] == first[0][-1]
    assert second[1] == first[1] + 1


@pytest.mark.usefixtures("four")
def test_rows_come_in_another_order_and_again(gig: Caller, sandbox: Sandbox) -> None:
    rows, total = read(gig)
    sandbox.switches.on(SMSGIG, "rows-shuffled")
    shuffled, counted = read(gig)
    assert ids(shuffled) == [*reversed(ids(rows)), rows[0]["id"]]
    assert counted == total


@pytest.mark.usefixtures("four")
def test_rows_are_listed_late(gig: Caller, sandbox: Sandbox) -> None:
    rows, total = read(gig)
    sandbox.switches.on(SMSGIG, "rows-late", seconds=25)
    late, counted = read(gig)
    assert ids(late) == ids(rows)[2:]
    assert counted == total - 2
    sandbox.advance(25)
    assert read(gig) == (rows, total)


@pytest.mark.usefixtures("four")
def test_a_row_is_gone(gig: Caller, sandbox: Sandbox) -> None:
    rows, total = read(gig)
    sandbox.switches.on(SMSGIG, "row-gone", row=1)
    left, counted = read(gig)
    assert ids(left) == [i for i in ids(rows) if i != rows[1]["id"]]
    assert counted == total - 1


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("reading", "changed"),
    [
        ("amount", {"amount": Decimal("1.58")}),
        ("description", {"description": "Corrected by support"}),
        ("type", {"type": "adjustment"}),
        ("time", {"created_at": "2026-01-31T02:35:20.000000Z"}),
    ],
)
def test_a_row_reads_otherwise(
    gig: Caller, sandbox: Sandbox, reading: str, changed: dict[str, object]
) -> None:
    rows, total = read(gig)
    balance = gig.balance()
    sandbox.switches.on(SMSGIG, "row-changed", row=1, reading=reading, times=1)
    other, counted = read(gig)
    assert other == [rows[0], rows[1] | changed, *rows[2:]]
    assert counted == total
    assert gig.balance() == balance
    assert read(gig) == (rows, total)


def test_what_descriptions_carry(gig: Caller, sandbox: Sandbox, four: list[int]) -> None:
    service = "WhatsApp rental"
    switch = sandbox.switches.on(SMSGIG, "descriptions")
    told = [row["description"] for row in read(gig)[0]]
    assert told == [*(f"{service} #{activation}" for activation in reversed(four)), "Deposit"]
    sandbox.switches.off(switch.id)
    sandbox.switches.on(SMSGIG, "descriptions", number="none")
    assert [row["description"] for row in read(gig)[0]] == [*[service] * 4, "Deposit"]


def test_purchases_have_a_minus(gig: Caller, sandbox: Sandbox, four: list[int]) -> None:
    (plain, _), before = read(gig), gig.balance()
    sandbox.switches.on(SMSGIG, "signed-amounts")
    told = [row["amount"] for row in read(gig)[0]]
    assert told == [*(-row["amount"] for row in plain[:4]), plain[4]["amount"]]
    assert gig.balance() == before


def test_a_statement_fault_lets_a_refusal_through(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "row-gone")
    assert gig.get("/transactions", limit=101).status_code == 422


def test_an_answer_that_names_another_price(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "other-price", percent=50, times=1)
    assert body(gig.rent())["rental"]["price"] == Decimal("0.29")
    assert gig.balance() == Decimal("49.42")


def test_a_refund_is_paid_twice(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "double-refund", seconds=60, times=1)
    gig.cancel(gig.rented())
    assert gig.balance() == Decimal("50.00")
    sandbox.advance(60)
    assert gig.balance() == Decimal("50.58")
    assert [row["type"] for row in read(gig)[0]][:2] == ["refund", "refund"]


@pytest.mark.parametrize(
    ("name", "options"),
    [("row-changed", {"reading": "colour"}), ("descriptions", {"number": "phone"})],
)
def test_choices_that_are_wrong(name: str, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        build(name, options)
