"""What repeats itself every second is said once."""

import logging

from smsportal.logs import Sparingly


def record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("celery.beat", logging.ERROR, "", 0, message, args, None)


def test_a_message_passes_once_and_in_one_line() -> None:
    sparingly = Sparingly()
    first, again, other = (
        record("lost: %s\n%s", "a", "trace"),
        record("lost: %s\n%s", "b", ""),
        record("found"),
    )
    assert [sparingly.filter(line) for line in (first, again, other)] == [True, False, True]
    assert first.getMessage() == "lost: a"
