"""One program at a time on a data folder. The kernel lets go of the lock when the holder dies."""

import fcntl
import json
import os
from pathlib import Path

from smsportal.embedded.account import owner_uid
from smsportal.embedded.errors import StartError
from smsportal.embedded.layout import give
from smsportal.embedded.strays import end_all_with
from smsportal.embedded.waiting import within

NAME = "lock"
CHILDREN = "lock-of-children"
PATIENCE = 10.0


class Busy(Exception):
    """Another process has the lock; `note` is what it left for us, perhaps nothing yet."""

    def __init__(self, note: dict[str, str]) -> None:
        super().__init__(note)
        self.note = note


class DataLock:
    """The exclusive right to a data folder, from construction to `release()` or our end.

    Raises Busy where another process has it. The lock is not handed on to child processes.
    """

    def __init__(self, data: Path) -> None:
        self.file = _open(data / NAME)
        if not _lock(self.file, fcntl.LOCK_EX):
            note = _read(self.file)
            os.close(self.file)
            raise Busy(note)
        self.write({})

    def write(self, note: dict[str, str]) -> None:
        """Leave a note for who asks next: the environment of what runs here."""
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, json.dumps(note).encode(), 0)

    def release(self) -> None:
        self.write({})
        os.close(self.file)


def running(data: Path) -> dict[str, str]:
    """The note of the one who has the lock; empty where nobody does."""
    try:
        file = os.open(data / NAME, os.O_RDONLY)
    except OSError:
        return {}
    try:
        return {} if _lock(file, fcntl.LOCK_SH) else _read(file)
    finally:
        os.close(file)


def lock_of_children(data: Path) -> int:
    """A file descriptor to hand to every child process, once no earlier child has it any more.

    A child of a supervisor that was killed has been asked to stop. A worker ends its task first,
    which may take minutes: it is killed after a while, as where we stop it ourselves, because what
    it leaves undone stands in the rows. Raises StartError where one is still there after that.
    """
    file = _open(data / CHILDREN)
    if within(PATIENCE, lambda: _lock(file, fcntl.LOCK_EX)):
        return file
    end_all_with(file)
    if not within(PATIENCE, lambda: _lock(file, fcntl.LOCK_EX)):
        raise StartError("Processes of an earlier start do not end: stop them, then start again.")
    return file


def _open(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        give(path, owner_uid(path.parent))
    except OSError as error:
        raise StartError(f"{path} can't be opened: {error.strerror}.") from error
    return file


def _lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: int) -> dict[str, str]:
    try:
        note = json.loads(os.pread(file, 10_000, 0))
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in note.items()}
