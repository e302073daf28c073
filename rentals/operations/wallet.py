"""The balance of a provider account is read, for people to see."""

from django.utils import timezone

from accounts import gateway
from accounts.models import ProviderAccount
from accounts.states import Lane
from providers.errors import ProviderError
from providers.registry import provider


def read_balance(*, account: ProviderAccount) -> bool:
    """Read and keep the balance; False where the provider could not be asked now."""
    adapter = provider(account.provider, account.server_prefix)
    try:
        balance = gateway.ask(account, adapter.balance(), lane=Lane.BALANCE, now=timezone.now())
    except (ProviderError, gateway.OverBudget, gateway.NoKey):
        return False
    ProviderAccount.objects.filter(pk=account.pk).update(
        balance=balance.amount, balance_read_at=timezone.now()
    )
    return True
