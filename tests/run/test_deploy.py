"""The production shape, as far as it can be checked without a container engine."""

import base64
import re
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from accounts.secrets import keyring
from tests import processes

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = {"prepare", "pages", "streams", "worker-now", "worker-poll", "worker-bulk", "beat"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text()
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


def test_every_part_of_the_design_has_a_service(services: dict[str, Any]) -> None:
    assert set(services) == OURS | {"caddy", "postgres", "valkey"}
    queues = {service["command"][6] for name, service in services.items() if "worker" in name}
    assert queues == {"now", "poll", "bulk"}


def test_every_command_is_one_that_the_image_has(services: dict[str, Any]) -> None:
    for name in OURS:
        program, *words = services[name]["command"]
        assert program == "python" or find_spec(program), name
        if words[0] == "-m":
            assert find_spec(words[1]), name
        for word in words:
            assert not word.endswith(".py") or (ROOT / word).is_file(), word
    assert services["prepare"]["command"][2] in get_commands()


def test_secrets_have_no_default(services: dict[str, Any]) -> None:
    environment = services["pages"]["environment"]
    for name in ("SECRET_KEY", "KEYRING", "PUBLIC_URL"):
        assert re.fullmatch(r"\$\{" + name + r":\?.+\}", environment[name])
    assert "${POSTGRES_PASSWORD:?" in environment["DATABASE_URL"]


def test_ours_have_no_rights_to_lose(services: dict[str, Any]) -> None:
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert "ports" not in services[name]
    assert re.search(r"^USER portal$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_who_makes_long_lists_and_who_serves_them_share_a_folder(services: dict[str, Any]) -> None:
    for name in ("prepare", "pages", "worker-bulk"):
        assert services[name]["volumes"] == ["exports:/exports"]
        assert services[name]["environment"]["EXPORTS_DIR"] == "/exports"
    assert services["worker-bulk"]["environment"]["TMPDIR"] == "/exports"  # /tmp is memory
    assert "--owner portal /exports" in (ROOT / "Dockerfile").read_text()


def test_nothing_serves_before_the_database_is_prepared(services: dict[str, Any]) -> None:
    for name in OURS - {"prepare"}:
        condition = services[name]["depends_on"]["prepare"]["condition"]
        assert condition == "service_completed_successfully"


def test_the_proxy_knows_the_services_and_lanes(services: dict[str, Any]) -> None:
    caddy = (ROOT / "deploy/Caddyfile").read_text()
    assert set(re.findall(r"reverse_proxy (\w+):", caddy)) <= set(services)
    asgi = (ROOT / "smsportal/asgi.py").read_text()
    lanes = re.search(r"@live path (.+)", caddy)
    assert lanes is not None
    for lane in lanes[1].split():
        assert f'"{lane.removesuffix("*")}"' in asgi


@pytest.mark.processes
def test_the_pages_answer_under_gunicorn(fresh_database: str) -> None:
    port = processes.free_port()
    arguments = ["-m", "gunicorn", "--config", "deploy/gunicorn.py", "smsportal.wsgi"]
    arguments += ["--bind", f"127.0.0.1:{port}"]
    environment = processes.environment()
    with processes.python(*arguments, environment=environment, name="gunicorn") as server:
        url = f"http://localhost:{port}/healthz"
        server.until(lambda: processes.answers(url), "gunicorn answers")
        assert server.stop() == 0


@pytest.mark.processes
def test_who_takes_nothing_of_a_download_holds_no_thread_for_long(tmp_path: Path) -> None:
    port, config = processes.free_port(), tmp_path / "gunicorn.py"
    own = (ROOT / "deploy" / "gunicorn.py").read_text()
    config.write_text(f"{own}\nSTALLED = 1\nworkers = threads = 1\n")
    arguments = ["-m", "gunicorn", "--config", str(config), "tests.run.stalling:application"]
    arguments += ["--bind", f"127.0.0.1:{port}"]
    environment = processes.environment()
    with processes.python(*arguments, environment=environment, name="gunicorn") as server:
        url = f"http://localhost:{port}/"
        server.until(lambda: processes.answers(url), "gunicorn answers")
        with socket.create_connection(("127.0.0.1", port), 10) as stalled:
            stalled.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert stalled.recv(16).startswith(b"HTTP/1.1 200")
            server.until(lambda: processes.answers(url), "its thread answers another")
        assert server.stop() == 0


def test_a_rotated_keyring_is_its_owners_alone(tmp_path: Path) -> None:
    """By the operator's guide, in a shell as it comes."""
    guide = (ROOT / "docs/operator.md").read_text()
    told = re.search(r"- \*\*The keyring\*\*.+?\n\n((?: {6}[^\n]+\n)+)", guide, re.DOTALL)
    assert told is not None
    file = tmp_path / ".data/keyring"
    file.parent.mkdir()
    file.write_text(f"1:{base64.b64encode(bytes(32)).decode()}\n")
    file.chmod(0o600)
    shell = ["sh", "-c", f"umask 022\n{told[1]}"]
    subprocess.run(shell, cwd=tmp_path, check=True)
    assert list(tmp_path.rglob("keyring*")) == [file]
    assert list(tmp_path.iterdir()) == [file.parent]
    assert file.stat().st_mode & 0o777 == 0o600
    ring = keyring.parse(file.read_text(), source="it")
    assert (ring.current, set(ring.keys)) == ("2", {"1", "2"})
