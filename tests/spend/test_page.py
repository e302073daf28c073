"""The spend page: what it adds up, beside the period before; its filters; who sees what of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from ledger.models import ExchangeRate
from ledger.operations import refunds
from rentals.models import Rental
from rentals.operations import fold_spend
from rentals.spend.sheet import PAGE, Sheet
from rentals.states import RentalState as S
from tests.factories import make_refund, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)
ONLY_MARCH: dict[str, str | int] = {"period": "custom", "from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture(params=["live", "folded"])
def folding(request: pytest.FixtureRequest) -> bool:
    """Whether what changed has been added up by the time that somebody looks."""
    return bool(request.param == "folded")


def spent(world: World, who: str = "member", state: S = S.FINISHED, **fields: Any) -> Rental:
    """A rental of 10 March whose charge is on its row."""
    given: dict[str, Any] = {"at": MARCH, "charged": Decimal("0.45")} | fields
    account = given.pop("account", world.gig)
    return make_rental(getattr(world, who), account, state, **given)


def refunded(rental: Rental, amount: str) -> None:
    refund = make_refund(rental)
    key = f"row:{refund.pk}:refund"
    refunds.land(refund, Decimal(amount), key=key, occurred_at=APRIL, now=APRIL)


def sheet(world: World, who: str = "finance", **address: str | int) -> Sheet:
    response = signed_in(getattr(world, who)).get(page("spend", world.team), ONLY_MARCH | address)
    assert response.status_code == 200
    found: Sheet = response.context["sheet"]
    return found


def groups(found: Sheet) -> list[tuple[str, str, int, Decimal]]:
    return [(g.name, g.currency, g.sum.rentals, g.sum.net) for g in found.groups]


def test_what_was_charged_refunded_and_held_by_currency(world: World, folding: bool) -> None:
    spent(world, charged=Decimal("0.20"))
    refunded(spent(world, state=S.CANCELLED, charged=Decimal("0.75")), "0.5")
    refunded(spent(world, state=S.CANCELLED, account=world.villa, charged=Decimal(500)), "100")
    make_rental(world.member, world.gig, S.IN_DOUBT, at=MARCH)
    spent(world, at=APRIL, charged=Decimal(70))
    if folding:
        fold_spend()
    found = sheet(world)
    assert [(t.currency, t.now.charged, t.now.refunded, t.now.held) for t in found.totals] == [
        ("NGN", Decimal(500), Decimal(100), Decimal(0)),
        ("USD", Decimal("0.95"), Decimal("0.5"), Decimal("0.45")),
    ]
    said = words(signed_in(world.finance).get(page("spend", world.team), ONLY_MARCH))
    assert "USD 0.95 charged, USD 0.50 refunded; USD 0.45 not decided" in said
    assert "NGN 400.00" in said
    assert "70" not in [str(t.now.charged) for t in found.totals]


def test_success_and_the_cost_of_a_code(world: World) -> None:
    for state in (S.FINISHED, S.RECEIVED, S.EXPIRED, S.CANCELLED, S.WAITING, S.REFUSED):
        spent(world, state=state, charged=None if state == S.REFUSED else Decimal(1))
    found = sheet(world)
    (totals,) = found.totals
    assert (totals.now.received, totals.now.decided, totals.now.rentals) == (2, 4, 6)
    assert totals.now.per_code == Decimal("2.5")  # five were charged for two codes
    assert found.success.now == 50


def test_beside_it_stands_the_period_before(world: World) -> None:
    spent(world, charged=Decimal(3))
    spent(world, at=datetime(2026, 2, 3, 12, tzinfo=UTC), charged=Decimal(2))
    spent(world, at=datetime(2026, 1, 31, 12, tzinfo=UTC), charged=Decimal(100))
    (totals,) = sheet(world).totals
    assert (totals.net.more, totals.net.percent) == (Decimal(1), Decimal(50))
    said = words(signed_in(world.finance).get(page("spend", world.team), ONLY_MARCH))
    assert "1 Mar 2026 to 31 Mar 2026, compared with 1 Feb 2026 to 28 Feb 2026" in said
    assert "USD 1.00 more (50.0 %)" in said


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ({"service": "Other"}, 2),
        ({"purpose": "Sign-up"}, 4),
        ({"purpose": " "}, 11),
        ({"outcome": "cancelled"}, 8),
        ({"service": "Other", "outcome": "received"}, 2),
        ({"service": "Nothing like it"}, 0),
    ],
)
def test_filters(world: World, folding: bool, address: dict[str, str], kept: int) -> None:
    spent(world, service_name="eBay", charged=Decimal(1))
    spent(world, service_name="Other", charged=Decimal(2))
    spent(world, service_name="eBay", purpose="Sign-up", charged=Decimal(4))
    spent(world, service_name="eBay", state=S.CANCELLED, charged=Decimal(8))
    if folding:
        fold_spend()
    assert sum(t.now.net for t in sheet(world, **address).totals) == kept


def test_filters_by_member_and_account(world: World) -> None:
    spent(world, charged=Decimal(1))
    spent(world, "colleague", charged=Decimal(2))
    spent(world, account=world.villa, charged=Decimal(4))
    assert groups(sheet(world, member=world.colleague.user_id, by="member")) == [
        (str(world.colleague.user), "USD", 1, Decimal(2))
    ]
    assert [g[2:] for g in groups(sheet(world, account=world.villa.pk, by="account"))] == [
        (1, Decimal(4))
    ]
    assert sheet(world, member=world.stranger.user_id).totals == []


def test_groups_sort_and_page_by_the_address(world: World, folding: bool) -> None:
    for number in range(PAGE + 2):
        spent(world, service_name=f"Service {number:02}", charged=Decimal(number + 1))
    if folding:
        fold_spend()
    found = sheet(world, sort="-net", page=2)
    assert [g.name for g in found.shown] == ["Service 01", "Service 00"]
    assert [g.name for g in sheet(world, sort="name").shown][:2] == ["Service 00", "Service 01"]
    response = signed_in(world.finance).get(
        page("spend", world.team), ONLY_MARCH | {"sort": "-net"}
    )
    assert "page=2" in response.text
    assert 'aria-sort="descending"' in response.text


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("outcome", ["Cancelled", "Code received"]),
        ("purpose", ["Sign-up", "Without a purpose"]),
        ("day", ["9 Mar 2026", "10 Mar 2026"]),
        ("month", ["March 2026"]),
        ("nonsense", ["eBay"]),
    ],
)
def test_groups(world: World, folding: bool, by: str, names: list[str]) -> None:
    spent(world, service_name="eBay", purpose="Sign-up")
    spent(world, service_name="eBay", state=S.CANCELLED, at=MARCH - timedelta(days=1))
    if folding:
        fold_spend()
    assert [g.name for g in sheet(world, by=by, sort="name").groups] == names


def test_a_member_sees_their_own_whatever_the_address_says(world: World, folding: bool) -> None:
    world.team.shares_board = True
    world.team.save()
    spent(world, service_name="Mine", purpose="Own")
    spent(world, "colleague", service_name="Theirs", purpose="Secret", charged=Decimal("77.77"))
    if folding:
        fold_spend()
    addresses: list[dict[str, str | int]] = [
        {}, {"by": "member"}, {"service": "Theirs"}, {"purpose": "Secret"},
    ]  # fmt: skip
    for address in addresses:
        response = signed_in(world.member).get(page("spend", world.team), ONLY_MARCH | address)
        assert response.status_code == 200
        assert "77.77" not in response.text
        assert str(world.colleague.user) not in response.text
        assert ">Theirs<" not in response.text
        assert ">Secret<" not in response.text
    assert groups(sheet(world, "member")) == [("Mine", "USD", 1, Decimal("0.45"))]


@pytest.mark.parametrize("name", ["spend", "spend_rentals", "spend_months"])
def test_an_address_of_another_s_spend_leads_a_member_to_their_own(world: World, name: str) -> None:
    spent(world, "colleague", charged=Decimal("77.77"))
    spent(world, charged=Decimal("0.45"))
    client, address = signed_in(world.member), page(name, world.team)
    theirs: dict[str, str | int] = {"month": "2026-03", "member": world.colleague.user_id}
    response = client.get(address, theirs, follow=True)
    assert response.redirect_chain == [(f"{address}?month=2026-03", 302)]
    assert "What others spend is for finance and admins. This is your own" in words(response)
    assert "0.45" in response.text
    assert "77.77" not in response.text
    assert str(world.colleague.user) not in response.text
    bare = client.get(address, {"member": world.colleague.user_id})
    assert bare["Location"] == f"{address}?all"  # which no view of theirs begins
    assert client.get(address, {"member": world.member.user_id}).status_code == 200


def test_other_teams_are_not_counted(world: World) -> None:
    spent(world, "stranger")
    assert "Nothing spent yet" in words(signed_in(world.finance).get(page("spend", world.team)))


def test_each_emptiness_says_what_it_is(world: World) -> None:
    client, address = signed_in(world.member), page("spend", world.team)
    assert "Nothing spent yet" in words(client.get(address))
    spent(world)
    assert "Nothing was rented in these days" in words(client.get(address, {"month": "2025-01"}))
    narrowed = ONLY_MARCH | {"outcome": "lost"}
    assert "Nothing of these days fits all the filters" in words(client.get(address, narrowed))


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ({"from": "2026-03-31", "to": "2026-03-01"}, "The last day is before the first"),
        ({"from": "31.3.2026"}, "A day is written like"),
        ({"from": "2001-01-01", "to": "2026-01-01"}, "Ask for ten years at most"),
        ({"month": "2026-13"}, "A month is written like"),
    ],
)
def test_a_wrong_period_is_told(world: World, address: dict[str, str], problem: str) -> None:
    spent(world, at=timezone.now())
    response = signed_in(world.finance).get(page("spend", world.team), address)
    assert response.status_code == 400
    assert problem in words(response)
    assert response.context["asked"].period.days == 30


def test_the_reporting_total_is_at_each_day_s_rate(world: World) -> None:
    spent(world, account=world.villa, charged=Decimal(1000))
    spent(world, account=world.villa, charged=Decimal(1000), at=MARCH + timedelta(days=5))
    spent(world, charged=Decimal(1))
    client, address = signed_in(world.finance), page("spend", world.team)
    said = words(client.get(address, ONLY_MARCH))
    assert "There is no rate from NGN into USD for 10 Mar 2026" in said
    assert page("rate_list", world.team) in client.get(address, ONLY_MARCH).text
    for day, rate in ((date(2026, 3, 1), "0.001"), (date(2026, 3, 15), "0.002")):
        _rate(world, day, rate)
    reported = sheet(world).reported
    assert getattr(reported, "amount", None) == Decimal("4.00")
    assert "USD 4.00 net, each day at its rate" in words(client.get(address, ONLY_MARCH))


def _rate(world: World, day: date, rate: str) -> None:
    ExchangeRate.objects.create(
        team=world.team,
        currency="NGN",
        into="USD",
        day=day,
        rate=Decimal(rate),
        entered_at=MARCH,
        entered_by=world.finance.user,
    )


def test_each_chart_has_a_name_and_its_figures(world: World) -> None:
    spent(world, service_name='<script>alert("x")</script>')
    text = signed_in(world.finance).get(page("spend", world.team), ONLY_MARCH).text
    assert text.count('role="img"') == text.count("<desc ") == 3
    assert text.count('<details class="chart__data"') == 3
    assert "style=" not in text
    assert "<script>alert" not in text


def test_a_chart_s_bars_add_up_to_its_steps(world: World) -> None:
    spent(world, charged=Decimal(3))
    spent(world, state=S.EXPIRED, charged=Decimal(1))
    (chart,) = sheet(world).money_charts
    assert chart.top == Decimal(4)
    ((_, blocks),) = [pair for pair in chart.blocks if pair[1]]
    assert [(b.kind, b.y, b.height) for b in blocks] == [
        ("received", "25.00", "75.00"),
        ("expired", "0.00", "25.00"),
    ]


def test_htmx_gets_the_part_and_keeps_the_address(world: World) -> None:
    spent(world)
    response = signed_in(world.member).get(page("spend", world.team), ONLY_MARCH, headers=HTMX)
    assert "<html" not in response.text
    assert 'id="spend"' in response.text
    assert 'hx-push-url="true"' in response.text
    assert "HX-Request" in response["Vary"]


def test_the_page_costs_the_same_however_many_rentals_there_are(world: World) -> None:
    client: Any = signed_in(world.finance)

    def queries() -> int:
        refunded(spent(world, service_name=f"Service {Rental.objects.count()}"), "0.1")
        spent(world, "colleague", account=world.villa)
        with CaptureQueriesContext(connection) as asked:
            client.get(page("spend", world.team), ONLY_MARCH | {"by": "member"})
        return len(asked)

    queries()  # the first page of a session writes down which team it was
    few = queries()
    fold_spend()
    assert few == queries()


def test_who_has_left_is_still_named(world: World) -> None:
    spent(world, "colleague")
    Membership.objects.filter(pk=world.colleague.pk).delete()
    assert [g.name for g in sheet(world, by="member").groups] == [str(world.colleague.user)]
