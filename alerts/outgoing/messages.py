"""What a webhook is told, in the very bytes that are signed and sent."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import User
from alerts.models import Alert, Delivery, Endpoint
from alerts.states import News, Severity

TEST: Final = "alert.test"


def of_alert(endpoint: Endpoint, alert: Alert, news: News, now: datetime) -> Delivery:
    """A message about an alert, not saved. It holds what the alert says, so no number or code."""
    data = {
        "id": alert.pk,
        "team": endpoint.team.slug,
        "kind": alert.kind,
        "severity": Severity(alert.severity).name.lower(),
        "subject": alert.subject,
        "title": alert.title,
        "detail": alert.detail,
        "link": f"{settings.PUBLIC_URL}{alert.link}",
        "opened_at": _time(alert.opened_at),
        "closed_at": _time(alert.closed_at) if alert.closed_at else None,
    }
    return _delivery(endpoint, f"alert.{news}", data, now, alert=alert)


def test(endpoint: Endpoint, actor: User, now: datetime) -> Delivery:
    """A message that says that it is a test, not saved."""
    data = {"team": endpoint.team.slug, "title": "This is a test."}
    return _delivery(endpoint, TEST, data, now, asked_by=actor)


def host(url: str) -> str:
    """What of an address may be told to others."""
    return urlsplit(url).hostname or ""


def _delivery(
    endpoint: Endpoint, event: str, data: dict[str, Any], now: datetime, **fields: Any
) -> Delivery:
    body = {"type": event, "timestamp": _time(now), "data": data}
    return Delivery(
        endpoint=endpoint,
        message_id=f"msg_{secrets.token_hex(14)}",
        event=event,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        made_at=now,
        first_try_at=now,
        due_at=now,
        **fields,
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
