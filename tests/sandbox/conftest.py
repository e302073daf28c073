from collections.abc import Iterator

import pytest

from sandbox.clock import Clock
from sandbox.core import Sandbox
from sandbox.testing import renew, running
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, Receiver, receiving


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with running(clock=Clock(lambda: 1_769_827_200.25)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """As new and in memory; no code comes by itself, and its clock stands at 2026-01-31 02:40."""
    renew(server)
    return server


@pytest.fixture
def gig(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox, SMSGIG)
    with caller.http:
        yield caller


@pytest.fixture
def villa(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox, SMSVILLA)
    with caller.http:
        yield caller


@pytest.fixture
def receiver(sandbox: Sandbox) -> Iterator[Receiver]:
    """Both providers' webhooks go to it."""
    with receiving() as receiver:
        for wallet in sandbox.wallets.all():
            sandbox.wallets.set_webhook(wallet.id, receiver.url)
        yield receiver
