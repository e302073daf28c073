"""Each figure of the spend page leads to the rentals that it is the sum of, and to no others."""

import csv
import io
import re
from decimal import Decimal
from html import unescape

import pytest

from rentals.operations import fold_spend
from rentals.spend.asked import GROUPS
from rentals.states import RentalState as S
from tests.factories import make_rental
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World
from tests.spend.test_page import APRIL, MARCH, ONLY_MARCH, refunded, spent

LINK = re.compile(r'<th scope="row"><a href="([^"]*/spend/rentals/[^"]*)"')


def lived(world: World) -> None:
    spent(world, charged=Decimal("0.2"), purpose="=1+1")
    spent(world, "colleague", charged=Decimal("0.3"), purpose="A & B", service_name="M&S <a>")
    refunded(spent(world, state=S.CANCELLED, charged=Decimal("0.7545")), "0.5")
    refunded(spent(world, state=S.CANCELLED, account=world.villa, charged=Decimal(500)), "100")
    spent(world, state=S.EXPIRED, at=MARCH.replace(day=31, hour=21), charged=Decimal(7))
    make_rental(world.member, world.gig, S.IN_DOUBT, at=MARCH)
    spent(world, at=APRIL, charged=Decimal(70))
    fold_spend()


@pytest.mark.parametrize("group", GROUPS)
def test_a_line_leads_to_its_own_rentals(world: World, group: str) -> None:
    lived(world)
    client = signed_in(world.finance)
    response = client.get(page("spend", world.team), ONLY_MARCH | {"by": group, "sort": "net"})
    lines = response.context["sheet"].shown
    links = [unescape(link) for link in LINK.findall(response.text)]
    assert len(links) == len(lines) > 1
    for line, link in zip(lines, links, strict=True):
        shown = client.get(link)
        assert shown.context["sums"] == [(line.currency, line.sum)]
        assert len(shown.context["cards"]) == line.sum.rentals
        rows = exported(client.get(link.replace("/rentals/", "/rentals/export")).getvalue())
        assert sum(Decimal(row["Charged"] or 0) for row in rows) == line.sum.charged
        assert sum(Decimal(row["Refunded"]) for row in rows) == line.sum.refunded
        assert sum(Decimal(row["Not decided"]) for row in rows) == line.sum.held


def exported(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))


def test_all_of_a_period_by_currency(world: World) -> None:
    lived(world)
    response = signed_in(world.admin).get(page("spend_rentals", world.team), ONLY_MARCH)
    assert [(currency, sum_.net) for currency, sum_ in response.context["sums"]] == [
        ("NGN", Decimal(400)),
        ("USD", Decimal("7.7545")),
    ]
    assert "1 Mar 2026 to 31 Mar 2026" in words(response)
    assert "A &amp; B" in words(response)


def test_a_member_sees_what_is_their_own_alone(world: World) -> None:
    lived(world)
    client = signed_in(world.member)
    response = client.get(page("spend_rentals", world.team), ONLY_MARCH)
    assert {card.rental.member_id for card in response.context["cards"]} == {world.member.user_id}
    theirs: dict[str, str | int] = {"member": world.colleague.user_id}
    export = page("spend_rentals_export", world.team)
    assert client.get(export, ONLY_MARCH | theirs).status_code == 403


@pytest.mark.parametrize("currency", ["usd", "US", "U D", "\0\0\0", "USDX"])
def test_what_is_no_currency_narrows_nothing(world: World, currency: str) -> None:
    lived(world)
    asked = ONLY_MARCH | {"currency": currency}
    response = signed_in(world.finance).get(page("spend_rentals", world.team), asked)
    assert response.status_code == 200
    assert len(response.context["sums"]) == 2


def test_days_that_make_no_sense_are_told(world: World) -> None:
    lived(world)
    asked = {"period": "custom", "from": "2026-03-31", "to": "2026-03-01"}
    response = signed_in(world.finance).get(page("spend_rentals", world.team), asked)
    assert response.status_code == 400
    assert "The last day is before the first" in words(response)
