"""The sandbox's wallets, and accounts with their keys added by the ordinary operations."""

from django.db import connection
from django.utils import timezone

from accounts import operations
from accounts.models import (
    Membership,
    ProviderAccount,
)
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.providers import Provider


class Known:
    """What stands for the rentals of an account."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.running = ""
        self.told: list[int] = []

    def adding(self, account: ProviderAccount) -> None:
        assert connection.in_atomic_block
        assert ProviderAccount.objects.filter(pk=account.pk).exists()

    def added(self, account: ProviderAccount) -> None:
        self.told.append(account.pk)

    def unfinished(self, account: ProviderAccount) -> str:
        return self.running

    def activations(self, account: ProviderAccount) -> list[str]:
        return self.ids


def add(
    admin: Membership, key: str, *, provider: str = "smsvilla", label: str = "Main"
) -> ProviderAccount:
    return operations.add_provider_account(
        team=admin.team,
        provider_code=provider,
        label=label,
        key=key,
        actor=admin.user,
        now=timezone.now(),
    )


def rotate(account: ProviderAccount, key: str) -> None:
    operations.rotate_key(account=account, key=key, actor=None, now=timezone.now())


def wallet_id(sandbox: Sandbox, account: ProviderAccount) -> int:
    return sandbox.wallet(account.provider).id


def rented(sandbox: Sandbox, account: ProviderAccount) -> str:
    wallet = sandbox.wallet(account.provider)
    return str(sandbox.rent(wallet, service_code="whatsapp").id)


def other_wallet(sandbox: Sandbox, account: ProviderAccount, balance: str = "7") -> str:
    wallet = sandbox.wallets.open(
        provider=Provider(account.provider), name="other", deposit=to_mills(balance), keys=()
    )
    return sandbox.key(wallet.id)


def states(account: ProviderAccount) -> list[str]:
    return list(account.keys.order_by("created_at").values_list("state", flat=True))
