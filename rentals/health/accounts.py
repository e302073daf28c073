"""How a team's provider accounts are doing: what arrives by itself, what waits, what is used up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Min, Q
from django.utils.functional import cached_property

from accounts import gateway
from accounts.models import ProviderAccount, SentRequest, Team
from accounts.queries import AccountPage
from accounts.states import Verdict
from rentals.health import vitals
from rentals.health.vitals import Lag, RequestChart, WalletChart
from rentals.models import InboxEntry
from rentals.models.inbox import InboxOutcome
from rentals.queries import accounts_in_use

LOOK_BACK = timedelta(days=7)
ON_ITS_WAY = timedelta(minutes=1)  # a webhook may be that much later than a poll
RECENT = timedelta(days=1)
LATE = timedelta(seconds=10)  # in which a worker applies a webhook, or something is wrong
NEWEST: Final = 2000  # webhooks of all accounts among which an account's newest is looked for

# Codes that a poll found, of activations that no webhook told of: by the messages of polls, of
# which there are few where webhooks arrive. A rental of long ago is not looked at.
_MISSED: Final = """
    SELECT account.id, count(*)
    FROM rentals_message message
    JOIN rentals_rental rental ON rental.id = message.rental_id
    JOIN unnest(%s::bigint[], %s::timestamptz[]) account(id, since)
        ON account.id = rental.account_id
    WHERE message.source = 'poll' AND message.seen_at > %s AND message.seen_at <= %s
        AND message.seen_at > account.since
        AND rental.requested_at > account.since - interval '1 day'
        AND NOT EXISTS (
            SELECT FROM rentals_inboxentry entry
            WHERE entry.account_id = account.id AND entry.activation_id = rental.activation_id
        )
    GROUP BY account.id
"""


class Arrival(StrEnum):
    """Whether a provider's webhooks reach us, told by what has arrived. The value is a look."""

    ARRIVES = "ok"
    QUIET = "idle"  # the last one came long ago, and nothing says that one was missed
    NEVER = "warn"
    MISSED = "bad"  # polls found codes that no webhook brought


@dataclass(frozen=True, slots=True)
class Inbox:
    """Webhooks: the newest, those that no worker has applied yet, and those of a week for
    activations that no rental of ours has. `oldest`: of those that wait."""

    newest: datetime | None
    waiting: int = 0
    oldest: datetime | None = None
    unknown: int = 0
    missed: int = 0  # codes that a poll found, and of whose activation no webhook ever came


@dataclass(frozen=True)
class AccountHealth:
    """One provider account, as the health page and its own page tell of it."""

    account: ProviderAccount
    now: datetime
    inbox: Inbox
    lag: Lag | None = None
    last_error: SentRequest | None = None
    wallet: WalletChart | None = None
    requests: RequestChart | None = None

    @cached_property
    def page(self) -> AccountPage:
        return AccountPage(self.account, self.now)

    @property
    def newest(self) -> datetime | None:
        """When the newest webhook came that was stored, or one like it again."""
        return self.inbox.newest

    @property
    def waiting(self) -> int:
        return self.inbox.waiting

    @property
    def unknown(self) -> int:
        return self.inbox.unknown

    @property
    def missed(self) -> int:
        return self.inbox.missed

    @property
    def oldest_age(self) -> int:
        """Seconds that the one waits that waits longest; 0 where none does."""
        oldest = self.inbox.oldest
        return int((self.now - oldest).total_seconds()) if oldest else 0

    @property
    def is_late(self) -> bool:
        return self.oldest_age > LATE.total_seconds()

    @property
    def arrival(self) -> Arrival:
        if self.missed:
            return Arrival.MISSED
        if self.newest is None:
            return Arrival.NEVER
        return Arrival.ARRIVES if self.now - self.newest < RECENT else Arrival.QUIET

    @property
    def since_newest(self) -> int:
        """Seconds since the newest webhook."""
        return int((self.now - self.newest).total_seconds()) if self.newest else 0

    @cached_property
    def usage(self) -> gateway.Usage:
        return self.page.usage


def account_health(account: ProviderAccount, now: datetime) -> AccountHealth:
    """How the account's webhooks do, for its own page."""
    return AccountHealth(account, now, _inboxes([account], now)[account.pk])


def team_health(team: Team, now: datetime) -> list[AccountHealth]:
    """The team's accounts in use, by label. The same number of queries for any number of them."""
    accounts = list(accounts_in_use(team))
    since = now - LOOK_BACK
    inboxes = _inboxes(accounts, now)
    lags = vitals.lags(team.pk, accounts, since=since)
    errors = _last_errors(accounts, now)
    wallets = vitals.wallets(accounts, since=since, now=now)
    requests = vitals.requests(accounts, now=now)
    return [
        AccountHealth(
            account,
            now,
            inboxes[account.pk],
            lags.get(account.pk),
            errors.get(account.pk),
            wallets.get(account.pk),
            requests[account.pk],
        )
        for account in accounts
    ]


def _inboxes(accounts: Sequence[ProviderAccount], now: datetime) -> Mapping[int, Inbox]:
    newest, waiting = _newest(accounts), _waiting(accounts, now)
    missed = _missed(newest, now)
    return {
        account.pk: Inbox(
            newest[account.pk], missed=missed.get(account.pk, 0), **waiting.get(account.pk, {})
        )
        for account in accounts
    }


def _newest(accounts: Sequence[ProviderAccount]) -> Mapping[int, datetime | None]:
    """By the account's own row, which is told of a webhook in passing, and by the last entries."""
    last = InboxEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    among = InboxEntry.objects.filter(pk__gt=last - NEWEST, account__in=accounts)
    stored = dict(among.values_list("account").annotate(Max("received_at")))
    return {
        account.pk: max(filter(None, (account.last_hook_at, stored.get(account.pk))), default=None)
        for account in accounts
    }


def _waiting(accounts: Sequence[ProviderAccount], now: datetime) -> Mapping[int, dict[str, Any]]:
    waits = Q(outcome="", purged_at=None)
    unknown = Q(outcome=InboxOutcome.UNKNOWN_ACTIVATION, received_at__gt=now - LOOK_BACK)
    found = InboxEntry.objects.filter(applied_at=None, account__in=accounts).values("account")
    counted = found.annotate(
        waiting=Count("pk", filter=waits),
        oldest=Min("received_at", filter=waits),
        unknown=Count("pk", filter=unknown),
    )
    return {
        row["account"]: {name: row[name] for name in ("waiting", "oldest", "unknown")}
        for row in counted
    }


def _missed(newest: Mapping[int, datetime | None], now: datetime) -> Mapping[int, int]:
    """Those of a week, or since the newest webhook where there was one."""
    week = now - LOOK_BACK
    since = [max(week, at or week) for at in newest.values()]
    with connection.cursor() as cursor:
        earliest = min(since, default=week)
        cursor.execute(_MISSED, [list(newest), since, earliest, now - ON_ITS_WAY])
        return dict(cursor.fetchall())


def _last_errors(accounts: Sequence[ProviderAccount], now: datetime) -> Mapping[int, SentRequest]:
    """The newest of a day, of each account that had one."""
    failed = SentRequest.objects.filter(account__in=accounts, at__gt=now - RECENT).exclude(
        verdict=Verdict.DONE
    )
    newest = failed.order_by("account", "-at", "-pk").distinct("account")
    return {line.account_id: line for line in newest}
