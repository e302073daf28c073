"""The health page: whether webhooks arrive, what waits, and applying them again."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, ProviderAccount
from rentals.models import InboxEntry
from rentals.models.inbox import InboxOutcome
from rentals.states import Source
from tests.factories import make_message, make_rental
from tests.pages.clients import page, signed_in, words
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
