"""The health page: whether webhooks arrive, what waits, and applying them again."""

import hashlib
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import gateway
from accounts.models import AuditEvent, ProviderAccount
from accounts.states import Lane
from ledger.models import Snapshot
from rentals.models import InboxEntry
from rentals.models.inbox import InboxOutcome
from rentals.operations import fold_quality, fold_spend
from rentals.states import RentalState, Source
from tests.factories import make_message, make_offer, make_provider_account, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

AN_HOUR = timedelta(hours=1)


def _arrived(account: ProviderAccount, *, ago: timedelta, **fields: object) -> InboxEntry:
    body = f"{account.pk} {ago}".encode()
    at = timezone.now() - ago
    given = {"outcome": InboxOutcome.NEW_MESSAGE, "applied_at": at, "activation_id": "1"} | fields
    entry = InboxEntry(
        account=account, body=body, body_sha256=hashlib.sha256(body).digest(), received_at=at
    )
    for name, value in given.items():
        setattr(entry, name, value)
    entry.save()
    return entry


def _card(world: World, account: ProviderAccount) -> str:
    said = signed_in(world.admin).get(page("health", world.team))
    assert said.status_code == 200
    part = said.text.split(f'id="account-{account.pk}"')[1].split("</section>")[0]
    return words(type("Part", (), {"text": f"<p {part}"}))


def test_nothing_has_ever_arrived(world: World) -> None:
    assert "No webhook has arrived since the account was added" in _card(world, world.gig)
    assert "rent a number to try" in _card(world, world.gig)


def test_one_arrived_lately(world: World) -> None:
    _arrived(world.gig, ago=timedelta(minutes=3))
    assert "Webhooks arrive: the last one 3 min ago." in _card(world, world.gig)
    assert "No webhook has arrived" in _card(world, world.villa)


def test_one_arrived_long_ago(world: World) -> None:
    _arrived(world.gig, ago=timedelta(days=3))
    assert "Nothing has arrived since" in _card(world, world.gig)


@pytest.mark.parametrize("before", [True, False])
def test_polls_found_what_no_webhook_brought(world: World, before: bool) -> None:
    if before:
        _arrived(world.gig, ago=2 * AN_HOUR)
    rental = make_rental(world.member, world.gig)
    make_message(rental, source=Source.POLL, seen_at=timezone.now() - AN_HOUR)
    said = _card(world, world.gig)
    assert "Asking found 1 code that no webhook brought." in said
    assert ("The last webhook came" if before else "None has ever come") in said
    assert "can be reached from the internet" in said


def test_a_webhook_that_came_later_makes_it_good(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    make_message(rental, source=Source.POLL, seen_at=timezone.now() - AN_HOUR)
    _arrived(world.gig, ago=AN_HOUR / 2, activation_id=rental.activation_id)
    assert "Webhooks arrive" in _card(world, world.gig)


def test_a_poll_that_was_only_just_quicker_says_nothing(world: World) -> None:
    make_message(make_rental(world.member, world.gig), source=Source.POLL)
    assert "Asking found" not in _card(world, world.gig)


def test_what_waits_for_a_worker_is_told_with_its_age(world: World) -> None:
    _arrived(world.gig, ago=timedelta(minutes=5), applied_at=None, outcome="")
    said = _card(world, world.gig)
    assert "Waiting to be applied 1 the oldest for 5 min" in said
    assert "Is the worker for the queue “now” running?" in said


def test_applying_again_is_audited(world: World) -> None:
    inside = _arrived(world.gig, ago=AN_HOUR / 2)
    outside = _arrived(world.gig, ago=2 * AN_HOUR)
    other = _arrived(world.villa, ago=AN_HOUR / 2)
    address = page("inbox_replay", world.team, account=world.gig.pk)
    answer = signed_in(world.admin).post(address, {"span": "hour"}, follow=True)
    assert "1 webhook is being applied again." in words(answer)
    for entry, waits in ((inside, True), (outside, False), (other, False)):
        entry.refresh_from_db()
        assert (entry.applied_at is None) == waits
    event = AuditEvent.objects.get(action="provider_account.inbox_replayed")
    assert (event.actor, event.object_id) == (world.admin.user, str(world.gig.pk))


def test_the_balances_of_the_top_bar_can_be_read_alone(world: World) -> None:
    ProviderAccount.objects.filter(pk=world.gig.pk).update(
        balance="12.50", balance_read_at=timezone.now()
    )
    answer = signed_in(world.member).get(page("wallet_bar", world.team))
    assert "12.50" in words(answer)
    assert "<html" not in answer.text


def _rented(world: World, account: ProviderAccount, *, after: float | None, **fields: Any) -> None:
    """A rental of an hour ago that is over; `after` so many seconds a webhook brought its code."""
    at = timezone.now() - AN_HOUR
    state = RentalState.EXPIRED if after is None else RentalState.FINISHED
    rental = make_rental(world.member, account, state, at=at, **fields)
    if after is not None:
        seen = at + timedelta(seconds=after)
        entry = _arrived(account, ago=timezone.now() - seen, activation_id=rental.activation_id)
        make_message(
            rental,
            source=Source.WEBHOOK,
            inbox_entry=entry,
            seen_at=seen,
            received_at=entry.received_at - timedelta(milliseconds=400),
        )


def _rates(world: World, query: str = "", *, status: int = 200, htmx: bool = False) -> str:
    fold_spend()
    fold_quality()
    said = signed_in(world.admin).get(
        page("health", world.team) + query, headers=HTMX if htmx else {}
    )
    assert said.status_code == status
    return words(type("Part", (), {"text": said.text[said.text.index('id="results"') :]}))


def _some(world: World) -> None:
    make_offer(world.gig, "WhatsApp", service_code="wa")
    for after in (20, 30):
        _rented(world, world.gig, after=after, service_code="wa", carrier="vz")
    _rented(world, world.gig, after=None, service_code="wa", area_code="212")
    _rented(world, world.villa, after=200, service_code="tg")


@pytest.mark.parametrize(
    ("query", "says", "not_"),
    [
        ("", ["4 rentals over: 75.0 %", "WhatsApp 3 66.7 % 25 s", "tg 1 100.0 % 210 s"], []),
        ("?by=provider", ["SMSGig 3", "SMS Villa 1"], []),
        ("?by=account&account={villa}", ["1 rental over"], ["66.7 %"]),
        ("?by=carrier", ["vz 2 100.0 %", "none asked for 2 50.0 %"], []),
        ("?by=area&carrier=-", ["212 1 0.0 %", "none asked for 1 100.0 %"], []),
        ("?service=tg&area=212", ["No rental matches"], ["WhatsApp 3"]),
        ("?period=90-days&sort=-median", ["tg 1 100.0 % 210 s WhatsApp"], []),
        ("?sort=name", ["tg 1 100.0 % 210 s WhatsApp"], []),
        ("?sort=success", ["WhatsApp 3 66.7 % 25 s tg"], []),
        ("?sort=hidden&page=99", ["WhatsApp 3 66.7 % 25 s tg"], []),
    ],
)
def test_rates_are_what_the_address_asks_for(
    world: World, query: str, says: list[str], not_: list[str]
) -> None:
    _some(world)
    said = _rates(world, query.format(villa=world.villa.pk))
    assert [each for each in says if each not in said] == []
    assert [each for each in not_ if each in said] == []


def test_a_filter_that_is_none_says_so(world: World) -> None:
    _some(world)
    assert "be used as it is" in _rates(world, "?service=nothing", status=422)
    assert "WhatsApp 3" not in _rates(world, "?by=nothing", status=422)
    assert "be used as it is" in _rates(world, "?by=nothing", htmx=True)


def test_without_a_rental_that_is_over_there_are_no_rates(world: World) -> None:
    said = words(signed_in(world.admin).get(page("health", world.team)))
    assert "No rental is over yet" in said


def test_rates_of_another_team_are_not_told(world: World) -> None:
    _some(world)
    stranger = world.stranger
    make_provider_account(stranger.team)
    fold_spend()
    fold_quality()
    said = words(signed_in(stranger).get(page("health", stranger.team)))
    assert "No rental is over yet" in said


def test_an_account_tells_its_wallet_its_requests_and_how_late_its_webhooks_are(
    world: World,
) -> None:
    _some(world)
    now = timezone.now()
    for hours, amount in ((30, "40"), (5, "31.50")):
        Snapshot.objects.create(
            wallet=world.gig,
            asked_at=now - hours * AN_HOUR,
            answered_at=now - hours * AN_HOUR,
            ledger=Decimal(amount),
            provider=Decimal(amount),
            drift=0,
            quiet=True,
        )
    gateway.reserve(world.gig, Lane.POLL, wanted=6, now=now)
    gateway.reserve(world.gig, Lane.RENT, wanted=2, now=now)
    gateway.reserve(world.villa, Lane.POLL, wanted=80, now=now)
    said = _card(world, world.gig)
    assert "Webhooks come after 0.4 s 95 of 100 within 0.4 s, of the last 2" in said
    assert "USD 40.00" in said
    assert "USD 31.50" in said
    assert re.search(r"\d\d:00 2 6 8 ", said)
    villa = _card(world, world.villa)
    assert "Last minute: 80 of 100 requests" in villa
    assert "The balance was not compared with the book in 7 days." in villa


def test_the_page_takes_as_many_queries_for_many_as_for_few(world: World) -> None:
    _some(world)
    client = signed_in(world.admin)
    client.get(page("health", world.team))  # a session begins once

    def queries() -> int:
        _rates(world)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page("health", world.team)).status_code == 200
        return len(asked)

    few = queries()
    for number in range(5):
        account = make_provider_account(world.team, "smsvilla")
        for after in (None, 5.0, 50.0):
            _rented(world, account, after=after, service_code=f"service-{number}")
    many = queries()
    assert many == few
