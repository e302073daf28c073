"""Searching the catalogues of all the team's provider accounts, and reading them again."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from redis import Redis

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
