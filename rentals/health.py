"""How a team's provider accounts are doing: what arrives by itself, what waits, what is used up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.utils.functional import cached_property

from accounts import gateway
from accounts.models import ProviderAccount, Team
from accounts.queries import AccountPage
from rentals.models import InboxEntry, Message, ProviderAnswer
from rentals.models.inbox import InboxOutcome
from rentals.operations.answers import Verdict
from rentals.queries import accounts_in_use
from rentals.states import Source

LOOK_BACK = timedelta(days=7)
ON_ITS_WAY = timedelta(minutes=1)  # a webhook may be that much later than a poll
RECENT = timedelta(days=1)
LATE = timedelta(seconds=10)  # in which a worker applies a webhook, or something is wrong
PROBLEMS = (Verdict.THROTTLED, Verdict.BAD_KEY, Verdict.UNAVAILABLE, Verdict.UNKNOWN)


class Arrival(StrEnum):
    """Whether a provider's webhooks reach us, told by what has arrived. The value is a look."""

    ARRIVES = "ok"
    QUIET = "idle"  # the last one came long ago, and nothing says that one was missed
    NEVER = "warn"
    MISSED = "bad"  # polls found codes that no webhook brought


@dataclass(frozen=True)
class AccountHealth:
    """One provider account, as the health page and its own page tell of it."""

    account: ProviderAccount
    now: datetime

    @cached_property
    def page(self) -> AccountPage:
        return AccountPage(self.account, self.now)

    @cached_property
    def _inbox(self) -> dict[str, datetime | int | None]:
        waits = Q(applied_at=None, outcome="")
        unknown = Q(applied_at=None, outcome=InboxOutcome.UNKNOWN_ACTIVATION)
        return InboxEntry.objects.filter(account=self.account).aggregate(
            newest=Max("received_at"),
            waiting=Count("pk", filter=waits),
            oldest=Min("received_at", filter=waits),
            unknown=Count("pk", filter=unknown & Q(received_at__gt=self.now - LOOK_BACK)),
        )

    @property
    def newest(self) -> datetime | None:
        """When the newest webhook came that was stored, or one like it again."""
        seen = [self.account.last_hook_at, self._inbox["newest"]]
        return max((at for at in seen if isinstance(at, datetime)), default=None)

    @property
    def waiting(self) -> int:
        """Webhooks that no worker has applied yet."""
        return int(str(self._inbox["waiting"]))

    @property
    def oldest_age(self) -> int:
        """Seconds that the one waits that waits longest; 0 where none does."""
        oldest = self._inbox["oldest"]
        return int((self.now - oldest).total_seconds()) if isinstance(oldest, datetime) else 0

    @property
    def is_late(self) -> bool:
        return self.oldest_age > LATE.total_seconds()

    @property
    def unknown(self) -> int:
        """Webhooks of a week for activations that no rental of ours has."""
        return int(str(self._inbox["unknown"]))

    @cached_property
    def missed(self) -> int:
        """Codes of a week that a poll found, and of whose activation no webhook ever came."""
        brought = InboxEntry.objects.filter(
            account=self.account, activation_id=OuterRef("rental__activation_id")
        )
        since = max(self.now - LOOK_BACK, self.newest or self.now - LOOK_BACK)
        polled = Message.objects.filter(
            ~Exists(brought),
            rental__account=self.account,
            source=Source.POLL,
            seen_at__gt=since,
            seen_at__lte=self.now - ON_ITS_WAY,
        )
        return polled.count()

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

    @cached_property
    def last_problem(self) -> ProviderAnswer | None:
        """The newest answer of a day that was none: throttled, refused key, away, or unclear."""
        answers = ProviderAnswer.objects.filter(
            rental__account=self.account,
            answered_at__gt=self.now - RECENT,
            verdict__in=PROBLEMS,
        )
        return answers.order_by("-answered_at", "-pk").first()


def team_health(team: Team, now: datetime) -> list[AccountHealth]:
    """The team's accounts in use, by label."""
    return [AccountHealth(account, now) for account in accounts_in_use(team)]
