"""The secret part of a webhook's address, which tells whose it is.

Found by its SHA-256; shown again to admins by opening its seal.
"""

import hashlib
import secrets

from django.conf import settings

from accounts.models import ProviderAccount
from accounts.secrets.sealing import hook_token_place, seal, unseal

TOKEN_BYTES = 32


def new_token() -> str:
    """43 characters that are safe in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def set_token(account: ProviderAccount) -> None:
    """Give the account a new token; the caller saves it. Raises KeyringError."""
    token = new_token()
    account.hook_token_hash = token_hash(token)
    account.hook_token_sealed = seal(token, place=hook_token_place(account))


def hook_address(account: ProviderAccount) -> str:
    """The address to enter in the provider's dashboard. Raises SealBroken, KeyringError."""
    token = unseal(account.hook_token_sealed, place=hook_token_place(account))
    return f"{settings.PUBLIC_URL}/hooks/{account.provider}/{token}"
