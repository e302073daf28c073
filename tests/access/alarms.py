"""The alerts' part of the world."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import ProviderAccount
from alerts.models import Alert
from alerts.states import How, Kind, Severity


@dataclass(frozen=True)
class Alarms:
    account: ProviderAccount
    alert: Alert


def make_alarms(account: ProviderAccount) -> Alarms:
    alert = Alert.objects.create(
        team=account.team,
        kind=Kind.LOW_WALLET,
        subject=f"account:{account.pk}",
        severity=Severity.WARNING,
        title="Main is low",
        link="/",
        opened_at=timezone.now(),
    )
    return Alarms(account, alert)


def addresses(alarms: Alarms, name: str) -> dict[str, Any]:
    return {"alert": alarms.alert.pk} if name == "alert_acknowledge" else {}


def forms(alarms: Alarms) -> dict[str, dict[str, Any]]:
    return {
        "alert_mail": {**dict.fromkeys(Kind, How.OFF), "digest_hour": 17},
        "alert_limits": {
            "doubt_minutes": 20,
            "missed_codes": 4,
            f"low_{alarms.account.pk}": "5",
        },
    }
