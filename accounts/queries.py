"""Page-shaped reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.functional import cached_property

from accounts import gateway, sent_requests
from accounts.models import Membership, ProviderAccount, ProviderKey, SentRequest, Team
from accounts.secrets.hook_tokens import hook_address
from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken
from accounts.states import KeyState
from providers.provider import Provider
from providers.registry import provider

PREVIOUS_KEY_HOLDS = timedelta(days=1)


class Health(StrEnum):
    """What an account's badge says; its value is the badge's look."""

    OK = "ok"
    THROTTLED = "warn"
    KEY_REFUSED = "bad"
    ARCHIVED = "idle"


@dataclass(frozen=True)
class AccountPage:
    """A provider account, as its page and its line in the list show it."""

    account: ProviderAccount
    now: datetime

    @cached_property
    def wire(self) -> Provider:
        return provider(self.account.provider, self.account.server_prefix)

    @property
    def health(self) -> Health:
        if self.account.archived_at is not None:
            return Health.ARCHIVED
        if self.account.key_refused_at is not None:
            return Health.KEY_REFUSED
        if self.account.throttled_until is not None and self.account.throttled_until > self.now:
            return Health.THROTTLED
        return Health.OK

    @cached_property
    def keys(self) -> list[ProviderKey]:
        """The current key first, then those that still verify webhooks."""
        found = self.account.keys.exclude(state=KeyState.RETIRED).order_by("-created_at")
        since = self.now - PREVIOUS_KEY_HOLDS
        return [key for key in found if key.retired_at is None or key.retired_at > since]

    @cached_property
    def webhook(self) -> str:
        """The address to enter at the provider; "" where its seal does not open."""
        try:
            return hook_address(self.account)
        except (SealBroken, KeyringError):
            return ""

    @cached_property
    def usage(self) -> gateway.Usage:
        return gateway.spent(self.account, self.now)

    @cached_property
    def requests(self) -> list[SentRequest]:
        """The last few that were sent."""
        return sent_requests.latest(self.account)

    @cached_property
    def errors(self) -> list[SentRequest]:
        """The last few that failed, of a week."""
        return sent_requests.latest_errors(self.account)

    @cached_property
    def key_opens(self) -> bool:
        try:
            gateway.open_door(self.account)
        except gateway.NoKey:
            return False
        return True


def account_pages(team: Team, now: datetime) -> list[AccountPage]:
    """The team's accounts in use by label, then the archived ones."""
    accounts = team.provider_accounts.order_by("label")
    pages = [AccountPage(account, now) for account in accounts]
    return sorted(pages, key=lambda page: page.account.archived_at is not None)


def people(team: Team) -> list[Membership]:
    """The team's members by the name that the pages show."""
    members = team.memberships.select_related("user")
    return sorted(members, key=lambda member: str(member.user).casefold())
