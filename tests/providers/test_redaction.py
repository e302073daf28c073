"""Evidence for finance: amounts and ids stay; numbers, codes and messages never do."""

import json

import pytest

from providers.redaction import HIDDEN, redacted
from tests.providers.samples import SAMPLES, Sample

SECRETS = ("123456 ", '"123456"', "543210", "Your ", "15181234567", "14052003055", "+1234567890")


def test_no_documented_answer_shows_a_number_a_code_or_a_message(sample: Sample) -> None:
    for example in (*sample.examples, *sample.literal):
        shown = redacted(sample.body(example.file))
        assert not [secret for secret in SECRETS if secret in shown], example.file
    shown = redacted(sample.body("webhook.json"))
    assert "543210" not in shown and '"123456"' not in shown and "Your" not in shown


def test_what_proves_a_refund_is_still_there() -> None:
    gig = SAMPLES["smsgig"]
    shown = json.loads(redacted(gig.body("rent.json")))["rental"]
    assert shown["activation_id"] == 10561661 and shown["price"] == 0.58
    assert shown["phone_number"] == HIDDEN
    assert shown["created_at"] == "2026-05-18T13:57:56.000000Z"
    assert json.loads(redacted(gig.body("cancel.json"))) == json.loads(gig.body("cancel.json"))
    statement = json.loads(redacted(gig.body("transactions.json")))["data"][0]
    assert statement["description"] == "Refund for eBay rental #503"


@pytest.mark.parametrize(
    "body",
    [
        '{"text": "Your code is 7391-aa", "code": "7391-aa"}',
        '{"text": "She said \\"7391-aa\\", really"}',
        '{"text": {"body": "7391-aa", "parts": ["7391-aa"]}}',
        '{"messages": ["7391-aa", {"sms": "7391-aa"}]}',
        '{"status": "7391-aa", "price": "7391-aa", "id": "7391-aa"}',
        '{"text": "Your code is 7391-aa',
        '{"text": Your code is 7391-aa, "price": 1}',
        '{"rental": {"otp": 7391-aa}}',
        '["7391-aa"]',
        '\ufeff {"new_field": "7391-aa"}',
    ],
)
def test_a_code_of_any_shape_is_hidden_in_json_of_any_shape(body: str) -> None:
    assert "7391" not in redacted(body)


@pytest.mark.parametrize(
    "body",
    [
        "<p>Number 12025550123</p>",
        "Number +1 (202) 555-0123.",
        "code 543 210",
        '{"message": "SMS 543210 went to +1 202 555 0123"}',
        '{"12025550123": {"price": 1}}',
        '{"phone_number": 12025550123, "number": "12025550123"}',
        '{"activation_id": "+12025550123"}',
    ],
)
def test_digits_are_hidden(body: str) -> None:
    shown = redacted(body.encode())
    assert HIDDEN in shown
    assert not [part for part in ("202", "543", "0123", "210") if part in shown]


def test_bytes_that_are_no_text() -> None:
    assert redacted(b"\xff\x00 12025550123").endswith(HIDDEN)
    assert redacted(b"") == ""
