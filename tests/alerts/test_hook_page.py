"""The webhook's page: set up, tried out, looked at."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent
from alerts.models import Attempt, Delivery, Endpoint
from alerts.operations.delivering import deliver
from alerts.outgoing.post import Answer
from tests.alerts.receiver import Receiver, receiver
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

FOLLOWS = 'hx-trigger="every 2s"'


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as there:
        yield there


def address(world: World, name: str = "alert_hook", **kwargs: int) -> str:
    return page(name, world.team, **kwargs)


def test_the_secret_is_shown_once(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    shown = client.post(address(world), {"url": there.url}).text
    assert "whsec_" in shown
    assert "whsec_" not in client.get(address(world)).text
    changed = client.post(address(world), {"url": there.url + "/more"}, follow=True)
    assert "whsec_" not in changed.text
    assert Endpoint.objects.get().url == there.url + "/more"
    again = client.post(address(world, "alert_hook_secret"))
    assert "whsec_" in again.text and "no-store" in again["Cache-Control"]
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    webhook = [action for action in actions if action.startswith("alert_webhook.")]
    assert webhook == [
        "alert_webhook.set",
        "alert_webhook.set",
        "alert_webhook.secret_rotated",
    ]


@pytest.mark.parametrize(
    "url", ["", "http://example.com/", "https://10.0.0.1/", "https://u@e.com/"]
)
def test_an_address_that_is_none_is_refused(world: World, url: str) -> None:
    response = signed_in(world.admin).post(address(world), {"url": url})
    assert response.status_code == 422
    assert not Endpoint.objects.exists()
    assert not AuditEvent.objects.filter(action="alert_webhook.set").exists()


def test_a_test_and_what_came_of_it(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    assert "Nothing has been sent yet" in words(client.get(address(world)))
    there.status, there.answer = 503, b"later <script>"
    client.post(address(world, "alert_hook_test"))
    delivery = Delivery.objects.get()
    deliver(delivery_id=delivery.pk, now=timezone.now())
    response = client.get(address(world))
    assert "503" in words(response) and "To be tried again" in words(response)
    assert "later &lt;script&gt;" in response.text
    there.status = 200
    client.post(address(world, "alert_hook_resend", delivery=delivery.pk))
    deliver(delivery_id=delivery.pk, now=timezone.now())
    assert "Taken" in words(client.get(address(world)))
    assert "1 message " in words(client.get(address(world), {"outcome": "taken"}))
    assert "No message is like that" in words(client.get(address(world), {"outcome": "lost"}))
    assert len(there.got) == 2


def test_the_log_says_what_is_under_way_and_follows_it(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    client.post(address(world, "alert_hook_test"))
    assert FOLLOWS in client.get(address(world)).text
    seen: list[str] = []

    def slow(*request: object) -> Answer:
        seen.append(words(client.get(address(world))))
        return Answer(503, ms=4000)

    monkeypatch.setattr("alerts.operations.delivering.post", slow)
    deliver(delivery_id=Delivery.objects.get().pk, now=timezone.now())
    (meanwhile,) = seen
    assert "On its way" in meanwhile and "1: under way" in meanwhile
    assert "To be tried again" not in meanwhile
    assert "nobody knows what came of it" not in meanwhile
    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=5))
    Attempt.objects.update(status=302)
    later = client.get(address(world))
    assert "To be tried again" in words(later)
    assert "It leads elsewhere, and redirects are not followed" in words(later)
    assert FOLLOWS not in later.text


def test_what_has_the_focus_is_known_again_when_the_log_is_renewed(
    world: World, there: Receiver
) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    client.post(address(world, "alert_hook_test"))
    Attempt.objects.create(delivery=Delivery.objects.get(), number=1, at=timezone.now())
    log = client.get(address(world)).text.partition(FOLLOWS)[2].partition("</section>")[0]
    stops = re.findall(r"<(?:a|button|summary)\b[^>]*>", log)
    assert len(stops) >= 3
    assert [stop for stop in stops if " id=" not in stop] == []


def test_what_is_to_be_tried_again_waits_while_it_is_switched_off(
    world: World, there: Receiver
) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    there.status = 503
    client.post(address(world, "alert_hook_test"))
    deliver(delivery_id=Delivery.objects.get().pk, now=timezone.now())
    client.post(address(world, "alert_hook_switch"), {"on": "0"})
    said = words(client.get(address(world)))
    assert "Waits until it is switched on" in said
    assert "To be tried again" not in said
    client.post(address(world, "alert_hook_switch"), {"on": "1"})
    assert "To be tried again" in words(client.get(address(world)))


def test_switched_off_and_removed(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    client.post(address(world, "alert_hook_switch"), {"on": "0"})
    assert "Nothing is sent until it is switched on." in words(client.get(address(world)))
    refused = client.post(address(world, "alert_hook_test"), follow=True)
    assert "Switch it on first" in words(refused)
    assert not Delivery.objects.exists()
    client.post(address(world, "alert_hook_switch"), {"on": "1"})
    client.post(address(world, "alert_hook_remove"))
    assert not Endpoint.objects.exists()
    assert client.post(address(world, "alert_hook_test")).status_code == 404


def test_many_tests_are_too_many(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    for _ in range(11):
        last = client.post(address(world, "alert_hook_test"), follow=True)
    assert "Wait a minute" in words(last)
    assert Delivery.objects.count() == 10


def test_one_message_is_not_sent_again_and_again(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    client.post(address(world, "alert_hook_test"))
    delivery = Delivery.objects.get()
    for _ in range(12):
        deliver(delivery_id=delivery.pk, now=timezone.now())
        last = client.post(address(world, "alert_hook_resend", delivery=delivery.pk), follow=True)
    assert "Wait a minute" in words(last)
    assert len(there.got) == 10
    assert Delivery.objects.get().due_at is None
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=1))
    client.post(address(world, "alert_hook_resend", delivery=delivery.pk))
    assert deliver(delivery_id=delivery.pk, now=timezone.now())


def test_many_messages_that_wait_are_not_sent_again_at_once(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    endpoint, at = Endpoint.objects.get(), timezone.now() - timedelta(hours=1)
    old = Delivery.objects.bulk_create(
        Delivery(
            endpoint=endpoint,
            message_id=f"msg_{number}",
            event="alert.opened",
            body="{}",
            made_at=at,
            first_try_at=at,
        )
        for number in range(12)
    )
    for delivery in old:
        client.post(address(world, "alert_hook_resend", delivery=delivery.pk))
    assert Delivery.objects.filter(due_at__isnull=False).count() == 10


def test_as_many_queries_for_a_longer_log(world: World, there: Receiver) -> None:
    client = signed_in(world.admin)
    client.post(address(world), {"url": there.url})
    counts = []
    for _ in range(2):
        for _ in range(4):
            client.post(address(world, "alert_hook_test"))
        for pk in Delivery.objects.filter(tries=0).values_list("pk", flat=True):
            deliver(delivery_id=pk, now=timezone.now() + timedelta(seconds=1))
        client.get(address(world))
        with CaptureQueriesContext(connection) as queries:
            client.get(address(world))
        counts.append(len(queries))
    assert counts[0] == counts[1]
