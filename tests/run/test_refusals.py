"""What keeps `make run` from starting: one clear line, exit code 1, nothing left behind."""

import socket
from pathlib import Path

import psycopg
import pytest

from smsportal import keyfiles
from smsportal.embedded.errors import StartError
from smsportal.embedded.lock import DataLock
from smsportal.running import environment, ports
from tests import processes

pytestmark = pytest.mark.processes


def refusal(bare: dict[str, str], **more: str) -> str:
    """The only line that a start with this environment prints."""
    with processes.python("-m", "smsportal", environment=bare | more, name="refused") as portal:
        assert portal.wait() == 1
        lines = portal.output().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_port_that_is_taken(bare: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert f"Port {port} of 127.0.0.1 is taken" in refusal(bare, PORT=port)


def test_a_keyring_file_that_is_broken(bare: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "keyring"
    file.write_text("1:short")
    assert f"The keyring file {file}" in refusal(bare, KEYRING_FILE=str(file))
    assert file.read_text() == "1:short"


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "8 0"])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(StartError, match=f"PORT is {port!r}, which is no port"):
        ports.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://secret@host/name"),
        ("DATABASE_URL", "secret"),
        ("REDIS_URL", "http://secret:6379"),
        ("PUBLIC_URL", "sms.example.com"),
        ("PUBLIC_URL", "https://sms.example.com:secret"),
        ("SMSGIG_BASE_URL", "https://"),
        ("SMSVILLA_BASE_URL", "file:///secret"),
        ("SENTRY_DSN", "secret"),
    ],
)
def test_an_address_that_is_none(name: str, value: str) -> None:
    with pytest.raises(StartError, match=f"{name} is no address: it must begin with") as error:
        environment.check({name: value})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "value",
    ["secret", "", "http://secret@host", "smtp+tls://user:secret@host:port", "smtp:///secret"],
)
def test_a_mail_server_that_is_none(value: str) -> None:
    with pytest.raises(StartError, match="EMAIL_URL is no mail server") as error:
        environment.check({"EMAIL_URL": value})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TRUSTED_PROXIES", "one", "a number, 0 or more"),
        ("TRUSTED_PROXIES", "-1", "a number, 0 or more"),
        ("DATABASE_POOL", "1e3", "a number, 0 or more"),
        ("PRIVATE_WEBHOOKS", "ture", "true or false"),
        ("DEBUG", "maybe", "true or false"),
    ],
)
def test_a_setting_that_can_not_be(name: str, value: str, expected: str) -> None:
    with pytest.raises(StartError, match=f"{name} is '{value}': it must be {expected}"):
        environment.check({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://secret@host:6379/first"),
        ("REDIS_URL", "redis://host:6379?db=secret"),
        ("REDIS_URL", "unix:///run/valkey.sock?secret=1"),
        ("SENTRY_DSN", "https://sentry.example.com/secret"),
        ("SENTRY_DSN", "https://secret@sentry.example.com"),
        ("FROM_EMAIL", "secret"),
        ("FROM_EMAIL", "SMS Portal <portal@example.com>\nBcc: secret@example.com"),
        ("ALLOWED_HOSTS", "https://secret.example.com"),
        ("ALLOWED_HOSTS", "sms.example.com secret.example.com"),
        ("ALLOWED_HOSTS", ","),
        ("PUBLIC_URL", "https://secret word"),
        ("PUBLIC_URL", "https://user:secret@sms.example.com"),
        ("PUBLIC_URL", "https://sms.example.com?secret"),
        ("SMSGIG_BASE_URL", "https://smsgig.com/api/v1?key=secret"),
    ],
)
def test_what_would_fail_only_when_it_is_used(name: str, value: str) -> None:
    with pytest.raises(StartError, match=f"^{name} (is|must be) .*example") as error:
        environment.check({name: value})
    assert "secret" not in str(error.value)


def test_an_operators_command_with_a_setting_that_can_not_be(bare: dict[str, str]) -> None:
    """Compose starts with one, and has nobody before it who looks."""
    wrong = bare | {"SENTRY_DSN": "https://sentry.example.com/1"}
    arguments = ["manage.py", "prepare"]
    with processes.python(*arguments, environment=wrong, name="manage") as command:
        assert command.wait() == 1
        (line,) = command.output().splitlines()
    assert "SENTRY_DSN is no DSN: it looks like https://" in line


def test_a_database_of_a_newer_version(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('rentals', '9999_later', now())"
        )
    arguments = ["-W", "ignore", "manage.py", "prepare"]
    with processes.python(*arguments, environment=processes.environment(), name="new") as command:
        assert command.wait(60) == 1
        (line,) = command.output().splitlines()
    assert "The database is of a newer version than this one (it has rentals.9999_later)" in line


def test_a_folder_for_long_lists_that_can_not_be_made(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    for folder in (taken, taken / "below"):
        wrong = processes.environment(EXPORTS_DIR=str(folder))
        arguments = ["-W", "ignore", "manage.py", "prepare"]
        with processes.python(*arguments, environment=wrong, name="manage") as command:
            assert command.wait(60) == 1
            (line,) = command.output().splitlines()
        assert f"EXPORTS_DIR is {folder}, which is no folder that long lists can" in line


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_ours(host: str) -> None:
    for port in ("", "8123"):
        with pytest.raises(StartError, match=f"HOST is '{host}', which is no address of this"):
            ports.listen(host, port)


def test_addresses_as_the_readme_shows_them() -> None:
    environment.check(
        {
            "DATABASE_URL": "postgresql://user:p%40ss@host/name",
            "REDIS_URL": "unix:///run/valkey.sock?db=1",
            "PUBLIC_URL": "https://sms.example.com",
            "SMSGIG_BASE_URL": "http://127.0.0.1:9999/smsgig/api/v1",
            "EMAIL_URL": "smtp+tls://user:password@host:587",
            "SENTRY_DSN": "https://key@sentry.example.com/1",
            "FROM_EMAIL": "SMS Portal <no-reply@localhost>",
            "ALLOWED_HOSTS": "sms.example.com, .example.com,[::1],*",
            "TRUSTED_PROXIES": "1",
            "PRIVATE_WEBHOOKS": "true",
            "DEBUG": "0",
        }
    )
    environment.check({"SENTRY_DSN": ""})  # as compose gives it, where nobody has set one


@pytest.mark.parametrize("content", [b"", b"1:short", b"\xff"])
def test_a_keyring_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keyring").write_bytes(content)
    with pytest.raises(StartError, match="keyring"):
        keyfiles.make_missing(tmp_path, {})
    assert (tmp_path / "keyring").read_bytes() == content


def test_a_keyring_that_the_operator_named_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="can't be read: No such file or directory"):
        keyfiles.make_missing(tmp_path, {"KEYRING_FILE": str(tmp_path / "none")})
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_keyring_that_is_gone_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StartError, match="keyring is gone"):
        keyfiles.make_missing(tmp_path, {})
    assert not (tmp_path / "keyring").exists()


def test_a_data_folder_in_use(bare: dict[str, str], tmp_path: Path) -> None:
    lock = DataLock(tmp_path)
    lock.write({"PUBLIC_URL": "http://localhost:8123"})
    line = refusal(bare, DATA_DIR=str(tmp_path))
    assert "SMS Portal is running at http://localhost:8123" in line
    lock.release()


def test_an_operators_command_without_a_database(bare: dict[str, str]) -> None:
    arguments = ["manage.py", "migrate"]
    with processes.python(*arguments, environment=bare, name="manage") as command:
        assert command.wait() == 1
        assert command.output().splitlines() == [
            "No database is running: start `make run` in another terminal, or set DATABASE_URL."
        ]
