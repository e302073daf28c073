"""The folders of the embedded servers: made, owned and closed to everybody else.

Where root starts the servers, they run as another account. That account may be unable to reach
the data folder (a checkout below /root, a temporary folder of mode 0700). No folder above the
data folder is ever opened for it: the servers' files then live in a private folder of their own,
which the data folder names.
"""

import contextlib
import errno
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from smsportal.embedded import addresses
from smsportal.embedded.account import Account, for_servers, group_of, owner_uid
from smsportal.embedded.errors import StartError

PRIVATE_PARENT = Path("/var/lib/smsportal")


@dataclass(frozen=True)
class Layout:
    """Where one set of servers lives, and as whom."""

    data: Path
    home: Path
    sockets: Path
    account: Account

    def folder(self, name: str) -> Path:
        """A folder below home that only the servers' account may use, made where missing."""
        path = self.home / name
        path.mkdir(mode=0o700, exist_ok=True)
        self.account.own(path)
        return path


def prepare_data(data: Path) -> Path:
    """Make the data folder, for its owner alone, and return it resolved.

    As root it may be passed through, but not listed: the servers run as another account.
    Raises StartError where it isn't ours or can't be written to.
    """
    data = data.resolve()
    try:
        owner = owner_uid(data)
        if not data.is_dir():
            data.mkdir(mode=0o700, parents=True)
            give(data, owner)
        _check_ours(data)
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise StartError(f"The data folder {data} can't be used: {error.strerror}.") from error
    return data


def give(path: Path, owner: int) -> None:
    """As root, hand a new file in somebody's folder to them, so that they can go on alone."""
    if os.geteuid() == 0 and owner != 0:
        os.chown(path, owner, group_of(owner), follow_symlinks=False)


def give_all(data: Path) -> None:
    """As root, hand everything in somebody's data folder to them, but for the servers' own."""
    owner = owner_uid(data)
    if os.geteuid() != 0 or owner == 0:
        return
    for folder, names, files in os.walk(data):
        for name in [*names, *files]:
            with contextlib.suppress(FileNotFoundError):
                give(Path(folder, name), owner)


def prepare(data: Path) -> Layout:
    """Choose and make the servers' folders below, or where need be beside, the data folder."""
    data = prepare_data(data)
    account = for_servers(data)
    home = _home(data, account)
    try:
        sockets = _socket_folder(addresses.sockets(data), account)
    except OSError as error:
        raise StartError(f"No socket folder could be made: {error}.") from error
    return Layout(data, home, sockets, account)


def _check_ours(data: Path) -> None:
    owner = data.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise StartError(
            f"The data folder {data} belongs to user id {owner}: start as that user or as root, "
            "or set DATA_DIR to a folder of your own."
        )
    if not os.access(data, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "it is not writable")


def _home(data: Path, account: Account) -> Path:
    home = addresses.home(data)
    if home != data:
        return home
    _refuse_foreign_pointer(data)
    if _reaches(data, account):
        return data
    if (data / "postgres").exists():
        raise StartError(
            f"{account.name} can't reach the database in {data} any more: move it back to where "
            "it was made, or start as the user who made it."
        )
    return _private_folder(data)


def _reaches(data: Path, account: Account) -> bool:
    """Whether the account gets into a folder of its own inside the data folder."""
    probe = data / "probe"
    probe.mkdir(mode=0o700, exist_ok=True)
    account.own(probe)
    try:
        return account.can_reach(probe)
    finally:
        probe.rmdir()


def _private_folder(data: Path) -> Path:
    """Make a folder outside, and name it in the data folder. Its name can't be foreseen."""
    folder = PRIVATE_PARENT / secrets.token_hex(6)
    try:
        for made in (PRIVATE_PARENT, folder):
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o711)  # whatever our umask
        (folder / addresses.OWNER_NOTE).write_text(f"{data}\n")
        pointer = data / addresses.POINTER
        pointer.write_text(f"{folder}\n")
        give(pointer, owner_uid(data))
    except OSError as error:
        raise StartError(
            f"The servers' account can't reach {data}, and {folder} can't be made: "
            f"{error.strerror}. Set DATA_DIR to a folder that every user can reach."
        ) from error
    return folder


def _refuse_foreign_pointer(data: Path) -> None:
    pointer = data / addresses.POINTER
    if pointer.exists():
        raise StartError(
            f"{pointer} names {pointer.read_text().strip()}, which is gone or holds the data of "
            "another checkout. Put it back (its file belongs-to must hold this data folder's "
            "path), or delete the whole data folder to begin anew."
        )


def _socket_folder(folder: Path, account: Account) -> Path:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.own(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
        raise StartError(f"{folder} was made by somebody else: remove it, or set DATA_DIR.")
    account.own(folder)
    folder.chmod(0o700)
    return folder
