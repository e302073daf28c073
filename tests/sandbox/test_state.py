"""What is on disk outlives the process, and what can't be started says so in one line."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.books.store import UnreadableState
from sandbox.clock import Clock
from sandbox.core import Sandbox
from sandbox.settings import Settings
from sandbox.testing import running
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, body

ROOT = Path(__file__).parents[2]


def test_a_second_start_finds_everything(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "new" / "sandbox.db", auto_code=None)
    with running(settings, clock=standing()) as first:
        key, wallet = first.key(SMSVILLA), first.wallet(SMSVILLA)
        villa = Caller(first, SMSVILLA)
        kept, canceled = villa.rented(), villa.rented()
        first.send_sms(SMSVILLA, kept, code="4711")
        villa.cancel(canceled)
        first.switches.on(SMSVILLA, "latency", ms=1, times=5)
        first.wallets.set_webhook(wallet.id, "http://127.0.0.1:1/")
        first.wallets.set_limits(wallet.id, per_minute=5, per_day=0)
        first.advance(10)
    with running(settings, clock=standing()) as second:
        villa = Caller(second, SMSVILLA, key)
        sms = body(villa.get("/get-sms", activation_id=kept))["messages"]
        assert [message["code"] for message in sms] == ["4711"]
        assert villa.balance() == 49000
        assert villa.get("/balance").status_code == 429
        assert second.clock.now_ms() == 10**12 + 10_000
        assert second.wallet(SMSVILLA).webhook_url == "http://127.0.0.1:1/"
        assert second.switches.all()[0].remaining == 3
        assert second.journal.count(method="POST", path="/rent") == 2
        second.advance(60)
        assert second.balance(SMSVILLA) == Decimal("49500.00")
        assert villa.rented() == canceled + 1


def test_a_charge_outlives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    with process("--state", str(state)) as first:
        fault = {"provider": "smsgig", "fault": "silence"}
        httpx.post(f"{first.url}/control/faults", json=fault).raise_for_status()
        with pytest.raises(httpx.ReadTimeout):
            rent(first, timeout=0.5)
        first.popen.kill()
    with process("--state", str(state)) as second:
        assert second.keys == first.keys
        seen = httpx.get(f"{second.url}/control/state").json()
        assert [a["state"] for a in seen["activations"]] == ["waiting"]
        assert seen["wallets"][0]["balance"] == "49.42"
        assert [r["status"] for r in seen["requests"]] == [None]
        assert [f["fault"] for f in seen["faults"]] == ["silence"]
        stop(second, signal.SIGTERM)


def test_a_code_due_while_it_was_down_comes_after_the_start(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "sandbox.db", auto_code=(5, 5))
    with running(settings, clock=standing()) as first:
        activation_id = Caller(first, SMSGIG).rented()
    with running(settings, clock=Clock(lambda: 1e9 + 60)) as second:
        status = Caller(second, SMSGIG).get("/s1/status", activation_id=activation_id)
        assert body(status)["status"] == "received"


def test_stops_on_control_c() -> None:
    with process() as started:
        stop(started, signal.SIGINT)


def test_what_can_not_start_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("not a database at all, but some text of a decent length" * 40)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        attempts = {
            "Cannot listen": ["--port", str(taken.getsockname()[1])],
            "Cannot use the state file": ["--state", str(broken)],
            "a port is from 0 to 65535": ["--port", "70000"],
            "the range must go upwards": ["--auto-code", "9-3"],
        }
        for words, arguments in attempts.items():
            assert exit_code(*arguments) == 2
            assert words in capsys.readouterr().err.splitlines()[-1]


def test_one_state_file_serves_one_sandbox(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "sandbox.db")
    first = Sandbox(settings)
    with pytest.raises(UnreadableState, match="locked"):
        Sandbox(settings)
    first.close()
    Sandbox(settings).close()


def test_another_versions_state_is_refused(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "sandbox.db")
    sandbox = Sandbox(settings)
    sandbox.store.run("PRAGMA user_version = 99")
    sandbox.close()
    with pytest.raises(UnreadableState, match="version"):
        Sandbox(settings)


class Started(NamedTuple):
    popen: subprocess.Popen[str]
    url: str
    keys: list[str]


@contextmanager
def process(*arguments: str) -> Iterator[Started]:
    """A sandbox in a process of its own, killed at the end."""
    popen = subprocess.Popen(
        command("--auto-code", "off", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert popen.stdout
        url = popen.stdout.readline().removeprefix("Sandbox on ").strip()
        wallets = httpx.get(f"{url}/control/state").json()["wallets"]
        yield Started(popen, url, [wallet["key"] for wallet in wallets])
    finally:
        popen.kill()
        popen.communicate()


def exit_code(*arguments: str) -> object:
    try:
        return main(list(arguments))
    except SystemExit as stopped:
        return stopped.code


def stop(started: Started, number: signal.Signals) -> None:
    started.popen.send_signal(number)
    _, errors = started.popen.communicate(timeout=10)
    assert (started.popen.returncode, errors) == (0, "")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", *arguments]


def rent(started: Started, *, timeout: float) -> httpx.Response:
    return httpx.post(
        f"{started.url}/smsgig/api/v1/s1/rent",
        json={"service_code": "whatsapp"},
        headers={"Authorization": f"Bearer {started.keys[0]}"},
        timeout=timeout,
    )


def standing() -> Clock:
    return Clock(lambda: 1e9)
