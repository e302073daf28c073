"""What the ledger has to do with a provider account that is added or archived."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone

from accounts.models import ProviderAccount
from ledger.book import open_book


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
