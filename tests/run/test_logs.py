"""What repeats itself every second is said once."""

import logging

import pytest
from django.test import Client

from smsportal.logs import Sparingly, WithoutTokens


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


def test_hosts_that_are_not_ours_fill_no_log(client: Client) -> None:
    said: list[str] = []
    heard = logging.Handler()
    heard.emit = lambda record: said.append(heard.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(heard)
    try:
        for number in range(5):
            assert client.get("/", headers={"host": f"other{number}.example"}).status_code == 400
    finally:
        logging.getLogger().removeHandler(heard)
    [line] = [each for each in said if ".example" in each]
    assert "\n" not in line
    assert "other0.example" in line


@pytest.mark.parametrize(
    "address",
    [
        "/invitations/TOKEN/",
        "/hooks/smsgig/TOKEN",
        "/account/password/reset/key/TOKEN/",
        "/account/confirm-email/TOKEN/",
        "/t/team/budgets/answer/TOKEN",
    ],
)
def test_no_token_of_an_address_is_logged(address: str) -> None:
    line = record("%s: %s", "Forbidden", address)
    assert WithoutTokens().filter(line)
    assert line.getMessage() == "Forbidden: " + address.replace("TOKEN", "…")


def test_the_project_logs_as_configured() -> None:
    (handler,) = [h for h in logging.getLogger().handlers if h.name == "stderr"]
    assert [type(each) for each in handler.filters] == [WithoutTokens]
