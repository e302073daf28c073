"""One program at a time, and what it leaves for the others."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from smsportal.embedded import lock
from smsportal.embedded.errors import StartError


def test_a_second_one_is_told_what_runs(tmp_path: Path) -> None:
    first = lock.DataLock(tmp_path)
    first.write({"PORT": "8000"})
    with pytest.raises(lock.Busy) as busy:
        lock.DataLock(tmp_path)
    assert busy.value.note == {"PORT": "8000"}
    assert lock.running(tmp_path) == {"PORT": "8000"}


def test_nothing_runs_after_a_release_or_a_death(tmp_path: Path) -> None:
    assert lock.running(tmp_path) == {}
    first = lock.DataLock(tmp_path)
    first.release()
    assert lock.running(tmp_path) == {}
    (tmp_path / lock.NAME).write_text('{"PORT": "8000"}')  # a note whose writer was killed
    assert lock.running(tmp_path) == {}
    lock.DataLock(tmp_path).release()


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / lock.NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartError, match="can't be opened"):
        lock.DataLock(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_an_earlier_start_left_is_given_time_and_then_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of a supervisor that was killed finishes its task first, which may take minutes."""
    monkeypatch.setattr(lock, "PATIENCE", 0.5)
    earlier = lock.lock_of_children(tmp_path)
    with subprocess.Popen(["sleep", "600"], pass_fds=[earlier]) as worker:
        os.close(earlier)
        assert lock.lock_of_children(tmp_path) > 0
        assert worker.wait(5) == -signal.SIGKILL


def test_what_an_earlier_start_left_may_end_by_itself(tmp_path: Path) -> None:
    earlier = lock.lock_of_children(tmp_path)
    with subprocess.Popen(["sleep", "0.2"], pass_fds=[earlier]) as worker:
        os.close(earlier)
        assert lock.lock_of_children(tmp_path) > 0
        assert worker.wait(5) == 0
