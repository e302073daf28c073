"""What tests share ends, however often one of them was tried."""

from pathlib import Path

import pytest

from tests import processes

pytestmark = pytest.mark.processes

SHARED = """
import pytest

tries = []

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=2))

@pytest.fixture(scope="package")
def portal():
    tries.append(1)
    if len(tries) == 1:
        raise RuntimeError("The machine is busy.")
    print("portal begins")
    yield
    print("portal ends")

@pytest.fixture(scope="package")
def browser():
    print("browser begins")
    yield
    print("browser ends")
"""


def test_what_a_second_try_has_begun_ends_too(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.joinpath("__init__.py").touch()
    shared.joinpath("conftest.py").write_text(SHARED)
    shared.joinpath("test_it.py").write_text("def test_it(portal, browser): pass\n")
    tmp_path.joinpath("test_later.py").write_text("def test_later(): print('later')\n")
    words = ["-m", "pytest", "-q", "-s", "-p", "tests.second_try", "-p", "no:django"]
    words += [
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        ".",
        "shared",
        "test_later.py",
    ]
    environment = processes.environment(PYTHONPATH=str(processes.ROOT))
    with processes.python(*words, environment=environment, name="tries", cwd=tmp_path) as run:
        assert run.wait(60) == 0, run.output()
        said = run.output()
    ends = [said.index(f"{each} ends") for each in ("browser", "portal")]
    assert sorted(ends) == ends
    assert ends[-1] < said.index("later")
