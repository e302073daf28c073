"""What is reported of an error holds no secret."""

from typing import Any

import httpx
import sentry_sdk
from pytest_django.fixtures import Settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from alerts.outgoing.post import post
from smsportal.reporting import report_to
from tests.alerts.receiver import receiver

SECRET = "sk-secret-of-a-wallet"
SEARCHED = "12025550143"  # a number, in the address of a search


class Kept(Transport):
    """Keeps what would be sent."""

    sent: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize().decode())


def fail(key: str) -> None:
    raise RuntimeError("a failure")


def test_an_error_is_reported_without_its_variables_and_tokens() -> None:
    report_to("https://public@sentry.invalid/1")
    client = sentry_sdk.get_client()
    client.transport = Kept({"dsn": client.dsn})
    try:
        with sentry_sdk.isolation_scope() as scope:
            scope.add_event_processor(_of_a_request)
            try:
                fail(SECRET)
            except RuntimeError:
                sentry_sdk.capture_exception()
    finally:
        sentry_sdk.init()  # reports nothing any more
    (report,) = Kept.sent
    assert "a failure" in report
    assert r"/invitations/\u2026/" in report
    assert SECRET not in report
    assert SEARCHED not in report


def test_what_is_sent_elsewhere_says_nothing_of_reports(settings: Settings) -> None:
    settings.PRIVATE_WEBHOOKS = True
    report_to("https://public@sentry.invalid/1")
    try:
        with receiver() as there, httpx.Client() as client:
            assert post(there.url, b"{}", {}).status == 200
            assert client.post(there.url, content=b"{}").status_code == 200
    finally:
        sentry_sdk.init()  # reports nothing any more
    sent = {name for got in there.got for name in got.headers}
    assert len(there.got) == 2
    assert sent.isdisjoint({"sentry-trace", "baggage", "traceparent"})


def _of_a_request(event: Any, hint: dict[str, Any]) -> Any:
    event["request"] = {
        "url": f"https://sms.example.com/invitations/{SECRET}/?q={SEARCHED}",
        "query_string": f"q=%2B{SEARCHED}",
        "headers": {"Cookie": SECRET},
    }
    return event
