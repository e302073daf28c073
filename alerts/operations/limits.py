"""From when on a team is told is its admins' to say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.actions import Action
from accounts.models import Team, User
from alerts.models import TeamLimits, WalletLimits
from alerts.models.limits import DOUBT_MINUTES, MISSED_CODES
from rentals.queries import accounts_in_use


@dataclass(frozen=True, slots=True)
class OfWallet:
    """Amounts in the wallet's currency; None is not watched."""

    low: Decimal | None = None
    fall: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """`wallets`: by the id of the provider account."""

    wallets: Mapping[int, OfWallet]
    doubt_minutes: int = DOUBT_MINUTES
    missed_codes: int = MISSED_CODES


def limits_of(team: Team) -> Limits:
    """As they are now, of the provider accounts in use."""
    row = TeamLimits.objects.filter(team=team).first() or TeamLimits(team=team)
    of_wallets = {
        each.account_id: OfWallet(each.low, each.fall)
        for each in WalletLimits.objects.filter(account__team=team)
    }
    wallets = {
        account.pk: of_wallets.get(account.pk, OfWallet()) for account in accounts_in_use(team)
    }
    return Limits(wallets, row.doubt_minutes, row.missed_codes)


def change_limits(*, team: Team, limits: Limits, actor: User) -> bool:
    """Keep them; wallets that are not the team's are left out. False where nothing is new."""
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        before = limits_of(team)
        wallets = {pk: limits.wallets.get(pk, known) for pk, known in before.wallets.items()}
        after = Limits(wallets, limits.doubt_minutes, limits.missed_codes)
        if after == before:
            return False
        _write(team, after)
        audit.record(
            team=team,
            actor=actor,
            action=Action.ALERT_LIMITS_CHANGED,
            object=team,
            before=_told(team, before),
            after=_told(team, after),
        )
    return True


def _write(team: Team, limits: Limits) -> None:
    TeamLimits.objects.update_or_create(
        team=team,
        defaults={"doubt_minutes": limits.doubt_minutes, "missed_codes": limits.missed_codes},
    )
    for pk, of_wallet in limits.wallets.items():
        WalletLimits.objects.update_or_create(account_id=pk, defaults=asdict(of_wallet))


def _told(team: Team, limits: Limits) -> dict[str, Any]:
    labels = dict(accounts_in_use(team).values_list("pk", "label"))
    wallets = {
        labels[pk]: {name: str(amount) for name, amount in asdict(each).items() if amount}
        for pk, each in limits.wallets.items()
    }
    return {
        "doubt_minutes": limits.doubt_minutes,
        "missed_codes": limits.missed_codes,
        "wallets": wallets,
    }
