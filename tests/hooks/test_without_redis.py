"""Redis away, or there and silent: webhooks are stored and answered as ever."""

from collections.abc import Iterator

import httpx
import pytest
import redis

from rentals.models import InboxEntry
from smsportal.embedded import addresses
from tests import processes
from tests.hooks.gate import Gate, before, redis_url
from tests.hooks.making import make_account, smsvilla_body
from tests.hooks.serving import Web, serve
from tests.waiting import until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with before(addresses.SOCKET_NAME_VALKEY) as gate:
        yield gate


@pytest.fixture(scope="module")
def web(gate: Gate) -> Iterator[Web]:
    with serve(processes.environment(REDIS_URL=redis_url(gate))) as web:
        yield web


@pytest.mark.parametrize("away", ["shut", "frozen"])
def test_webhooks_are_taken_as_ever(
    client: httpx.Client, gate: Gate, valkey: redis.Redis, away: str
) -> None:
    made = make_account("smsvilla")
    if away == "shut":
        gate.shut()
    else:
        gate.freeze()
    try:
        for _ in range(10):
            answer = client.post(made.path, content=smsvilla_body(), timeout=4)
            assert answer.status_code == 200
    finally:
        gate.open() if away == "shut" else gate.thaw()
    assert InboxEntry.objects.count() == 10

    def nudged() -> bool:
        client.post(made.path, content=smsvilla_body())
        return valkey.llen("now") > 0

    until(nudged, "nudges go out again", 5)
