"""The two secrets of an installation that `make run` makes for itself, as files.

`secret_key` is Django's. `keyring` holds the keys that seal the providers' API keys: a line for
each, `<id>:<base64 of 32 bytes>`; the first one seals, all of them open.
"""

import base64
import os
import secrets
from pathlib import Path

SECRET_KEY = "secret_key"  # noqa: S105 - a file's name
KEYRING = "keyring"
KEY_BYTES = 32


def make_missing(data: Path) -> list[Path]:
    """Make those that aren't there yet, readable by their owner alone; return what was made."""
    contents = {
        SECRET_KEY: lambda: secrets.token_urlsafe(50),
        KEYRING: lambda: f"1:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}",
    }
    missing = [data / name for name in contents if not (data / name).exists()]
    for path in missing:
        write_secret(path, f"{contents[path.name]()}\n")
    return missing


def write_secret(path: Path, text: str) -> None:
    """Write a new file of mode 0600: whole or, if we die before the end, not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
