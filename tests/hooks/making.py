"""Provider accounts with keys and webhook addresses, and webhooks as providers send them."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import ProviderAccount, ProviderKey, Team
from accounts.secrets.hook_tokens import set_token
from accounts.secrets.sealing import fingerprint, hook_token_place, key_place, seal, unseal
from accounts.states import KeyState
from providers.registry import provider as adapter


@dataclass
class Made:
    """An account, with what only its provider knows."""

    account: ProviderAccount
    key: str

    @property
    def path(self) -> str:
        token = unseal(self.account.hook_token_sealed, place=hook_token_place(self.account))
        return f"/hooks/{self.account.provider}/{token}"

    def rotate_key(self) -> None:
        """A new current key; the one before stays the previous one, from now."""
        self.account.keys.update(state=KeyState.PREVIOUS, retired_at=timezone.now())
        self.key = add_key(self.account)

    def rotate_address(self) -> None:
        set_token(self.account)
        self.account.save()


def make_account(provider: str = "smsgig") -> Made:
    team, _ = Team.objects.get_or_create(slug="testers", defaults={"name": "Testers"})
    account = ProviderAccount(
        team=team,
        provider=provider,
        label=f"{provider} {secrets.token_hex(4)}",
        currency=adapter(provider).currency,
    )
    set_token(account)
    account.save()
    return Made(account, add_key(account))


def add_key(account: ProviderAccount) -> str:
    key = secrets.token_hex(16)
    row = ProviderKey(account=account, last_four=key[-4:])
    row.sealed = seal(key, place=key_place(row))
    row.fingerprint = fingerprint(key, account.provider)
    row.save()
    return key


def smsgig_body(**changes: Any) -> bytes:
    """A webhook as in SMSGig's document."""
    return _json(
        {
            "activation_id": 10561661,
            "message_id": f"msg_{secrets.token_hex(4)}",
            "service": "whatsapp",
            "code": "123456",
            "text": "Your WhatsApp code is 123456",
            "received_at": "2026-05-18T14:02:11.000000Z",
        },
        changes,
    )


def smsvilla_body(**changes: Any) -> bytes:
    """A webhook as in SMS Villa's document."""
    return _json(
        {
            "activationId": 123456,
            "messageId": secrets.randbelow(10**9) + 1,
            "service": "gmail",
            "code": "543210",
            "text": "Your Gmail code is 543210",
            "receivedAt": "2025-01-12T10:15:20Z",
        },
        changes,
    )


def signed(body: bytes, key: str) -> dict[str, str]:
    """The header with which SMSGig signs a body."""
    return {"X-SMSGig-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def _json(document: dict[str, Any], changes: dict[str, Any]) -> bytes:
    return json.dumps({**document, **changes}).encode()
