"""The mail server of a test is tried each time, unless the test is about leaving it alone."""

import pytest

from accounts.mail_server import mail_server


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    rest(monkeypatch, 0)


def rest(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Leave it alone for that long from the next failure on; from now on it is tried."""
    monkeypatch.setattr(mail_server, "rest", seconds)
    monkeypatch.setattr(mail_server, "_until", 0.0)
