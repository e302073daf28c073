"""A second try of a test that drives a browser or processes begins with nothing of the first."""

import pytest

FAILED = pytest.StashKey[bool]()


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.when != "teardown" and item.get_closest_marker("flaky"):
        item.stash[FAILED] = call.excinfo is not None or item.stash.get(FAILED, False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """End what a test that failed shared with others: its second try begins with all of it anew.

    Else pytest-rerunfailures puts it off, and forgets what the second try has begun itself where
    the first one broke off before: a browser's loop, in which no later test can start another, and
    a portal that goes on working in later tests' database.
    """
    if item.stash.get(FAILED, False):
        item.stash[FAILED] = False
        item.session._setupstate.teardown_exact(item.session)  # type: ignore[arg-type]  # a node
