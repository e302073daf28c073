"""A webhook is removed while a message to it is written, taken or sent: one waits for the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from alerts.models import Attempt, Delivery, Endpoint
from alerts.operations import delivering
from alerts.operations.endpoints import remove, send_again, send_test, set_endpoint
from alerts.operations.forgetting import KEPT, forget
from tests import databases
from tests.alerts.making import hold, limit, look
from tests.alerts.receiver import Receiver, receiver
from tests.pages.conftest import World
from tests.waiting import until

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WAITING = """
    SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as there:
        yield there


@pytest.fixture
def others() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as others:
        yield others


@pytest.fixture
def endpoint(world: World, there: Receiver) -> Endpoint:
    made, _ = set_endpoint(team=world.team, url=there.url, actor=world.admin.user, now=NOON)
    return made


def alone[T](work: Callable[[], T]) -> T:
    """On a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def until_waiting(count: int) -> None:
    with psycopg.connect(databases.url(), autocommit=True) as server:
        until(lambda: server.execute(WAITING).fetchone() == (count,), f"{count} wait for a lock")


def nothing_is_left() -> bool:
    return not any(model.objects.exists() for model in (Endpoint, Delivery, Attempt))


def test_while_what_came_of_a_try_is_written_down(
    world: World, there: Receiver, endpoint: Endpoint, others: ThreadPoolExecutor
) -> None:
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    there.holds = True
    sent = others.submit(alone, lambda: delivering.deliver(delivery_id=delivery.pk, now=NOON))
    assert there.came.wait(20)
    with transaction.atomic():
        Endpoint.objects.select_for_update().get()
        removed = others.submit(alone, lambda: remove(endpoint=endpoint, actor=world.admin.user))
        until_waiting(1)
        there.go_on.set()
        until_waiting(2)
    removed.result(20)
    assert sent.result(20)
    assert nothing_is_left()


def test_while_a_try_is_begun(world: World, endpoint: Endpoint, others: ThreadPoolExecutor) -> None:
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    with transaction.atomic():
        assert delivering._take(delivery.pk, NOON)
        removed = others.submit(alone, lambda: remove(endpoint=endpoint, actor=world.admin.user))
        until_waiting(1)
    removed.result(20)
    assert nothing_is_left()


def test_while_an_alert_is_opened(
    world: World, endpoint: Endpoint, others: ThreadPoolExecutor
) -> None:
    limit(world.gig, low="5")
    hold(world.gig, "4")
    with transaction.atomic():
        look(NOON)
        assert Delivery.objects.count() == 1
        removed = others.submit(alone, lambda: remove(endpoint=endpoint, actor=world.admin.user))
        until_waiting(1)
    removed.result(20)
    assert nothing_is_left()


def test_an_old_message_that_is_sent_again_just_now_is_not_forgotten(
    world: World, endpoint: Endpoint, others: ThreadPoolExecutor
) -> None:
    delivery = send_test(endpoint=endpoint, actor=world.admin.user, now=NOON)
    Delivery.objects.update(due_at=None, delivered_at=NOON)
    later = NOON + KEPT + timedelta(days=1)
    with transaction.atomic():
        send_again(delivery=delivery, actor=world.admin.user, now=later)
        others.submit(alone, lambda: forget(now=later)).result(20)
    assert Delivery.objects.get().due_at == later
