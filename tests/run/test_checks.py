"""What an installation is refused for, and what it is not."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks.registry import registry
from pytest_django import Settings

from accounts.secrets import keyring
from smsportal import checks
from tests import processes

CHECKS = (checks.keyring_opens, checks.secret_key_is_strong, checks.public_url_is_safe)
GOOD_KEY = base64.b64encode(bytes(range(32))).decode()


def serious() -> set[str]:
    keyring._read.cache_clear()
    found = [message for check in CHECKS for message in check(None)]
    return {message.id or "" for message in found if message.is_serious()}


def test_they_are_run_before_serving() -> None:
    assert set(CHECKS) <= registry.deployment_checks


def test_an_installation_of_make_run_is_fine() -> None:
    assert serious() == set()


@pytest.mark.parametrize(
    "text",
    ["", "1:", "1:c2hvcnQ=", f"1:{GOOD_KEY}\n1:{GOOD_KEY}", "no colon", "1:not base64!"],
)
def test_a_keyring_that_cannot_be_used(text: str, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "keyring").write_text(text)
    settings.KEYRING_FILE = str(tmp_path / "keyring")
    assert serious() == {"smsportal.E001"}


@pytest.mark.parametrize("key", ["not-yet-made", "a" * 80, "short but quite random 8f3k"])
def test_a_weak_secret_key(key: str, settings: Settings) -> None:
    settings.SECRET_KEY = key
    assert serious() == {"smsportal.E002"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8000", set()),
        ("http://10.1.2.3:8000", set()),
        ("http://portal:8000", set()),
        ("https://sms.example.com", set()),
        ("http://sms.example.com", {"smsportal.E004"}),
        ("http://8.8.8.8", {"smsportal.E004"}),
        ("sms.example.com", {"smsportal.E003"}),
        ("ftp://sms.example.com", {"smsportal.E003"}),
        ("https://sms.example.com/portal", {"smsportal.E003"}),
    ],
)
def test_codes_do_not_cross_the_internet_in_clear(
    url: str, expected: set[str], settings: Settings
) -> None:
    settings.PUBLIC_URL = url
    assert serious() == expected


def test_what_starts_while_the_database_is_away_is_not_ended_by_its_models(
    tmp_path: Path,
) -> None:
    """A worker checks them before it takes work, and has to outlast a restart of PostgreSQL."""
    nowhere = processes.environment(DATABASE_URL=f"postgresql:///none?host={tmp_path}")
    check = "from django.core.checks import run_checks as run; run(databases=['default'])"
    program = [sys.executable, "-W", "ignore", "-c", f"import django; django.setup(); {check}"]
    done = subprocess.run(program, env=nowhere, cwd=processes.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
