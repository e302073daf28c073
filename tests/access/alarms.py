"""The alerts' part of the world."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import ProviderAccount, User
from alerts.models import Alert, Delivery
from alerts.operations.endpoints import send_test, set_endpoint
from alerts.states import How, Kind, Severity


@dataclass(frozen=True)
class Alarms:
    account: ProviderAccount
    alert: Alert
    delivery: Delivery


def make_alarms(account: ProviderAccount, admin: User) -> Alarms:
    alert = Alert.objects.create(
        team=account.team,
        kind=Kind.LOW_WALLET,
        subject=f"account:{account.pk}",
        severity=Severity.WARNING,
        title="Main is low",
        link="/",
        opened_at=timezone.now(),
    )
    now = timezone.now()
    endpoint, _ = set_endpoint(
        team=account.team, url="https://example.com/alerts", actor=admin, now=now
    )
    delivery = send_test(endpoint=endpoint, actor=admin, now=now)
    return Alarms(account, alert, delivery)


def addresses(alarms: Alarms, name: str) -> dict[str, Any]:
    if name == "alert_hook_resend":
        return {"delivery": alarms.delivery.pk}
    return {"alert": alarms.alert.pk} if name == "alert_acknowledge" else {}


def forms(alarms: Alarms) -> dict[str, dict[str, Any]]:
    return {
        "alert_hook": {"url": "https://example.com/others"},
        "alert_hook_switch": {"on": "0"},
        "alert_mail": {**dict.fromkeys(Kind, How.OFF), "digest_hour": 17},
        "alert_limits": {
            "doubt_minutes": 20,
            "missed_codes": 4,
            f"low_{alarms.account.pk}": "5",
        },
    }
