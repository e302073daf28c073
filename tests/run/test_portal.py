"""`make run` as a newcomer has it: first start, second start, and every way to stop it."""

import os
import re
import signal
from pathlib import Path

import httpx
import pytest

from smsportal.embedded.strays import command_line
from tests import processes
from tests.run.conftest import address, children, sandbox_address
from tests.waiting import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
READY = 120.0


def test_first_start(bare: dict[str, str], data: Path) -> None:
    with processes.python("-m", "smsportal", environment=bare, name="portal") as portal:
        portal.until_said("Ctrl-C stops", READY)
        _people_can_sign_in(portal)
        _a_second_one_says_where_the_first_is(bare, portal)
        _an_operator_needs_no_environment(bare)
        _what_dies_comes_back(portal)
        _only_their_owner_reads_the_secrets(data)
        running = children(portal)
        portal.popen.kill()
        portal.wait()
        until(lambda: not any(map(command_line, running)), "the children have ended", 30)


def test_second_start(bare: dict[str, str], data: Path) -> None:
    """After a `kill -9`: everything as it was left, and no password printed again."""
    before = {name: (data / name).read_bytes() for name in ("secret_key", "keyring")}
    with processes.python("-m", "smsportal", environment=bare, name="portal") as portal:
        portal.until_said("Ctrl-C stops", READY)
        assert "Sign in as" not in portal.output()
        assert "changepassword" in portal.output()
        assert before == {name: (data / name).read_bytes() for name in before}
        assert _users(bare) == 3
        running = children(portal)
        portal.send(signal.SIGTERM)
        portal.send(signal.SIGINT)  # two signals that are one wish, as make hands them on
        assert portal.wait(30) == 0
        assert "Traceback" not in portal.output()
        assert "ended (" not in portal.output()
        assert not any(map(command_line, running))


def test_nothing_is_embedded_where_the_operator_has_servers(
    bare: dict[str, str], fresh_database: str, tmp_path: Path
) -> None:
    own = {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": fresh_database,
        "REDIS_URL": os.environ["REDIS_URL"],
        "SMSGIG_BASE_URL": "http://127.0.0.1:9/api/v1",
        "SMSVILLA_BASE_URL": "http://127.0.0.1:9/api/v1",
        "PORT": str(processes.free_port()),
        "ALLOWED_HOSTS": "sms.example.com",
    }
    with processes.python("-m", "smsportal", environment=bare | own, name="own") as portal:
        portal.until_said("Ctrl-C stops", READY)
        lines = [" ".join(command_line(pid)) for pid in children(portal)]
        assert sorted(line for line in lines if re.search("postgres|valkey|sandbox", line)) == []
        assert address(portal) == f"http://localhost:{own['PORT']}"
        assert portal.stop() == 0
    assert not (tmp_path / "data/postgres").exists()


def _people_can_sign_in(portal: processes.Process) -> None:
    assert len(re.findall(r"\S+@\S+", portal.output())) == 3, portal.output()
    with httpx.Client(base_url=address(portal), follow_redirects=True) as browser:
        page = browser.get("/")
    assert page.status_code == 200
    assert "password" in page.text


def _a_second_one_says_where_the_first_is(bare: dict[str, str], first: processes.Process) -> None:
    with processes.python("-m", "smsportal", environment=bare, name="second") as second:
        assert second.wait() == 1
        assert f"SMS Portal is running at {address(first)}" in second.output()


def _an_operator_needs_no_environment(bare: dict[str, str]) -> None:
    assert _users(bare) == 3


def _users(bare: dict[str, str]) -> int:
    with processes.python("manage.py", "prepare", environment=bare, name="prepare") as command:
        assert command.wait(60) == 0, command.output()
        found = re.search(r"users=(\d+)", command.output())
    assert found is not None
    return int(found[1])


def _what_dies_comes_back(portal: processes.Process) -> None:
    """Whatever is killed, the ports stay ours: a request waits for the next process."""
    before = {pid for pid in children(portal) if "celery" not in command_line(pid)}
    expected = len(children(portal))
    assert len(before) == 4, "web, sandbox, PostgreSQL, Valkey"
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert httpx.get(f"{address(portal)}/healthz", timeout=READY).status_code in (200, 503)
    assert httpx.get(f"{sandbox_address(portal)}/control/state", timeout=READY).is_success
    url = f"{address(portal)}/healthz"
    portal.until(lambda: processes.answers(url), "the portal answers again", READY)
    portal.until(lambda: len(children(portal)) == expected, "all of them are back", READY)
    assert before.isdisjoint(children(portal))


def _only_their_owner_reads_the_secrets(data: Path) -> None:
    for name in ("secret_key", "keyring", "lock"):
        assert (data / name).stat().st_mode & 0o077 == 0
    assert data.stat().st_mode & 0o066 == 0
