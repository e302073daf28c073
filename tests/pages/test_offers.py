"""Searching the catalogues of all the team's provider accounts, and reading them again."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import Redis

from ledger.models import ExchangeRate
from rentals.models import Favourite
from tests.factories import make_offer, make_provider_account, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World


def names(response: Any) -> list[str]:
    return [offer.name for offer in response.context["found"].offers]


def test_a_service_stands_side_by_side_at_each_account(world: World) -> None:
    make_offer(world.gig, "Airmail", price=Decimal("0.455"), stock=12, ttl=1200)
    make_offer(world.villa, "Airmail", price=Decimal("1250"), stock=7, ttl=86400 * 7)
    said = words(signed_in(world.member).get(page("offer_list", world.team), {"q": "airm"}))
    assert "USD 0.455" in said
    assert "NGN 1,250.00" in said
    assert "12 in stock" in said
    assert "20 min" in said
    assert "7 days" in said


def test_the_closest_name_comes_first(world: World) -> None:
    for name in ("The other Zoom", "Zoomer", "Zoom"):
        make_offer(world.gig, name)
    response = signed_in(world.member).get(page("offer_list", world.team), {"q": "zoom"})
    assert names(response) == ["Zoom", "Zoomer", "The other Zoom"]


def test_every_word_has_to_fit_the_name_the_code_or_the_account(world: World) -> None:
    make_offer(world.gig, "Airmail", service_code="am")
    make_offer(world.villa, "Airmail", service_code="air-9")
    client, address = signed_in(world.member), page("offer_list", world.team)
    assert len(names(client.get(address, {"q": "airmail"}))) == 2
    assert len(names(client.get(address, {"q": f"airmail {world.gig.label}"}))) == 1
    assert len(names(client.get(address, {"q": "air-9"}))) == 1


def test_without_words_the_members_own_last_come_first(world: World) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        make_offer(world.gig, name, service_code=name)
    now = timezone.now()
    make_rental(world.member, world.gig, service_code="Gamma", at=now - timedelta(days=1))
    make_rental(world.colleague, world.gig, service_code="Beta", at=now)
    response = signed_in(world.member).get(page("offer_list", world.team))
    assert names(response) == ["Gamma", "Alpha", "Beta"]


def test_only_what_the_team_can_rent_now_is_offered(world: World) -> None:
    make_offer(world.gig, "Here")
    make_offer(world.gig, "Gone", gone_at=timezone.now())
    put_away = make_provider_account(world.team, archived_at=timezone.now())
    make_offer(put_away, "Archived")
    make_offer(make_provider_account(), "Foreign")
    assert names(signed_in(world.member).get(page("offer_list", world.team))) == ["Here"]


def test_an_account_whose_key_is_refused_can_not_be_chosen(world: World) -> None:
    world.gig.key_refused_at = timezone.now()
    world.gig.save()
    make_offer(world.gig, "Airmail")
    response = signed_in(world.member).get(page("offer_list", world.team))
    assert "disabled" in response.text
    assert "key refused" in words(response)


def test_many_are_cut_and_the_chosen_one_stays(world: World) -> None:
    offers = [make_offer(world.gig, f"Service {number:02}") for number in range(40)]
    refused = {"offer": offers[39].pk, "request_key": uuid.uuid4(), "area_code": "x"}
    response = signed_in(world.member).post(page("rental_create", world.team), refused)
    assert "10 more" in words(response)
    assert f'value="{offers[39].pk}" required' in response.text
    assert response.context["chosen"] == offers[39].pk


def test_the_only_match_is_chosen(world: World) -> None:
    offer = make_offer(world.gig, "Airmail")
    make_offer(world.gig, "Postbox")
    response = signed_in(world.member).get(page("offer_list", world.team), {"q": "air"})
    assert response.context["chosen"] == offer.pk


def test_a_refresh_nudges_a_worker_for_each_account_that_is_due(
    world: World, valkey: Redis
) -> None:
    world.villa.catalogue_read_at = timezone.now()
    world.villa.save()
    signed_in(world.member).post(page("catalogue_refresh", world.team))
    assert valkey.llen("bulk") == 1


def test_a_refresh_by_htmx_looks_for_the_result(world: World) -> None:
    client = signed_in(world.member)
    response = client.post(page("catalogue_refresh", world.team), headers=HTMX)
    since = response.context["awaited"]
    assert f"since={since}" in response.text
    assert "being read again" in response["HX-Trigger"]
    address = page("offer_list", world.team)
    assert client.get(address, {"since": since}).context["awaited"] == since
    for account in (world.gig, world.villa):
        account.catalogue_read_at = timezone.now() + timedelta(seconds=1)
        account.save()
    assert client.get(address, {"since": since}).context["awaited"] is None


@pytest.mark.parametrize("since", ["1", "x", "9" * 40, ""])
def test_the_page_does_not_look_for_a_result_for_ever(world: World, since: str) -> None:
    response = signed_in(world.member).get(page("offer_list", world.team), {"since": since})
    assert response.context["awaited"] is None


def test_finance_refreshes_nothing(world: World, valkey: Redis) -> None:
    response = signed_in(world.finance).post(page("catalogue_refresh", world.team))
    assert response.status_code == 403
    assert valkey.llen("bulk") == 0


def star(world: World, offer: Any, verb: str = "star", **how: Any) -> Any:
    address = page("offer_star", world.team)
    return signed_in(world.member).post(address, {verb: offer.pk}, **how)


def test_what_has_a_star_comes_first_for_whoever_put_it_there(world: World) -> None:
    offers = {name: make_offer(world.gig, name) for name in ("Alpha", "Beta", "Gamma")}
    make_rental(world.member, world.gig, service_code=offers["Beta"].service_code)
    for _ in range(2):
        star(world, offers["Gamma"])
    address = page("offer_list", world.team)
    assert names(signed_in(world.member).get(address)) == ["Gamma", "Beta", "Alpha"]
    assert names(signed_in(world.colleague).get(address)) == ["Alpha", "Beta", "Gamma"]
    changed = star(world, offers["Gamma"], "unstar", headers=HTMX)
    assert names(changed) == ["Beta", "Alpha", "Gamma"]
    assert "<html" not in changed.text


def test_a_star_without_script_leads_back(world: World) -> None:
    offer = make_offer(world.gig, "Airmail")
    assert star(world, offer).url == page("board", world.team)
    shown = signed_in(world.member).get(page("board", world.team))
    assert 'name="unstar"' in shown.text


@pytest.mark.parametrize("which", ["foreign", "x", "", "9" * 30, "-1"])
def test_no_star_on_what_is_not_there(world: World, which: str) -> None:
    foreign = make_offer(make_provider_account(), "Foreign")
    value = foreign.pk if which == "foreign" else which
    address = page("offer_star", world.team)
    response = signed_in(world.member).post(address, {"star": value})
    assert response.status_code == 404
    assert not Favourite.objects.exists()


def test_the_account_used_last_comes_first_and_the_wishes_are_kept(world: World) -> None:
    for account in (world.gig, world.villa):
        make_offer(account, "Airmail", service_code="air")
    client, address = signed_in(world.member), page("board", world.team)
    for account in (world.villa, world.gig):
        make_rental(
            world.member, account, at=timezone.now(), area_code="212", carrier=account.label[:10]
        )
        response = client.get(address)
        found = response.context["found"].offers
        assert next(offer.account_id for offer in found) == account.pk
        form = response.context["form"]
        assert (form["area_code"].value(), form["carrier"].value()) == ("212", account.label[:10])
    assert "checked" not in client.get(page("offer_list", world.team)).text


def test_how_an_offer_has_done_stands_beside_its_price(world: World) -> None:
    make_offer(world.gig, "Airmail", tried=40, codes=37, median_wait=14)
    make_offer(world.gig, "Postbox", tried=9, codes=9, median_wait=3)
    make_offer(world.gig, "Silent", tried=12)
    said = words(signed_in(world.member).get(page("offer_list", world.team)))
    assert "92 % got a code, half of them within 14 s" in said
    assert said.count("New") == 1
    assert "No code so far" in said


def test_what_nothing_is_known_of_is_said_once_for_all(world: World) -> None:
    for name in ("Airmail", "Postbox"):
        make_offer(world.gig, name, tried=9, codes=9, median_wait=3)
    said = words(signed_in(world.member).get(page("offer_list", world.team)))
    assert "New" not in said
    assert said.count("once an offer was rented ten times") == 1


def rate(world: World, rate: str, *, days_ago: int = 0) -> None:
    now = timezone.now()
    ExchangeRate.objects.create(
        team=world.team,
        currency="NGN",
        into="USD",
        day=now.date() - timedelta(days=days_ago),
        rate=Decimal(rate),
        entered_at=now,
        entered_by=world.finance.user,
    )


def best(world: World) -> dict[str, frozenset[str]]:
    """In what each account's Airmail is the best."""
    response = signed_in(world.member).get(page("offer_list", world.team), {"q": "airmail"})
    return {offer.account.provider: offer.best for offer in response.context["found"].offers}


def test_the_best_of_a_service_is_marked_in_each_respect(world: World) -> None:
    make_offer(world.gig, "Airmail", price=Decimal("0.5"), tried=40, codes=37, median_wait=14)
    make_offer(world.villa, "airmail", price=Decimal(1250), tried=40, codes=20, median_wait=9)
    make_offer(world.gig, "Postbox", tried=40, codes=40, median_wait=1)
    assert best(world) == {"smsgig": {"success"}, "smsvilla": {"wait"}}
    rate(world, "0.01", days_ago=2)
    assert best(world) == {"smsgig": {"success", "price"}, "smsvilla": {"wait"}}
    rate(world, "0.0001")
    assert best(world) == {"smsgig": {"success"}, "smsvilla": {"wait", "price"}}


@pytest.mark.parametrize("why", ["none left", "key refused", "alike", "too few tried"])
def test_nothing_is_best_without_a_rival(world: World, why: str) -> None:
    figures: dict[str, Any] = {"price": Decimal("0.5"), "tried": 40, "codes": 37, "median_wait": 9}
    worse = {"none left": {"codes": 1, "stock": 0}, "too few tried": {"tried": 9, "codes": 1}}
    if why == "key refused":
        world.villa.key_refused_at = timezone.now()
        world.villa.save()
        worse[why] = {"codes": 1}
    make_offer(world.gig, "Airmail", **figures)
    make_offer(world.villa, "Airmail", **figures | worse.get(why, {}))
    assert set(best(world).values()) == {frozenset()}


def test_prices_are_told_in_the_teams_own_currency_where_there_is_a_rate(world: World) -> None:
    make_offer(world.villa, "Airmail", price=Decimal(1250))
    address = page("offer_list", world.team)
    rate(world, "0.00065")
    assert "≈" not in signed_in(world.member).get(address).text  # beside no other currency
    make_offer(world.gig, "Postbox")
    said = words(signed_in(world.member).get(address))
    assert said.count("≈") == 1
    assert "≈ USD 0.81" in said


def test_the_list_takes_as_many_queries_whatever_is_rented(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            signed_in(world.member).get(page("offer_list", world.team))
        return len(queries)

    make_rental(world.member, world.gig, service_code="first")
    star(world, make_offer(world.gig, "First", service_code="first"))
    before = asked()
    for number in range(12):
        offer = make_offer(world.gig, f"Service {number}")
        make_rental(world.member, world.gig, service_code=offer.service_code)
        star(world, offer)
    assert asked() == before
