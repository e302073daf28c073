"""What follows an answer: a nudge for what is new, a hint for what is forged, the time it came."""

import asyncio
import base64
import json
import threading
from datetime import datetime, timedelta

import httpx
import pytest
import redis
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from rentals.hooks import Hooks
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.states import RentalState
from tests.hooks.asgi import call
from tests.hooks.making import Made, make_account, signed, smsgig_body, smsvilla_body
from tests.waiting import until

pytestmark = pytest.mark.processes


def _nudges(valkey: redis.Redis) -> list[list[object]]:
    """Name and arguments of the messages in the queue `now`, oldest first."""
    messages = [json.loads(message) for message in valkey.lrange("now", 0, -1)]
    return [
        [message["headers"]["task"], *json.loads(base64.b64decode(message["body"]))[0]]
        for message in reversed(messages)
    ]


def _rental(made: Made) -> Rental:
    member = User.objects.create_user("someone@example.com")
    return Rental.objects.create(
        team=made.account.team,
        member=member,
        account=made.account,
        service_code="whatsapp",
        service_name="WhatsApp",
        state=RentalState.WAITING,
        currency=made.account.currency,
        price=1,
        activation_id="10561661",
        ttl=600,
        requested_at=timezone.now(),
        day=timezone.now().date(),
        next_poll_at=timezone.now() + timedelta(minutes=5),
    )


def test_each_new_entry_has_a_nudge_and_a_repeated_one_none(
    client: httpx.Client, valkey: redis.Redis
) -> None:
    made = make_account("smsvilla")
    first, second = smsvilla_body(), smsvilla_body()
    for body in (first, first, second, b"not JSON", first):
        client.post(made.path, content=body)
    entries = InboxEntry.objects.order_by("pk").values_list("pk", flat=True)
    wanted = [["rentals.apply_inbox", pk] for pk in entries]
    until(lambda: len(_nudges(valkey)) >= 2, "both are nudged for")
    assert _nudges(valkey) == wanted


def test_no_answer_waits_for_a_nudge(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_account("smsvilla")
    begun, let_go = threading.Event(), threading.Event()
    nudged: list[object] = []

    def slow(task: str, calls: list[tuple[int]]) -> None:
        begun.set()
        let_go.wait(30)
        nudged.extend(calls)

    monkeypatch.setattr("rentals.hooks.aftermath.nudge_each", slow)
    app = Hooks()
    with asyncio.Runner() as runner:
        assert runner.run(call(app, made.path, [smsvilla_body()]))[0] == 200
        assert runner.run(asyncio.to_thread(begun.wait, 30))
        assert runner.run(call(app, made.path, [smsvilla_body()]))[0] == 200
        assert not nudged
        let_go.set()
        runner.run(app.settle())
        entries = InboxEntry.objects.order_by("pk").values_list("pk")
        assert nudged == list(entries)
        runner.run(app.stop())


def test_one_that_comes_alone_is_applied_without_a_worker(
    client: httpx.Client, valkey: redis.Redis
) -> None:
    made = make_account("smsgig")
    rental = _rental(made)
    body = smsgig_body(activation_id=int(rental.activation_id), code="482913")
    assert client.post(made.path, content=body, headers=signed(body, made.key)).is_success
    until(lambda: rental.messages.filter(code="482913").exists(), "the code is attached")
    entry = InboxEntry.objects.get()
    assert entry.outcome == InboxOutcome.NEW_MESSAGE
    assert _nudges(valkey) == []


def test_one_whose_rental_is_held_up_is_left_to_a_worker(
    client: httpx.Client, valkey: redis.Redis
) -> None:
    made = make_account("smsgig")
    rental = _rental(made)
    body = smsgig_body(activation_id=int(rental.activation_id))
    with transaction.atomic():
        Rental.objects.select_for_update().get(pk=rental.pk)
        assert client.post(made.path, content=body, headers=signed(body, made.key)).is_success
        until(lambda: _nudges(valkey), "a worker is told")
    until(lambda: rental.messages.exists(), "what waited here is applied all the same")
    assert rental.messages.count() == 1


def test_of_many_each_has_a_nudge(client: httpx.Client, valkey: redis.Redis) -> None:
    made = make_account("smsgig")
    rental = _rental(made)
    bodies = [smsgig_body(activation_id=int(rental.activation_id)) for _ in range(20)]
    for body in bodies:
        assert client.post(made.path, content=body, headers=signed(body, made.key)).is_success

    def told_or_done() -> bool:
        told = {pk for _, *entries in _nudges(valkey) for pk in entries}
        waiting = InboxEntry.objects.filter(applied_at=None).values_list("pk", flat=True)
        return set(waiting) <= told

    until(told_or_done, "each that waits has a nudge")


def test_the_account_knows_when_one_last_came(fresh_database: str) -> None:
    made = make_account("smsvilla")
    app = Hooks()
    with asyncio.Runner() as runner:

        def last_after(*bodies: bytes) -> datetime | None:
            for body in bodies:
                runner.run(call(app, made.path, [body]))
            runner.run(app.settle())
            made.account.refresh_from_db()
            return made.account.last_hook_at

        assert last_after(b"not JSON") is None
        first = last_after(smsvilla_body())
        assert first is not None
        assert timezone.now() - first < timedelta(seconds=30)
        assert last_after(*[smsvilla_body() for _ in range(20)]) == first, "not with each of them"
        runner.run(app.stop())


def test_a_forged_one_hints_to_poll_and_no_more(client: httpx.Client, valkey: redis.Redis) -> None:
    made = make_account("smsgig")
    rental = _rental(made)
    due = rental.next_poll_at
    for _ in range(20):
        body = smsgig_body()
        answer = client.post(made.path, content=body, headers=signed(body, "another key"))
        assert answer.status_code == 401

    def sooner() -> bool:
        rental.refresh_from_db()
        return rental.next_poll_at != due

    until(sooner, "the rental is polled sooner")
    assert rental.confirm_reads == 1
    assert not InboxEntry.objects.exists()
    assert _nudges(valkey) == []
    made.account.refresh_from_db()
    assert made.account.last_hook_at is None
