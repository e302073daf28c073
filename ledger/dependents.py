"""What the ledger has to do with a provider account that is added or archived, and with a team
that moves to another time zone."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import ProviderAccount, Team
from ledger.book import open_book
from ledger.days import team_day
from ledger.models import ClosedMonth


class Books:
    def adding(self, account: ProviderAccount) -> None:
        """Its book begins with what the wallet held when its key was checked, and then, by the
        provider's clock where it tells: its statement is by that clock."""
        open_book(
            account,
            balance=account.balance or Decimal(0),
            cut_over_at=account.balance_dated or account.balance_read_at or timezone.now(),
        )

    def added(self, account: ProviderAccount) -> None:
        pass

    def unfinished(self, account: ProviderAccount) -> str:
        return ""

    def activations(self, account: ProviderAccount) -> Sequence[str]:
        return ()

    def against_zone(self, team: Team, now: datetime) -> str:
        """Whatever a provider charges or refunds now is booked today: never in a closed month."""
        month = team_day(team, now).replace(day=1)
        if not ClosedMonth.objects.filter(wallet__team=team, month=month).exists():
            return ""
        return _(
            "%(month)s is closed, and is not over in this time zone: nothing could be booked "
            "until it is. Change the time zone then."
        ) % {"month": formats.date_format(month, "F Y")}
