"""One program at a time, and what it leaves for the others."""

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
