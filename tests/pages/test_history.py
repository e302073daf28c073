"""The history: filters, order and pages by the address, and no secret by any of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rentals.states import RentalState
from tests.factories import make_message, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World


def listed(world: World, who: str = "member", **query: str | int) -> list[str]:
    response = signed_in(getattr(world, who)).get(page("rental_list", world.team), query)
    assert response.status_code == 200
    return [card.rental.service_name for card in response.context["cards"]]


def test_a_member_sees_their_own(world: World) -> None:
    make_rental(world.member, world.gig, service_name="Mine")
    make_rental(world.colleague, world.gig, service_name="Theirs")
    assert listed(world) == ["Mine"]
    assert set(listed(world, "admin")) == {"Mine", "Theirs"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "waiting"}, ["A"]),
        ({"state": "live"}, ["A"]),
        ({"state": "finished"}, ["B"]),
        ({"service": "B"}, ["B"]),
        ({"q": "regress"}, ["B"]),
        ({"q": "10999"}, ["B"]),
        ({"q": "555 0101"}, ["A"]),
        ({"q": "+1 (202) 555-0101"}, ["A"]),
        ({"q": "0101 a"}, ["A"]),
        ({"q": "0101 b"}, []),
        ({"q": "01"}, []),
        ({"q": "2025550"}, []),
        ({"q": "nothing like it"}, []),
        ({"since": "2026-03-02"}, ["A"]),
        ({"until": "2026-03-01"}, ["B"]),
        ({"since": "2026-03-01", "until": "2026-03-02"}, ["A", "B"]),
    ],
)
def test_filters(world: World, query: dict[str, str], expected: list[str]) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    make_rental(
        world.member,
        world.gig,
        service_name="A",
        phone_raw="12025550101",
        at=at + timedelta(days=1),
    )
    make_rental(
        world.member,
        world.villa,
        RentalState.FINISHED,
        service_name="B",
        purpose="Regression",
        activation_id="10999",
        phone_raw="+12025550102",
        at=at,
    )
    assert sorted(listed(world, **query)) == expected


def test_a_day_is_the_readers_own(world: World) -> None:
    world.member.user.time_zone = "Asia/Tokyo"
    world.member.user.save()
    at = datetime(2026, 3, 1, 16, tzinfo=UTC)  # 1 a.m. on the second in Tokyo
    make_rental(world.member, world.gig, service_name="Late", at=at)
    assert listed(world, since="2026-03-02") == ["Late"]
    assert listed(world, until="2026-03-01") == []


def test_by_account_and_by_member(world: World) -> None:
    make_rental(world.member, world.gig, service_name="A")
    make_rental(world.colleague, world.villa, service_name="B")
    assert listed(world, "admin", account=world.villa.pk) == ["B"]
    assert listed(world, "admin", member=world.member.user.pk) == ["A"]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "nonsense"},
        {"since": "yesterday"},
        {"account": "999999"},
        {"account": "x"},
        {"page": "-3"},
        {"page": "x"},
        {"sort": "password"},
        {"sort": "-"},
        {"q": "nul\0"},
        {"member": "9" * 40},
    ],
)
def test_a_nonsensical_address_is_no_error(world: World, query: dict[str, str]) -> None:
    make_rental(world.member, world.gig)
    for who in ("member", "admin"):
        address = page("rental_list", world.team)
        assert signed_in(getattr(world, who)).get(address, query).status_code == 200


def test_what_was_wrong_with_a_filter_is_said(world: World) -> None:
    make_rental(world.member, world.gig)
    response = signed_in(world.member).get(page("rental_list", world.team), {"since": "yesterday"})
    assert "Enter a valid date." in words(response)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["C", "B", "A"]),
        ("requested", ["A", "B", "C"]),
        ("service", ["A", "B", "C"]),
        ("-service", ["C", "B", "A"]),
        ("price", ["C", "A", "B"]),
        ("-price", ["B", "A", "C"]),
    ],
)
def test_order(world: World, sort: str, expected: list[str]) -> None:
    now = timezone.now()
    for number, (name, price) in enumerate({"A": "2", "B": "9", "C": "1"}.items()):
        make_rental(
            world.member,
            world.gig,
            service_name=name,
            charged=Decimal(price),
            at=now + timedelta(seconds=number),
        )
    assert listed(world, sort=sort) == expected


def test_pages_keep_the_filters(world: World) -> None:
    for _ in range(30):
        make_rental(world.member, world.gig, RentalState.FINISHED, service_name="Airmail")
    query: dict[str, str | int] = {"state": "finished", "sort": "service", "page": 2}
    response = signed_in(world.member).get(page("rental_list", world.team), query)
    assert len(response.context["cards"]) == 5
    assert "state=finished&amp;sort=service&amp;page=1" in response.text


def test_htmx_gets_the_results_alone(world: World) -> None:
    make_rental(world.member, world.gig)
    address = page("rental_list", world.team)
    response = signed_in(world.member).get(address, headers=HTMX)
    assert "<html" not in response.text
    assert 'id="results"' in response.text
    assert "HX-Request" in response["Vary"]


def test_each_emptiness_says_what_it_is(world: World) -> None:
    client, address = signed_in(world.member), page("rental_list", world.team)
    assert "No rentals yet" in words(client.get(address))
    make_rental(world.member, world.gig)
    assert "No rental matches" in words(client.get(address, {"q": "zzz"}))


def test_finance_reads_money_and_no_secret(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.FINISHED)
    make_message(rental, "771204")
    response = signed_in(world.finance).get(page("rental_list", world.team))
    assert "0.45" in words(response)
    for secret in ("771204", rental.phone_e164, rental.phone_raw, "555-0"):
        assert secret not in response.text


def test_a_search_tells_finance_nothing_about_a_number(world: World) -> None:
    rental = make_rental(world.member, world.gig, wanted_number="+12025550188")
    make_message(rental, "771204", text="Only here")
    for words_of_a_secret in (
        rental.phone_e164,
        rental.phone_raw,
        "202",
        "5550188",
        "771204",
        "Only here",
    ):
        assert listed(world, "finance", q=words_of_a_secret) == []
    assert listed(world, "finance", q=rental.activation_id) == [rental.service_name]


def test_an_admin_sees_anothers_number_and_no_code(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED)
    make_message(rental, "771204")
    response = signed_in(world.admin).get(page("rental_list", world.team))
    assert rental.phone_e164 in response.text
    assert "771204" not in response.text


def test_the_list_costs_the_same_however_long_it_is(world: World) -> None:
    client = signed_in(world.member)

    def queries() -> int:
        make_message(make_rental(world.member, world.gig, RentalState.RECEIVED))
        with CaptureQueriesContext(connection) as asked:
            client.get(page("rental_list", world.team))
        return len(asked)

    queries()  # the first page of a session writes down which team it was
    assert queries() == queries()
