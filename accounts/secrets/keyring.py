"""The keys that seal secrets, from outside the database.

A keyring is text: a key for each line (or word, or comma), `<id>:<base64 of 32 bytes>`. The first
one seals, all of them open. It comes from settings.KEYRING, else from the file
settings.KEYRING_FILE, is read once and stays in memory.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings

KEY_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


class KeyringError(Exception):
    """No usable keyring. The text says what to do and quotes no key."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """`current` is the id of the key that seals."""

    current: str
    keys: dict[str, bytes] = field(repr=False)


def keyring() -> Keyring:
    """The installation's keyring. Raises KeyringError."""
    return _read(settings.KEYRING, str(settings.KEYRING_FILE))


def parse(text: str, *, source: str) -> Keyring:
    """Read a keyring's text; `source` names it in errors. Raises KeyringError."""
    entries = [entry for entry in re.split(r"[\s,]+", text) if entry]
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(entries, start=1):
        identifier, key = _entry(entry, f"Entry {number} of {source}")
        if identifier in keys:
            raise KeyringError(f"{source} has two keys with the id {identifier}.")
        keys[identifier] = key
    if not keys:
        raise KeyringError(f"{source} is empty. It needs a line <id>:<base64 of 32 random bytes>.")
    return Keyring(current=next(iter(keys)), keys=keys)


@cache
def _read(text: str, file: str) -> Keyring:
    if text.strip():
        return parse(text, source="KEYRING")
    try:
        return parse(Path(file).read_text(encoding="ascii"), source=f"The keyring file {file}")
    except FileNotFoundError:
        raise KeyringError(
            f"There is no keyring: set KEYRING, or KEYRING_FILE to a file (looked for {file})."
        ) from None
    except UnicodeDecodeError:
        raise KeyringError(f"The keyring file {file} is not plain text.") from None
    except OSError as error:
        raise KeyringError(f"The keyring file {file} can't be read: {error.strerror}.") from None


def _entry(entry: str, place: str) -> tuple[str, bytes]:
    identifier, _, encoded = entry.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not _ID.fullmatch(identifier) or len(key) != KEY_BYTES:
        raise KeyringError(f"{place} is not <id>:<base64 of {KEY_BYTES} bytes>.")
    return identifier, key
