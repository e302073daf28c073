"""The mail server of a test, which is tried each time unless the test is about leaving it alone."""

import pytest
from pytest_django.fixtures import Settings

from accounts.mail_server import mail_server
from smsportal.mailers import mailer

NOBODY = "smtp://127.0.0.1:1"


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    rest(monkeypatch, 0)


def rest(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Leave it alone for that long from the next failure on; from now on it is tried."""
    monkeypatch.setattr(mail_server, "rest", seconds)
    monkeypatch.setattr(mail_server, "_until", 0.0)


def mail_to(settings: Settings, url: str, *, patience: float = 3) -> None:
    """Have the test's e-mail go to another server; `patience` in seconds."""
    settings.MAILERS = {"default": mailer(url, patience=patience)}
