"""Rows to begin a test with, made as the portal itself would make them."""

import itertools
import uuid
from typing import Any

from django.utils import timezone

from accounts.models import Membership, ProviderAccount, ProviderKey, Team, User
from accounts.secrets.hook_tokens import set_token
from accounts.secrets.sealing import fingerprint, key_place, seal
from accounts.states import Role

PASSWORD = "a-long-enough-passphrase"

_numbers = itertools.count(1)


def make_user(email: str = "", **fields: Any) -> User:
    return User.objects.create_user(
        email or f"person{next(_numbers)}@example.org", PASSWORD, **fields
    )


def make_team(name: str = "", **fields: Any) -> Team:
    """A team that is through its first steps, unless `first_steps_over_at` is None."""
    number = next(_numbers)
    given = {"name": name or f"Team {number}", "slug": f"team-{number}"}
    return Team.objects.create(**given | {"first_steps_over_at": timezone.now()} | fields)


def make_member(team: Team, *roles: Role, user: User | None = None) -> Membership:
    held = list(roles or (Role.MEMBER,))
    return Membership.objects.create(team=team, user=user or make_user(), roles=held)


def make_provider_account(
    team: Team | None = None, provider: str = "smsvilla", *, key: str = "", **fields: Any
) -> ProviderAccount:
    currency = {"smsgig": "USD", "smsvilla": "NGN"}[provider]
    account = ProviderAccount(
        team=team or make_team(),
        provider=provider,
        currency=currency,
        **{"label": f"Wallet {next(_numbers)}"} | fields,
    )
    set_token(account)
    account.save()
    add_key(account, key or f"test-key-{uuid.uuid4()}")
    return account


def add_key(account: ProviderAccount, key: str) -> ProviderKey:
    row = ProviderKey(account=account, last_four=key[-4:])
    row.sealed = seal(key, place=key_place(row))
    row.fingerprint = fingerprint(key, account.provider)
    row.save()
    return row
