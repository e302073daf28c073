"""Servers of ours that outlived the process that started them: found, and stopped for certain.

Every server carries a tag in its command line that only this data folder gives it. A process is
ours if it has the tag, the program's name and the right user: a live process id alone proves
nothing, because numbers are used again.
"""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from smsportal.embedded.errors import StartError
from smsportal.embedded.waiting import within

GRACE = 10.0


@dataclass(frozen=True)
class Stray:
    """What our own processes of one server look like in /proc."""

    program: str
    tag: str
    uid: int

    def find(self) -> dict[int, list[str]]:
        """Our live processes: command line by process id."""
        lines = {pid: command_line(pid) for pid in _process_ids()}
        return {pid: line for pid, line in lines.items() if self._matches(pid, line)}

    def stop(self, leader_signal: signal.Signals) -> None:
        """Stop the leaders in an orderly way, and kill what is left after a while."""
        for pid, line in self.find().items():
            if len(line) > 1:  # a leader: PostgreSQL's own children show a title instead
                _send(pid, leader_signal)
        if within(GRACE, lambda: not self.find()):
            return
        for pid in self.find():
            _send(pid, signal.SIGKILL)
        if not within(GRACE, lambda: not self.find()):
            raise StartError(f"{self.program} of an earlier start does not end: {[*self.find()]}.")

    def _matches(self, pid: int, line: list[str]) -> bool:
        if not line or self.program not in line[0]:
            return False
        if not any(self.tag in word for word in line):
            return False
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}").stat().st_uid == self.uid
        return False


def end_all_with(file: int) -> None:
    """Kill the processes besides us that have the same file open. It must be one that nobody else
    has a reason to open."""
    for pid in _process_ids():
        if pid != os.getpid() and _has_open(pid, os.fstat(file)):
            _send(pid, signal.SIGKILL)


def command_line(pid: int) -> list[str]:
    """The words of a process's command line, none where it is gone or a zombie."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word for word in raw.decode(errors="replace").split("\0") if word]


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    try:
        places = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # gone, or somebody else's
        return False
    for place in places:
        with contextlib.suppress(OSError):
            if os.path.samestat(place.stat(), wanted):
                return True
    return False


def _process_ids() -> list[int]:
    proc = Path("/proc")
    return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
