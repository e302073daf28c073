"""While Redis is away a worker finds its work by itself, straight from the rows; and what a
killed worker left behind is never sent again."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from rentals import operations
from rentals.models import Rental
from rentals.states import RentalState as S
from rentals.tasks import WORK
from rentals.workers import standby
from smsportal.embedded import addresses
from tests import processes
from tests.factories import make_budget
from tests.hooks import gate
from tests.processes import Process
from tests.rentals.checks import money
from tests.rentals.scene import Scene, SetScene, codes, swept
from tests.waiting import until


@pytest.fixture
def it(scene: SetScene, settings: Settings) -> Iterator[Scene]:
    """An account at SMSGig; neither we nor the workers have a Redis."""
    settings.REDIS_URL = f"redis://127.0.0.1:{processes.free_port()}/0"
    yield scene("smsgig")


def worker(scene: Scene, redis_url: str) -> AbstractContextManager[Process]:
    """A worker for renting and polling. It is never "ready", as it finds no broker."""
    environment = processes.environment(
        REDIS_URL=redis_url,
        SMSGIG_BASE_URL=scene.sandbox.smsgig_url,
        SMSVILLA_BASE_URL=scene.sandbox.smsvilla_url,
    )
    words = ["-m", "celery", "-A", "smsportal", "worker", "-Q", "now,poll", "-P", "threads"]
    words += ["-c", "2", "--without-mingle", "--without-gossip"]
    return processes.python(*words, environment=environment, name="worker-without-redis")


def state_of(rental: Rental) -> str:
    return str(Rental.objects.values_list("state", flat=True).get(pk=rental.pk))


@pytest.mark.processes
def test_a_whole_rental_without_redis(it: Scene, settings: Settings) -> None:
    rental, other = it.requested(), it.requested()
    with worker(it, settings.REDIS_URL) as process:
        process.until(lambda: state_of(rental) == S.WAITING, "it rents")
        rental.refresh_from_db()
        it.sms(rental, code="482913")
        process.until(lambda: state_of(rental) == S.RECEIVED, "it polls")
        assert codes(rental) == ["482913"]
        operations.cancel_rental(rental=other, actor=it.membership.user, now=it.times.now())
        process.until(lambda: state_of(other) == S.CANCELLED, "it cancels")
    assert it.asked("/rent") == 2
    assert it.spent == it.offer.price


@pytest.mark.processes
def test_a_worker_that_is_killed_while_renting_leaves_a_doubt(
    it: Scene, settings: Settings
) -> None:
    it.fault("silence", endpoint="rent", times=1)
    rental = it.requested()
    with worker(it, settings.REDIS_URL) as process:
        process.until(lambda: it.asked("/rent") == 1, "it sends the rent")
        process.kill()
    rental.refresh_from_db()
    assert rental.sent_at is not None and rental.state == S.REQUESTED
    long_ago = rental.sent_at - timedelta(seconds=40)
    Rental.objects.filter(pk=rental.pk).update(sent_at=long_ago)
    other = it.requested()
    with worker(it, settings.REDIS_URL) as process:
        process.until(lambda: state_of(rental) == S.IN_DOUBT, "it says that it does not know")
        process.until(lambda: state_of(other) == S.WAITING, "it goes on with other rentals")
    rental.refresh_from_db()
    assert rental.state == S.IN_DOUBT
    assert money(rental) == (rental.price, None)
    assert it.asked("/rent") == 2
    assert it.spent == 2 * it.offer.price


def test_whatever_a_sweep_finds_is_done_or_kept_for_later(it: Scene) -> None:
    """A kind of work that the standby does not know fails every second, and is not done either."""
    it.fault("cut", endpoint="rent", times=1)
    assert it.rented().state == S.IN_DOUBT
    (sent,) = it.sandbox.send_sms(it.provider, it.activations()[0].id, code="482913")
    it.hook(it.parcel(sent))
    given_up, hooked = it.rented(), it.rented()
    it.taken(it.sms(hooked, code="482914"))
    operations.cancel_rental(rental=given_up, actor=it.membership.user, now=it.times.now())
    it.requested()
    asked = operations.ask_for_more(
        membership=it.membership,
        budget=make_budget(it.membership.team, it.membership.user),
        amount=Decimal(1),
        reason="A test run",
        now=it.times.now(),
    )
    it.times.move(3)
    found = swept(it.times)
    mails = {work for work in found if work[0] == "rentals.mail_request"}
    assert mails == {("rentals.mail_request", asked.pk)}
    assert {name for name, *_ in found} == set(WORK) - {"rentals.poll_account"} | {
        "rentals.mail_request"
    }
    watcher, pool = standby.Standby(worker=object()), Handed()
    watcher.pool = pool  # type: ignore[assignment]
    for name, *about in found:
        watcher._do(str(name), *about)
    assert set(pool.works) == set(found) - mails


class Handed:
    """Takes what the standby's threads would do."""

    def __init__(self) -> None:
        self.works: list[tuple[object, ...]] = []

    def submit(self, _: object, work: tuple[object, ...]) -> None:
        self.works.append(work)


def test_the_standby_rests_only_when_all_have_surely_found_redis_again(
    committed: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery's workers and beat take their time to connect again."""
    looked: list[float] = []
    monkeypatch.setattr(standby, "EVERY", 0.02)
    monkeypatch.setattr(standby, "AFTERWARDS", 0.6)
    with gate.before(addresses.SOCKET_NAME_VALKEY) as redis:
        settings.REDIS_URL = gate.redis_url(redis)
        watcher = standby.Standby(worker=object())
        monkeypatch.setattr(watcher, "_look", lambda _: looked.append(time.monotonic()))
        threading.Thread(target=watcher._watch, args=({"now"},), daemon=True).start()
        redis.shut()
        until(lambda: looked, "it looks while Redis is away")
        redis.open()
        back = time.monotonic()
        until(lambda: looked[-1] > back + 0.3, "it goes on for a while")
        until(lambda: time.monotonic() > looked[-1] + 0.3, "it rests again")
        watcher.stopping.set()
