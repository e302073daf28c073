"""Something wrong to begin a test with."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import ProviderAccount
from alerts.models import Alert, TeamLimits, WalletLimits
from alerts.operations.evaluating import evaluate
from alerts.states import Kind, Severity
from ledger.models import Snapshot
from tests.pages.conftest import World


def look(at: datetime | None = None) -> None:
    evaluate(now=at or timezone.now())


def opened(kind: Kind) -> list[Alert]:
    return list(Alert.objects.filter(kind=kind, closed_at__isnull=True).order_by("pk"))


def limit(account: ProviderAccount, *, low: str = "", fall: str = "") -> None:
    amounts = {"low": Decimal(low) if low else None, "fall": Decimal(fall) if fall else None}
    WalletLimits.objects.update_or_create(account=account, defaults=amounts)


def team_limits(world: World, **fields: int) -> None:
    TeamLimits.objects.update_or_create(team=world.team, defaults=fields)


def hold(account: ProviderAccount, balance: str) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(balance=Decimal(balance))


def read(account: ProviderAccount, amount: str, at: datetime) -> None:
    """A reading of the balance."""
    said = Decimal(amount)
    Snapshot.objects.create(
        wallet=account,
        asked_at=at - timedelta(seconds=1),
        answered_at=at,
        ledger=said,
        provider=said,
        drift=0,
        quiet=True,
    )


def make_alert(world: World, kind: Kind = Kind.LOW_WALLET, **fields: Any) -> Alert:
    given: dict[str, Any] = {
        "team": world.team,
        "subject": f"account:{world.gig.pk}",
        "severity": Severity.WARNING,
        "title": "Main is low",
        "detail": "It holds USD 3.00; the limit is USD 5.00.",
        "link": f"/t/{world.team.slug}/",
        "opened_at": fields.get("closed_at") or timezone.now(),
    }
    return Alert.objects.create(kind=kind, **given | fields)
