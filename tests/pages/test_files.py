"""The history and the spend as files: exactly what is filtered, and no more than one may see."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import AuditEvent
from rentals.states import RentalState
from tests.factories import make_message, make_rental
from tests.pages.clients import page, signed_in
from tests.pages.conftest import World
from tests.pages.test_spend import APRIL, MARCH, spent


def body(world: World, name: str, who: str = "member", **query: Any) -> bytes:
    response: Any = signed_in(getattr(world, who)).get(page(name, world.team), query)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content)


def rows(world: World, name: str, who: str = "member", **query: Any) -> list[dict[str, str]]:
    text = body(world, name, who, format="csv", **query).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_history_comes_as_it_is_filtered_and_sorted(world: World) -> None:
    for name, price in {"Bee": "0.1950", "Ant": "0.33", "Cow": "1"}.items():
        make_rental(world.member, world.gig, service_name=name, charged=Decimal(price))
    make_rental(world.member, world.gig, RentalState.FINISHED, service_name="Dog")
    found = rows(world, "history_export", state="waiting", sort="service")
    assert [row["Service"] for row in found] == ["Ant", "Bee", "Cow"]
    assert [Decimal(row["Charged"]) for row in found] == [
        Decimal(x) for x in ("0.33", "0.195", "1")
    ]
    assert {row["Currency"] for row in found} == {"USD"}


def test_a_month_s_spend_comes_as_the_page_shows_it(world: World) -> None:
    spent(world, charged=Decimal("0.75"), back="0.5", service_name="Old")
    spent(world, at=APRIL, service_name="New")
    (newest,) = rows(world, "spend_export")
    assert newest["Service"] == "New"
    (old,) = rows(world, "spend_export", month="2026-03")
    assert (old["Service"], old["Day"]) == ("Old", MARCH.date().isoformat())
    assert [Decimal(old[name]) for name in ("Charged", "Refunded", "Net")] == [
        Decimal(amount) for amount in ("0.75", "0.5", "0.25")
    ]
    assert rows(world, "spend_export", month="nonsense") == []


@pytest.mark.parametrize("name", ["history_export", "spend_export"])
def test_a_member_gets_their_own_even_on_a_shared_board(world: World, name: str) -> None:
    world.team.shares_board = True
    world.team.save()
    spent(world, service_name="Mine")
    spent(world, "colleague", service_name="Theirs")
    assert [row["Service"] for row in rows(world, name)] == ["Mine"]
    assert {row["Service"] for row in rows(world, name, "finance")} == {"Mine", "Theirs"}


def test_another_s_spend_is_no_file_for_a_member(world: World) -> None:
    spent(world, "colleague")
    response = signed_in(world.member).get(
        page("spend_export", world.team), {"member": world.colleague.user_id}
    )
    assert response.status_code == 403
    assert not AuditEvent.objects.filter(action="ledger.exported").exists()


@pytest.mark.parametrize("name", ["history_export", "spend_export"])
@pytest.mark.parametrize("who", ["member", "finance", "admin"])
def test_no_number_and_no_code_is_in_a_file(world: World, name: str, who: str) -> None:
    rental = make_rental(world.member, world.gig, RentalState.FINISHED, at=MARCH)
    make_message(rental, "771204")
    text = body(world, name, who).decode()
    assert rental.service_name in text
    for secret in ("771204", rental.phone_e164, rental.phone_raw):
        assert secret not in text


@pytest.mark.parametrize("name", ["history_export", "spend_export"])
def test_a_formula_is_text_in_a_sheet(world: World, name: str) -> None:
    spent(world, service_name="=1+1", charged=Decimal("0.195"))
    content = io.BytesIO(body(world, name, format="xlsx"))
    sheet: Any = load_workbook(content).active
    head, row = sheet.iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert found["Service"] == "'=1+1"
    assert found["Charged"] == 0.195


def test_who_took_a_file_is_written_down_without_the_number_searched_for(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    rows(world, "history_export", q=rental.phone_e164, state="waiting")
    event = AuditEvent.objects.get(action="ledger.exported")
    assert event.actor == world.member.user
    assert event.after["filters"]["state"] == "waiting"
    assert not any(sign.isdigit() for sign in event.after["filters"]["q"])


@pytest.mark.parametrize("name", ["history_export", "spend_export"])
def test_a_file_costs_the_same_queries_however_long_it_is(world: World, name: str) -> None:
    client = signed_in(world.finance)

    def queries() -> int:
        spent(world, back="0.1")
        with CaptureQueriesContext(connection) as asked:
            response: Any = client.get(page(name, world.team))
            list(response.streaming_content)
        return len(asked)

    queries()
    assert queries() == queries()


def test_a_page_offers_its_own_filters_as_a_file(world: World) -> None:
    spent(world)
    history = signed_in(world.member).get(page("rental_list", world.team), {"state": "cancelled"})
    address = page("history_export", world.team)
    assert f'href="{address}?state=cancelled&amp;format=csv"' in history.text
    assert "Your own rentals only" not in history.text
    world.team.shares_board = True
    world.team.save()
    shared = signed_in(world.member).get(page("rental_list", world.team))
    assert "Your own rentals only" in shared.text
