"""Webhooks: read, refused and told from forgeries."""

import hashlib
import hmac

import pytest

from providers.registry import provider
from providers.webhooks import Malformed
from tests.providers.samples import Sample

KEY = "an-api-key"


def test_documented_webhook_is_understood(sample: Sample) -> None:
    assert sample.provider.delivery(sample.body("webhook.json")) == sample.delivery
    assert sample.provider.acknowledgement() == sample.acknowledgement


def test_webhook_fields_in_either_case(sample: Sample) -> None:
    snake = b'{"activation_id": "5", "message_id": 9, "text": "Hi", "received_at": "bad"}'
    camel = b'{"activationId": 5, "messageId": "9", "text": "Hi", "code": null}'
    assert sample.provider.delivery(snake) == sample.provider.delivery(camel)
    assert sample.provider.delivery(snake).message.id == "9"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"activation_id": 5}',
        b'{"activation_id": 5, "code": "", "text": " "}',
        b'{"code": "1234", "text": "Code 1234"}',
        b'{"activation_id": null, "text": "Code 1234"}',
        b'{"activation_id": [5], "text": "Code 1234"}',
        b'{"activation_id": 5.5, "text": "Code 1234"}',
        b'{"activation_id": 5, "activationId": 6, "activation_id": 7, "text": "Code 1234"}',
        b'{"activation_id": 5, "text": ["Code 1234"]}',
        b'{"activation_id": 5, "text": "Code 1234", "code": {"a": 1}}',
        b'{"activation_id": 5, "text": "Code 1234", "code": true}',
        b'{"activation_id": 5, "text": Code 1234}',
        b'{"activation_id": 5, "text": "Code 1234",}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_malformed_webhooks(sample: Sample, body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        sample.provider.delivery(body)
    assert "1234" not in str(caught.value)


def test_signature(sample: Sample) -> None:
    body = sample.body("webhook.json")
    sign = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    check = sample.provider.is_genuine
    if not sample.provider.capabilities.signed_webhooks:
        assert check(body, {"X-Signature": sign}, [KEY]) is None
        return
    header = sample.signature_header
    for given in (sign, sign.upper(), f" {sign}\t", f"sha256={sign}"):
        assert check(body, {header: given}, [KEY]) is True
        assert check(body, {header.lower(): given}, ["older", "", KEY]) is True
    for headers in (
        {},
        {header: ""},
        {header: sign[:-1]},
        {header: f"{sign}0"},
        {header: "é" * 64},
    ):
        assert check(body, headers, [KEY]) is False
    assert check(body + b" ", {header: sign}, [KEY]) is False
    assert check(body, {header: sign}, ["another"]) is False
    assert check(body, {header: sign}, []) is False
    empty = hmac.new(b"", body, hashlib.sha256).hexdigest()
    assert check(body, {header: empty}, [""]) is False


def test_a_code_has_no_invisible_characters() -> None:
    """U+202E turns the direction of reading: the page would show another code than it copies."""
    body = '{"activation_id": 7, "code": "\u202e321\u202c654\u200b", "text": "hello"}'.encode()
    assert provider("smsgig").delivery(body).message.code == "321654"
