"""What rentals cost: one's own by month and currency; everybody's for finance and admins."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.operations import refunds
from rentals import spending
from rentals.models import Rental
from rentals.states import RentalState
from tests.factories import make_refund, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)


def spent(world: World, who: str = "member", **fields: object) -> Rental:
    """A cancelled rental whose charge is on the book and whose refund is claimed."""
    given = {"at": MARCH, "account": world.gig} | fields
    back = given.pop("back", None)
    rental = make_rental(
        getattr(world, who),
        given.pop("account"),  # type: ignore[arg-type]
        RentalState.CANCELLED,
        **given,  # type: ignore[arg-type]
    )
    refund = make_refund(rental)
    if back:
        refunds.land(
            refund,
            Decimal(str(back)),
            key=f"row:{refund.pk}:refund",
            occurred_at=APRIL,
            now=APRIL,
        )
    return rental


def shown(world: World, who: str = "member", **query: str | int) -> list[str]:
    response = signed_in(getattr(world, who)).get(page("spend_months", world.team), query)
    assert response.status_code == 200
    return [card.rental.service_name for card in response.context["cards"]]


def test_charges_refunds_and_net_by_month_and_currency(world: World) -> None:
    spent(world, charged=Decimal("0.75"), back="0.5")
    spent(world, charged=Decimal("0.20"))
    spent(world, account=world.villa, charged=Decimal(500), back=100)
    spent(world, at=APRIL, charged=Decimal(1))
    months = spending.by_month(world.team.pk, world.member.user_id)
    assert [
        (f"{m.month:%Y-%m}", m.currency, m.rentals, m.charged, m.refunded, m.net) for m in months
    ] == [
        ("2026-04", "USD", 1, Decimal(1), Decimal(0), Decimal(1)),
        ("2026-03", "NGN", 1, Decimal(500), Decimal(100), Decimal(400)),
        ("2026-03", "USD", 2, Decimal("0.95"), Decimal("0.5"), Decimal("0.45")),
    ]
    said = words(
        signed_in(world.member).get(page("spend_months", world.team), {"month": "2026-03"})
    )
    for figure in ("USD 0.95", "USD 0.50", "USD 0.45", "NGN 500.00", "NGN 100.00", "NGN 400.00"):
        assert figure in said


def test_a_refund_counts_for_the_month_of_its_rental(world: World) -> None:
    spent(world, back="0.45")  # came in April
    (month,) = spending.by_month(world.team.pk)
    assert (f"{month.month:%Y-%m}", month.net) == ("2026-03", Decimal(0))


def test_the_newest_month_is_shown_and_any_other_by_the_address(world: World) -> None:
    spent(world, service_name="Old")
    spent(world, at=APRIL, service_name="New")
    assert shown(world) == ["New"]
    assert shown(world, month="2026-03") == ["Old"]
    assert shown(world, month="2026-05") == []


def test_a_member_sees_their_own_even_on_a_shared_board(world: World) -> None:
    world.team.shares_board = True
    world.team.save()
    spent(world, service_name="Mine")
    spent(world, "colleague", service_name="Theirs", charged=Decimal("77.77"))
    response = signed_in(world.member).get(page("spend_months", world.team))
    assert [card.rental.service_name for card in response.context["cards"]] == ["Mine"]
    assert "Theirs" not in response.text
    assert "77.77" not in response.text


@pytest.mark.parametrize("who", ["finance", "admin"])
def test_who_sees_all_can_look_at_one(world: World, who: str) -> None:
    spent(world, service_name="One")
    spent(world, "colleague", service_name="Two")
    assert set(shown(world, who)) == {"One", "Two"}
    assert shown(world, who, member=world.colleague.user_id) == ["Two"]
    assert shown(world, who, member=world.stranger.user_id) == []


def test_other_teams_are_not_counted(world: World) -> None:
    elsewhere = make_rental(world.stranger, world.gig, RentalState.CANCELLED, at=MARCH)
    make_refund(elsewhere)
    assert spending.by_month(world.team.pk) == []


def test_what_is_not_decided_is_shown_apart(world: World) -> None:
    make_rental(world.member, world.gig, RentalState.IN_DOUBT, at=MARCH)
    (month,) = spending.by_month(world.team.pk)
    assert (month.charged, month.held) == (Decimal(0), Decimal("0.45"))
    assert "may have been charged" in words(
        signed_in(world.member).get(page("spend_months", world.team))
    )


def test_what_is_held_is_not_said_to_be_charged(world: World) -> None:
    """Where a row has no head above it, each amount says itself what it is."""
    spent(world)
    make_rental(world.member, world.gig, RentalState.IN_DOUBT, at=MARCH + timedelta(hours=1))
    rows = signed_in(world.member).get(page("spend_months", world.team)).text
    assert re.findall('data-says="(charged|held)"', rows) == ["held", "charged"]


def test_each_emptiness_says_what_it_is(world: World) -> None:
    client, address = signed_in(world.member), page("spend_months", world.team)
    assert "Nothing spent yet" in words(client.get(address))
    spent(world)
    assert "No spend matches" in words(client.get(address, {"month": "2025-01"}))
    assert "No spend matches" in words(client.get(address, {"month": "nonsense"}))


def test_htmx_gets_the_results_alone(world: World) -> None:
    spent(world)
    response = signed_in(world.member).get(page("spend_months", world.team), headers=HTMX)
    assert "<html" not in response.text
    assert 'id="results"' in response.text
    assert "HX-Request" in response["Vary"]


def test_the_page_costs_the_same_however_many_rentals_there_are(world: World) -> None:
    client = signed_in(world.finance)

    def queries() -> int:
        spent(world, back="0.1")
        with CaptureQueriesContext(connection) as asked:
            client.get(page("spend_months", world.team))
        return len(asked)

    queries()  # the first page of a session writes down which team it was
    assert queries() == queries()


def test_pages_keep_the_filters(world: World) -> None:
    for minute in range(27):
        make_rental(world.member, world.gig, at=MARCH + timedelta(minutes=minute))
    query: dict[str, str | int] = {"month": "2026-03", "page": 2}
    response = signed_in(world.member).get(page("spend_months", world.team), query)
    assert len(response.context["cards"]) == 2
    assert "month=2026-03&amp;page=1" in response.text
