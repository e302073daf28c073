"""A team to try things out with."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from accounts.gateway import base_url
from accounts.models import ProviderAccount, Team, User
from accounts.operations import add_member, add_provider_account
from accounts.sandbox import Sandbox, Wallet
from accounts.secrets.hook_tokens import hook_address
from accounts.states import Role
from providers.registry import provider

DOMAIN: Final = "demo.example"
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def make_people(team: Team) -> Iterator[tuple[str, str]]:
    """Make who is missing; give each one's e-mail address and password, which is kept nowhere."""
    for role in Role:
        email = f"{role.value}@{DOMAIN}"
        if not User.objects.filter(email=email).exists():
            password = _password()
            add_member(team=team, email=email, roles=[role], password=password, actor=None)
            yield email, password


def make_wallets(team: Team, sandbox: Sandbox, *, now: datetime) -> None:
    """Add the sandbox's wallets that the team lacks. Raises NotPossible, SandboxAway."""
    for wallet in _wallets(sandbox):
        if _account(team, wallet) is None:
            add_provider_account(
                team=team,
                provider_code=wallet.provider,
                label=f"{provider(wallet.provider).name} sandbox",
                key=wallet.key,
                actor=None,
                now=now,
            )


def point_webhooks(team: Team, sandbox: Sandbox) -> None:
    """Have the sandbox send the team's webhooks to this installation. Raises SandboxAway."""
    for wallet in _wallets(sandbox):
        if account := _account(team, wallet):
            sandbox.send_webhooks(wallet, hook_address(account))


def _wallets(sandbox: Sandbox) -> list[Wallet]:
    """Those of the providers that this installation really has played by the sandbox."""
    return [w for w in sandbox.wallets() if sandbox.plays(base_url(provider(w.provider)))]


def _account(team: Team, wallet: Wallet) -> ProviderAccount | None:
    accounts = ProviderAccount.objects.filter(team=team, provider=wallet.provider)
    return accounts.filter(archived_at__isnull=True).order_by("pk").first()


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))
