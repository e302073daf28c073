"""Retry-After, and that a provider's words are safe before they are shown."""

import pytest

from providers.errors import Ambiguous, Refused, Throttled
from providers.replies import retry_after
from providers.wording import safe_words
from tests.providers.samples import SMSGIG, answered

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
LATER = "Wed, 21 Oct 2026 07:28:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "99999999"}, 86400),
        ({"retry-after": LATER, "date": DATE}, 30),
        ({"retry-after": DATE, "date": LATER}, 0),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:30 GMT", "date": DATE}, 86400),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:30 GMT"}, 86400),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 0),
        ({"retry-after": "-7"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "\u0667"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Wed, 99 Oct 2026 99:28:00 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    reply = answered(429, b"", headers)
    assert retry_after(reply) == seconds
    with pytest.raises(Throttled) as caught:
        SMSGIG.call("rent").read(reply)
    assert (caught.value.retry_after, caught.value.status) == (seconds, 429)


@pytest.mark.parametrize(
    ("words", "safe"),
    [
        ("Insufficient balance", "Insufficient balance"),
        ("No number for +1 (202) 555-0123 now", "No number for … … … now"),
        ("Code 123456, key sk_live_4f9, a@b.example", "Code … key … …"),
        ("Key abcdefghijklmnopqrstuvwxyz unknown", "Key … unknown"),
        ("line\r\nbreak\x00\u202e", "line break"),
        ("word " * 100, ("word " * 100)[:120].strip()),
        ("", ""),
        (None, ""),
        ({"service_code": ["required"]}, ""),
    ],
)
def test_safe_words(words: object, safe: str) -> None:
    assert safe_words(words).strip() == safe


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            400,
            '{"error": {"code": "E4", "message": "No funds"}}',
            "The provider refused (400): No funds",
        ),
        (
            402,
            '{"message": "No funds"}',
            "The provider did not answer as it documents: No funds (402).",
        ),
        (402, "<h1>No funds</h1>", "The provider did not answer as it documents (402)."),
        (
            200,
            '{"status": "error", "message": "No funds"}',
            "The provider answered with a failure: No funds (200).",
        ),
        (200, '{"status": "success"}', "The answer could not be read: no activation id (200)."),
    ],
)
def test_a_doubt_says_what_the_provider_said(status: int, body: str, told: str) -> None:
    with pytest.raises((Refused, Ambiguous)) as caught:
        SMSGIG.call("rent").read(answered(status, body))
    assert caught.value.detail == told


def test_a_refusal_says_why_and_a_bad_key_repeats_nothing() -> None:
    with pytest.raises(Refused) as caught:
        SMSGIG.call("rent").read(answered(422, '{"message": "Out of stock for 12025550123"}'))
    assert caught.value.detail == "The provider refused (422): Out of stock for …"
    with pytest.raises(Exception, match=r"^The provider does not accept the key \(401\)\.$"):
        SMSGIG.call("rent").read(answered(401, '{"message": "Key topsecret is invalid"}'))
