"""Seals secrets for the database, each to its own place there.

A seal is AES-256-GCM. What it is bound to (model, row, field) is authenticated with it, so that
a ciphertext copied to another place does not open there. Its bytes are

    version (1) | length of the key's id (1) | key's id | nonce (12) | ciphertext and tag

and so say which key of the keyring opens them.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.models import ConsoleRequest, ProviderAccount, ProviderKey, SealedSecret
from accounts.secrets.keyring import keyring

VERSION = 1
NONCE_BYTES = 12
FINGERPRINTS = "fingerprints"


class SealBroken(Exception):
    """A sealed value that does not open here: altered, moved, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs. `row` must never be another row's."""

    model: str
    row: str
    field: str

    def bound(self, header: bytes) -> bytes:
        return b"\0".join([header, self.model.encode(), self.row.encode(), self.field.encode()])


def seal(text: str, *, place: Place) -> bytes:
    """Seal with the keyring's first key. Raises KeyringError."""
    ring = keyring()
    header = _header(ring.current)
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(ring.keys[ring.current])
    return header + nonce + cipher.encrypt(nonce, text.encode(), place.bound(header))


def unseal(sealed: bytes | memoryview, *, place: Place) -> str:
    """Give what was sealed for this place. Raises SealBroken, KeyringError."""
    data = bytes(sealed)
    header, key = _header(key_id(data)), keyring().keys.get(key_id(data))
    if key is None:
        raise SealBroken(f"{place.model} is sealed with key {key_id(data)}, not in the keyring.")
    nonce, rest = data[len(header) :][:NONCE_BYTES], data[len(header) + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, rest, place.bound(header)).decode()
    except (InvalidTag, ValueError):
        raise SealBroken(f"The {place.field} of a {place.model} does not open.") from None


def key_id(sealed: bytes | memoryview) -> str:
    """Which key of the keyring a value was sealed with. Raises SealBroken."""
    data = bytes(sealed)
    if len(data) < 2 + NONCE_BYTES or data[0] != VERSION:
        raise SealBroken("This is not a sealed value.")
    return data[2 : 2 + data[1]].decode("ascii", errors="replace")


def key_place(key: ProviderKey) -> Place:
    """A provider key is bound to its account too: moved to another, it opens nothing."""
    return Place("ProviderKey", f"{key.pk}/{key.account_id}", "sealed")


def hook_token_place(account: ProviderAccount) -> Place:
    return Place("ProviderAccount", str(account.hook_id), "hook_token_sealed")


def secret_place(name: str) -> Place:
    return Place("SealedSecret", name, "sealed")


def answer_place(request: ConsoleRequest) -> Place:
    return Place("ConsoleRequest", str(request.pk), "sealed")


def fingerprint(key: str, provider: str) -> bytes:
    """32 bytes that tell equal keys of a provider from different ones, and open nothing."""
    return keyed_hash(FINGERPRINTS, provider.encode(), key.encode())


def keyed_hash(purpose: str, *parts: bytes) -> bytes:
    """HMAC-SHA256 of the parts (and where they part) with this purpose's own secret.

    The secret is random, made at its first use and kept sealed in the database: neither the
    database alone nor the keyring alone gives it, and it outlives every key of the keyring.
    """
    framed = b"".join(len(part).to_bytes(8) + part for part in parts)
    return hmac.new(_secret(purpose), framed, hashlib.sha256).digest()


def _secret(name: str) -> bytes:
    place = secret_place(name)
    found = SealedSecret.objects.filter(pk=name).first()
    if found is None:
        made = SealedSecret(name=name, sealed=seal(secrets.token_hex(32), place=place))
        SealedSecret.objects.bulk_create([made], ignore_conflicts=True)
        found = SealedSecret.objects.get(pk=name)
    return bytes.fromhex(unseal(found.sealed, place=place))


def _header(identifier: str) -> bytes:
    return bytes([VERSION, len(identifier)]) + identifier.encode()
