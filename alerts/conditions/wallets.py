"""A wallet is low, or falls fast."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from django.utils.translation import gettext as _

from accounts.models import ProviderAccount
from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.states import Kind, Severity
from ledger.amounts import said
from ledger.models import Snapshot

REFILLED: Final = Decimal("1.1")  # an open alert is over at this much of the limit
SLOWED: Final = Decimal("0.8")  # likewise
CRITICAL_LOW: Final = Decimal("0.5")  # of the limit
CRITICAL_FALL: Final = 2  # times the limit
HOUR: Final = timedelta(hours=1)


def _low(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    watched = ProviderAccount.objects.filter(
        archived_at__isnull=True, alert_limits__low__isnull=False, balance__isnull=False
    )
    for account in watched.select_related("team", "alert_limits"):
        limit, held = account.alert_limits.low, account.balance
        assert limit is not None and held is not None  # noqa: S101 - as filtered
        if held < limit * (REFILLED if _key(account) in opened else 1):
            yield Holding(
                team_id=account.team_id,
                subject=f"account:{account.pk}",
                severity=Severity.CRITICAL if held < limit * CRITICAL_LOW else Severity.WARNING,
                title=_("%(wallet)s is low") % {"wallet": account.label},
                detail=_("It holds %(held)s; the limit is %(limit)s.")
                % {"held": said(held, account.currency), "limit": said(limit, account.currency)},
                link=page("wallet_detail", account.team, wallet=account.pk),
            )


def _falling(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    """By what was taken out within the last hour: a deposit hides nothing."""
    watched = ProviderAccount.objects.filter(
        archived_at__isnull=True, alert_limits__fall__isnull=False
    )
    fallen = _fallen(now)
    for account in watched.select_related("team", "alert_limits"):
        limit, fall = account.alert_limits.fall, fallen[account.pk]
        assert limit is not None  # noqa: S101 - as filtered
        if fall > limit * (SLOWED if _key(account) in opened else 1):
            yield Holding(
                team_id=account.team_id,
                subject=f"account:{account.pk}",
                severity=Severity.CRITICAL if fall > limit * CRITICAL_FALL else Severity.WARNING,
                title=_("%(wallet)s falls fast") % {"wallet": account.label},
                detail=_("%(fall)s went within an hour; the limit is %(limit)s.")
                % {"fall": said(fall, account.currency), "limit": said(limit, account.currency)},
                link=page("wallet_detail", account.team, wallet=account.pk),
            )


def _fallen(now: datetime) -> dict[int, Decimal]:
    """What each watched wallet lost from reading to reading in the last hour."""
    read = Snapshot.objects.filter(
        wallet__alert_limits__fall__isnull=False,
        wallet__archived_at__isnull=True,
        answered_at__gt=now - HOUR,
    )
    amounts: dict[int, list[Decimal]] = defaultdict(list)
    rows = read.order_by("wallet", "answered_at", "pk").values_list("wallet", "provider")
    for wallet, amount in rows:
        amounts[wallet].append(amount)
    fallen: dict[int, Decimal] = defaultdict(Decimal)
    for wallet, listed in amounts.items():
        fallen[wallet] = sum(
            (max(before - after, Decimal(0)) for before, after in pairwise(listed)), Decimal(0)
        )
    return fallen


def _key(account: ProviderAccount) -> Subject:
    return account.team_id, f"account:{account.pk}"


LOW: Final = Condition(Kind.LOW_WALLET, _low)
FALLING: Final = Condition(Kind.FALLING_WALLET, _falling)
