"""Stored replies: lossless in what counts, silent on what does not."""

import json

import pytest

from providers.calls import Delivered, Reply
from providers.exchange import reply_from_dict, reply_to_dict


@pytest.mark.parametrize(
    "body", [b"", b'{"a": "\xc3\xa9"}', b"\xef\xbb\xbf{}", b"\xff\xfe", b"a\x00b", b"\r\n"]
)
def test_round_trip(body: bytes) -> None:
    reply = Reply(Delivered.CUT, 200, {"retry-after": "5"}, body, "Cut.", 1.25)
    stored = json.loads(json.dumps(reply_to_dict(reply)))
    assert reply_from_dict(stored) == reply
    assert "\\u0000" not in json.dumps(stored)


def test_only_harmless_headers_are_kept() -> None:
    headers = {
        "Content-Type": "text/html",
        "date": "now",
        "set-cookie": "session=1",
        "authorization": "Bearer sk_test",
        "retry-after": "5\x00",
    }
    stored = reply_to_dict(Reply(Delivered.ANSWERED, 200, headers))
    assert stored["headers"] == {"content-type": "text/html", "date": "now"}


def test_text_stays_readable_in_the_database() -> None:
    assert reply_to_dict(Reply(Delivered.ANSWERED, 200, {}, b'{"a": 1}'))["body"] == '{"a": 1}'


@pytest.mark.parametrize(
    "damage",
    [
        {"delivered": "maybe"},
        {"status": "200"},
        {"headers": None},
        {"body_base64": "?"},
        {"seconds": "long"},
    ],
)
def test_what_was_not_stored_by_us_is_refused(damage: dict[str, object]) -> None:
    stored = reply_to_dict(Reply(Delivered.ANSWERED, 200))
    with pytest.raises(ValueError):
        reply_from_dict(stored | damage)


def test_a_stored_reply_lacks_nothing() -> None:
    stored = reply_to_dict(Reply(Delivered.ANSWERED, 200))
    for name in stored:
        with pytest.raises(ValueError, match=name):
            reply_from_dict({other: stored[other] for other in stored if other != name})
