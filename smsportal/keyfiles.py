"""The two secrets of an installation that `make run` makes for itself, as files.

`secret_key` is Django's. `keyring` holds the keys that seal the providers' API keys; its format
is told in accounts/secrets/keyring.py.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from accounts.secrets import keyring
from smsportal.embedded import addresses
from smsportal.embedded.errors import StartError

SECRET_KEY = "secret_key"  # noqa: S105 - a file's name
KEYRING = "keyring"


def make_missing(data: Path, environment: Mapping[str, str]) -> None:
    """Make those that are neither there nor given by the environment, and check the keyring.

    Raises StartError for a keyring that can't be used, or that is gone while the database that
    was sealed with it is still there.
    """
    if not environment.get("SECRET_KEY"):
        _make(data / SECRET_KEY, secrets.token_urlsafe(50))
    text = environment.get("KEYRING", "")
    file = Path(environment.get("KEYRING_FILE") or data / KEYRING)
    if not text and file == data / KEYRING and not file.exists():
        _refuse_new_keyring_for_old_data(data)
        _make(file, f"1:{base64.b64encode(secrets.token_bytes(keyring.KEY_BYTES)).decode()}")
    _check_keyring(text, file)


def _check_keyring(text: str, file: Path) -> None:
    try:
        if text:
            keyring.parse(text, source="KEYRING")
        else:
            keyring.parse(file.read_text("ascii"), source=f"The keyring file {file}")
    except keyring.KeyringError as error:
        raise StartError(str(error)) from error
    except UnicodeDecodeError as error:
        raise StartError(f"The keyring file {file} is not plain text.") from error
    except OSError as error:
        raise StartError(f"The keyring file {file} can't be read: {error.strerror}.") from error


def _refuse_new_keyring_for_old_data(data: Path) -> None:
    cluster = addresses.home(data) / "postgres"
    if cluster.exists():
        raise StartError(
            f"{data / KEYRING} is gone, and the provider keys in {cluster} are sealed with it: "
            "put it back from your backup, or delete the whole data folder to begin anew."
        )


def _make(path: Path, text: str) -> None:
    """Write a new file of mode 0600: whole or, if we die before the end, not at all."""
    if path.exists():
        return
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
