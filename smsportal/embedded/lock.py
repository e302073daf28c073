"""One program at a time on a data folder. The kernel lets go of the lock when the holder dies."""

import fcntl
import os
from pathlib import Path

from smsportal.embedded.account import owner_uid
from smsportal.embedded.layout import give

NAME = "lock"


class Busy(Exception):
    """Somebody else holds the lock; `note` is what they wrote into it."""

    def __init__(self, note: str) -> None:
        super().__init__(note)
        self.note = note


class DataLock:
    """The exclusive right to a data folder, from construction to `release()` or our end.

    Raises Busy where another process has it. The lock is not handed on to child processes.
    """

    def __init__(self, data: Path) -> None:
        path = data / NAME
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        give(path, owner_uid(data))
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = os.pread(self.file, 1000, 0).decode(errors="replace").strip()
            os.close(self.file)
            raise Busy(note) from None
        self.write("")

    def write(self, note: str) -> None:
        """Leave a note for the next one who asks: the address that answers here."""
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, note.encode(), 0)

    def release(self) -> None:
        os.close(self.file)
