"""Which provider account a webhook's token opens, and the keys that may have signed it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import ProviderAccount, ProviderKey
from accounts.secrets.hook_tokens import token_hash
from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken, key_place, unseal
from accounts.states import KeyState
from providers.provider import Provider
from providers.registry import provider
from rentals.lanes.gathering import Gatherer
from rentals.lanes.link import Link

REMEMBERED: Final = 3.0  # seconds until a rotated token or key is noticed
PREVIOUS_KEY_HOLDS: Final = timedelta(days=1)

logger = logging.getLogger(__name__)


class NoKeys(Exception):
    """The account's keys don't open, so that no signature can be checked now."""


@dataclass(frozen=True, slots=True)
class Door:
    """An account as its webhooks see it. `keys` is None where they don't open."""

    account_id: int
    provider: Provider
    keys: tuple[str, ...] | None = field(repr=False)
    read_at: float = field(default_factory=monotonic)

    def genuine(self, body: bytes, headers: Mapping[str, str]) -> bool | None:
        """What the provider's adapter says of the signature. Raises NoKeys."""
        if self.provider.capabilities.signed_webhooks and self.keys is None:
            raise NoKeys
        return self.provider.is_genuine(body, headers, self.keys or ())


class Doors:
    """Looks tokens up by their hash: remembers those that open, and asks for many at once."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._gatherer = Gatherer(self._read)
        self._remembered: dict[bytes, Door] = {}

    async def find(self, provider_code: str, token: str, *, again: bool = False) -> Door | None:
        """Give the door that a token opens at this provider, read now where `again`.

        Raises psycopg.Error.
        """
        digest = token_hash(token)
        door = self._remembered.get(digest)
        if again or door is None or monotonic() - door.read_at > REMEMBERED:
            door = await self._gatherer.put(digest)
        return door if door is not None and door.provider.code == provider_code else None

    async def _read(self, digests: list[bytes]) -> list[Door | None]:
        accounts = await self._link.select(
            ProviderAccount.objects.filter(hook_token_hash__in=set(digests)).values_list(
                "hook_token_hash", "pk", "provider", "server_prefix"
            )
        )
        sealed = await self._sealed([pk for _, pk, _, _ in accounts])
        found = {
            bytes(digest): Door(pk, provider(code, prefix), _opened(pk, sealed.get(pk, {})))
            for digest, pk, code, prefix in accounts
        }
        for digest in digests:
            self._remembered.pop(digest, None)
        self._remembered |= found
        return [found.get(digest) for digest in digests]

    async def _sealed(self, accounts: list[int]) -> dict[int, dict[UUID, bytes]]:
        """The sealed keys that may sign now, by account and id."""
        previous = Q(state=KeyState.PREVIOUS, retired_at__gt=timezone.now() - PREVIOUS_KEY_HOLDS)
        found: dict[int, dict[UUID, bytes]] = {}
        if accounts:
            keys = ProviderKey.objects.filter(
                Q(state=KeyState.CURRENT) | previous, account__in=accounts
            )
            for account, pk, seal in await self._link.select(
                keys.values_list("account_id", "pk", "sealed")
            ):
                found.setdefault(account, {})[pk] = bytes(seal)
        return found


def _opened(account_id: int, sealed: Mapping[UUID, bytes]) -> tuple[str, ...] | None:
    try:
        return tuple(
            unseal(seal, place=key_place(ProviderKey(pk=pk, account_id=account_id)))
            for pk, seal in sealed.items()
        )
    except (SealBroken, KeyringError) as problem:
        logger.error("The keys of provider account %s don't open: %s", account_id, problem)
        return None
