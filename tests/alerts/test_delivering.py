"""Webhooks over real HTTP: signed, tried again, taken once, and stopped in the end."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent
from accounts.operations.resealing import every_seal
from alerts.models import Attempt, Delivery, Endpoint
from alerts.models.hooks import DisabledBy
from alerts.operations.delivering import (
    AT_ONCE,
    GIVE_UP_AFTER,
    LEASE,
    PAUSES,
    TRIES_THAT_TELL,
    deliver,
    due_deliveries,
)
from alerts.operations.endpoints import (
    remove,
    rotate_secret,
    send_again,
    send_test,
    set_endpoint,
    switch,
)
from alerts.operations.errors import NotPossible
from alerts.operations.forgetting import forget
from alerts.outgoing.post import SECONDS
from alerts.outgoing.signing import headers
from alerts.states import Kind
from tests import processes
from tests.alerts.making import hold, limit, look, opened
from tests.alerts.receiver import Got, Receiver, receiver
from tests.pages.conftest import World
from tests.waiting import until

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as there:
        yield there


def make(world: World, there: Receiver) -> tuple[Endpoint, str]:
    return set_endpoint(team=world.team, url=there.url, actor=world.admin.user, now=NOON)


def low(world: World) -> None:
    limit(world.gig, low="5")
    hold(world.gig, "4")
    look(NOON)


def send_due(at: datetime) -> int:
    return sum(deliver(delivery_id=pk, now=at) for pk in due_deliveries(now=at))


def verifies(got: Got, secret: str) -> bool:
    """As a receiver does it: one of the signatures is ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in got.headers["webhook-signature"].split(" ")


def test_a_published_example_of_the_scheme() -> None:
    made = headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
        secrets_=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_an_alert_is_sent_when_it_opens_and_when_it_is_over(world: World, there: Receiver) -> None:
    _endpoint, secret = make(world, there)
    low(world)
    assert send_due(NOON) == 1
    hold(world.gig, "9")
    look(NOON + timedelta(minutes=1))
    assert send_due(NOON + timedelta(minutes=1)) == 1
    first, second = there.got
    assert verifies(first, secret) and verifies(second, secret)
    assert first.headers["content-type"] == "application/json"
    said = json.loads(first.body)
    assert said["type"] == "alert.opened"
    assert said["data"]["kind"] == "low_wallet"
    assert said["data"]["severity"] == "warning"
    assert said["data"]["detail"] == "It holds USD 4.00; the limit is USD 5.00."
    assert said["data"]["opened_at"] == "2026-03-10T12:00:00.000Z"
    assert json.loads(second.body)["type"] == "alert.closed"
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert abs(int(first.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60


def test_each_team_hears_its_own(world: World, there: Receiver) -> None:
    set_endpoint(team=world.stranger.team, url=there.url, actor=world.stranger.user, now=NOON)
    low(world)
    assert send_due(NOON) == 0
    assert not Delivery.objects.exists()


def test_after_a_new_secret_both_sign_for_a_day(world: World, there: Receiver) -> None:
    endpoint, old = make(world, there)
    now = timezone.now()
    new = rotate_secret(endpoint=endpoint, actor=world.admin.user, now=now)
    send_test(endpoint=endpoint, actor=world.admin.user, now=now)
    send_due(now)
    assert verifies(there.got[0], old) and verifies(there.got[0], new)
    Endpoint.objects.update(previous_until=now - timedelta(seconds=1))
    send_test(endpoint=endpoint, actor=world.admin.user, now=now)
    send_due(now)
    assert not verifies(there.got[1], old)
    assert verifies(there.got[1], new)


@pytest.mark.parametrize("broken", ["altered", "its key is gone"])
def test_a_secret_that_no_longer_opens_gives_way_to_a_new_one(
    world: World, there: Receiver, settings: Settings, broken: str
) -> None:
    endpoint, _ = make(world, there)
    if broken == "altered":
        Endpoint.objects.update(secret_sealed=b"altered")
    else:
        settings.KEYRING = "other:" + base64.b64encode(bytes(32)).decode()
    new = rotate_secret(endpoint=endpoint, actor=world.admin.user, now=timezone.now())
    send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    send_due(NOON)
    assert verifies(there.got[0], new)
    endpoint.refresh_from_db()
    assert (endpoint.previous_sealed, endpoint.previous_until) == (None, None)


def test_without_a_keyring_nothing_is_changed(
    world: World, there: Receiver, settings: Settings
) -> None:
    endpoint, _ = make(world, there)
    before = Endpoint.objects.values().get()
    events = AuditEvent.objects.count()
    settings.KEYRING = "none"
    with pytest.raises(NotPossible, match="keyring"):
        rotate_secret(endpoint=endpoint, actor=world.admin.user, now=NOON)
    with pytest.raises(NotPossible, match="keyring"):
        set_endpoint(team=world.stranger.team, url=there.url, actor=world.stranger.user, now=NOON)
    assert Endpoint.objects.values().get() == before
    assert AuditEvent.objects.count() == events


def test_secrets_are_sealed_and_counted_among_all_that_is(world: World, there: Receiver) -> None:
    endpoint, old = make(world, there)
    new = rotate_secret(endpoint=endpoint, actor=world.admin.user, now=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM alerts_endpoint e")
        [[row]] = cursor.fetchall()
    for secret in (old, new):
        assert secret.removeprefix("whsec_").encode().hex() not in row
        assert secret not in row
    places = [each.place for each in every_seal() if each.place.model == "Endpoint"]
    assert [place.field for place in places] == ["secret_sealed", "previous_sealed"]
    told = AuditEvent.objects.filter(action__startswith="alert_webhook.")
    assert {event.after["host"] for event in told} == {"localhost"}
    assert not any(old in event.words or "/alerts" in event.words for event in told)


@pytest.mark.parametrize("fault", ["500", "307", "404", "away", "late"])
def test_what_is_not_taken_is_tried_again_with_growing_pauses(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    endpoint, secret = make(world, there)
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    if fault.isdecimal():
        there.status = int(fault)
    elif fault == "away":
        Endpoint.objects.update(url="http://localhost:1/")
    else:
        there.holds = True
        monkeypatch.setattr("alerts.outgoing.post.SECONDS", 0.3)
    before = timezone.now()
    assert deliver(delivery_id=delivery.pk, now=NOON)
    delivery.refresh_from_db()
    assert delivery.delivered_at is None
    assert delivery.due_at is not None
    pause = delivery.due_at - before
    assert PAUSES[0] * 0.8 <= pause <= PAUSES[0] * 1.2 + timedelta(seconds=20)
    attempt = Attempt.objects.get()
    assert attempt.ended_at is not None
    assert attempt.status == (int(fault) if fault.isdecimal() else None)
    assert bool(attempt.problem) is (not fault.isdecimal())
    there.status, there.holds = 204, False
    there.go_on.set()
    monkeypatch.setattr("alerts.outgoing.post.SECONDS", SECONDS)
    Endpoint.objects.update(url=there.url)
    assert send_due(delivery.due_at) == 1
    taken = Delivery.objects.get()
    assert (taken.tries, taken.due_at) == (2, None)
    assert taken.delivered_at is not None
    ids = {got.headers["webhook-id"] for got in there.got}
    assert ids == {delivery.message_id}
    assert verifies(there.got[-1], secret)


def test_it_is_given_up_after_three_days(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    there.status = 500
    assert timedelta(days=2.9) < sum(PAUSES, timedelta()) < timedelta(days=3.3)
    for _ in range(len(PAUSES) + 1):
        delivery.refresh_from_db()
        assert delivery.due_at is not None
        assert deliver(delivery_id=delivery.pk, now=delivery.due_at)
    delivery.refresh_from_db()
    assert (delivery.due_at, delivery.delivered_at) == (None, None)
    assert len(there.got) == len(PAUSES) + 1


def test_it_waits_as_long_as_the_answer_wishes(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    there.status = 429
    for wish, seconds in [("600", 600), ("99999999", 86_400), ("-1", 0), ("soon", 0)]:
        there.sends = {"Retry-After": wish}
        delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
        before = timezone.now()
        deliver(delivery_id=delivery.pk, now=NOON)
        delivery.refresh_from_db()
        assert delivery.due_at is not None
        waits = (delivery.due_at - before).total_seconds()
        assert max(seconds, 4) <= waits <= max(seconds, 6) + 20


def test_gone_switches_it_off_and_opens_an_alert(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    there.status = 410
    send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    send_due(NOON)
    endpoint.refresh_from_db()
    assert endpoint.disabled_by == DisabledBy.GONE
    look(NOON)
    [alert] = opened(Kind.ENDPOINT_OFF)
    assert "410" in alert.detail
    assert send_due(timezone.now() + timedelta(days=1)) == 0
    switch(endpoint=endpoint, on=True, actor=world.admin.user, now=NOON)
    look(NOON + timedelta(minutes=1))
    assert opened(Kind.ENDPOINT_OFF) == []


def test_days_of_failures_switch_it_off(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    there.status = 500
    send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    since = timezone.now() - GIVE_UP_AFTER
    for day in range(TRIES_THAT_TELL):
        Endpoint.objects.update(failing_since=since + timedelta(minutes=10))
        assert send_due(timezone.now() + timedelta(days=day)) == 1
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    Endpoint.objects.update(failing_since=since)
    send_due(timezone.now() + timedelta(days=9))
    endpoint.refresh_from_db()
    assert endpoint.disabled_by == DisabledBy.FAILURES


def test_a_short_failure_after_days_without_messages_does_not(
    world: World, there: Receiver
) -> None:
    endpoint, _ = make(world, there)
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=30))
    there.status = 500
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    for day in range(TRIES_THAT_TELL - 1):
        assert send_due(timezone.now() + timedelta(days=day)) == 1
        endpoint.refresh_from_db()
        delivery.refresh_from_db()
        assert endpoint.is_enabled
        assert delivery.due_at is not None
    assert timedelta(hours=2) < sum(PAUSES[: TRIES_THAT_TELL - 1], timedelta())


def test_one_success_begins_the_count_anew(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    Endpoint.objects.update(failing_since=NOON)
    send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    send_due(NOON)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_make_the_same_try(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    there.holds = True
    made: list[bool] = []

    def work() -> None:
        try:
            made.append(deliver(delivery_id=delivery.pk, now=NOON))
        finally:
            connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert there.came.wait(20)
    assert due_deliveries(now=NOON) == []
    work()
    there.go_on.set()
    first.join()
    assert sorted(made) == [False, True]
    assert len(there.got) == 1
    assert Attempt.objects.count() == 1


@pytest.mark.processes
def test_a_worker_that_is_killed_is_followed_by_another(fresh_database: str) -> None:
    from accounts.nudges import nudge
    from accounts.states import Role
    from tests.factories import make_member, make_team

    admin = make_member(make_team(), Role.ADMIN)
    now = timezone.now()
    with receiver() as there:
        there.holds = True
        environment = processes.environment(PRIVATE_WEBHOOKS="true")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.conf.settings.PRIVATE_WEBHOOKS", True)
            endpoint, secret = set_endpoint(
                team=admin.team, url=there.url, actor=admin.user, now=now
            )
        with processes.worker(environment, "bulk") as worker:
            delivery = send_test(endpoint=endpoint, actor=admin.user, now=now)
            assert there.came.wait(30), worker.output()
            worker.kill()
        there.holds = False
        there.go_on.set()
        attempt = Attempt.objects.get()
        assert (attempt.number, attempt.ended_at) == (1, None)
        assert due_deliveries(now=timezone.now()) == []  # nobody knows that it died
        Delivery.objects.update(taken_until=timezone.now())
        with processes.worker(environment, "bulk"):
            nudge("alerts.send_due", queue="bulk")
            until(
                lambda: Delivery.objects.filter(delivered_at__isnull=False).exists(),
                "it is delivered",
            )
        assert [got.headers["webhook-id"] for got in there.got] == [delivery.message_id] * 2
        assert verifies(there.got[1], secret)
        assert list(Attempt.objects.values_list("number", "status")) == [(1, None), (2, 200)]


def test_a_late_answer_of_a_try_that_another_took_over_decides_nothing(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alerts.operations import delivering

    endpoint, _ = make(world, there)
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    first = delivering._take(delivery.pk, NOON)
    assert first is not None
    assert delivering._take(delivery.pk, NOON + LEASE) is not None
    there.status = 500
    delivering._note(first, delivering._sent(first), timezone.now())
    delivery.refresh_from_db()
    assert delivery.taken_until == NOON + 2 * LEASE
    assert delivery.due_at == NOON
    assert Attempt.objects.get(number=1).status == 500


def test_a_failing_endpoint_leaves_the_workers_to_others(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    other, _ = set_endpoint(
        team=world.stranger.team, url=there.url, actor=world.stranger.user, now=NOON
    )
    for number in range(5):
        at = NOON + timedelta(minutes=2 * number)
        send_test(endpoint=endpoint, actor=world.admin.user, now=at)
    last = send_test(endpoint=other, actor=world.stranger.user, now=NOON + timedelta(hours=1))
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=NOON)
    due = due_deliveries(now=NOON + timedelta(hours=2))
    assert len(due) == 2
    assert last.pk in due


def test_however_much_one_endpoint_has_due_others_are_looked_at(
    world: World, there: Receiver
) -> None:
    endpoint, _ = make(world, there)
    other, _ = set_endpoint(
        team=world.stranger.team, url=there.url, actor=world.stranger.user, now=NOON
    )
    Delivery.objects.bulk_create(
        Delivery(
            endpoint=endpoint,
            message_id=f"msg_{number}",
            event="alert.opened",
            body="{}",
            made_at=NOON,
            first_try_at=NOON,
            due_at=NOON + timedelta(milliseconds=number),
        )
        for number in range(3000)
    )
    last = send_test(endpoint=other, actor=world.stranger.user, now=NOON + timedelta(hours=1))
    due = due_deliveries(now=NOON + timedelta(hours=2))
    first = list(Delivery.objects.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE])
    assert due == [*first, last.pk]
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=NOON)
    assert due_deliveries(now=NOON + timedelta(hours=2)) == [first[0], last.pk]


def test_sent_again_is_the_same_message_in_a_new_round(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    send_due(NOON)
    send_again(delivery=delivery, actor=world.admin.user, now=NOON)
    assert send_due(NOON) == 1
    assert there.got[0].body == there.got[1].body
    assert there.got[0].headers["webhook-id"] == there.got[1].headers["webhook-id"]


def test_what_is_off_or_under_way_is_not_sent_again(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    Delivery.objects.update(taken_until=NOON + LEASE)
    with pytest.raises(NotPossible, match="just now"):
        send_again(delivery=delivery, actor=world.admin.user, now=NOON)
    switch(endpoint=endpoint, on=False, actor=world.admin.user, now=NOON)
    for again in (
        lambda: send_again(delivery=delivery, actor=world.admin.user, now=NOON),
        lambda: send_test(endpoint=endpoint, actor=world.admin.user, now=NOON),
    ):
        with pytest.raises(NotPossible, match="switched off"):
            again()
    assert Delivery.objects.count() == 1
    low(world)
    assert Delivery.objects.count() == 1


def test_removed_with_all_that_is_of_it(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    send_due(NOON)
    remove(endpoint=endpoint, actor=world.admin.user)
    assert not Endpoint.objects.exists() and not Delivery.objects.exists()


def test_old_messages_are_forgotten_and_no_other(world: World, there: Receiver) -> None:
    endpoint, _ = make(world, there)
    send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    send_due(NOON)
    waiting = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    forget(now=NOON + timedelta(days=29))
    assert Delivery.objects.count() == 2
    forget(now=NOON + timedelta(days=31))
    assert Delivery.objects.get() == waiting
