"""Folders: closed to others, and never at the price of opening a folder above them."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from smsportal.embedded import addresses, layout
from smsportal.embedded.errors import StartError
from smsportal.embedded.servers import Servers


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.processes
def test_a_folder_above_is_never_opened_up(closed_folder: Path, as_root: bool) -> None:
    data = closed_folder / "data"
    with Servers(data, disposable=True):
        assert mode(closed_folder) == 0o700
        private = addresses.home(data) != data
        assert private == as_root, "root's servers can't get into a closed folder"


def test_a_pointer_to_a_folder_that_is_gone_starts_nothing_new(closed_folder: Path) -> None:
    data = closed_folder / "data"
    data.mkdir()
    (data / addresses.POINTER).write_text(str(closed_folder / "gone"))
    with pytest.raises(StartError, match="which is gone or holds the data of another checkout"):
        layout.prepare(data)


def test_a_socket_folder_that_somebody_prepared_is_refused(tmp_path: Path) -> None:
    # Not below the checkout: where that is closed, root's servers keep their files elsewhere.
    with tempfile.TemporaryDirectory(dir=addresses.SHORT_PARENT) as folder:
        Path(folder).chmod(0o711)
        deep = Path(folder) / ("x" * 80)
        sockets = addresses.sockets(deep)
        assert sockets.parent == addresses.SHORT_PARENT
        sockets.symlink_to(tmp_path)
        try:
            with pytest.raises(StartError, match="was made by somebody else"):
                layout.prepare(deep)
        finally:
            sockets.unlink()


def test_the_data_folder_is_closed(data: Path, as_root: bool) -> None:
    layout.prepare_data(data)
    assert mode(data) == (0o711 if as_root else 0o700)


def test_in_somebodys_folder_root_works_for_them(data: Path, as_root: bool) -> None:
    data.mkdir()
    if as_root:
        shutil.chown(data, "daemon", "daemon")
    owner = data.stat().st_uid
    made = layout.prepare(data)
    secret = data / "secret"
    secret.touch()
    layout.give_all(data)
    assert made.account.uid == owner
    assert {path.stat().st_uid for path in data.rglob("*")} == {owner}


def test_a_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StartError, match="can't be used"):
        layout.prepare_data(tmp_path / "data")
    assert os.listdir(tmp_path) == ["data"]  # noqa: PTH208 - names are what is asked for
