"""Waiting for a condition with a deadline, which is what tests do in place of sleeping."""

from collections.abc import Callable

from smsportal.embedded.waiting import within

SECONDS = 20.0


def until(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Return as soon as the condition holds; fail the test after `seconds`."""
    assert within(seconds, condition), f"not within {seconds:.0f} s: {what}"
