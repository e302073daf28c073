"""No answer whatever makes a reader raise anything but a ProviderError, or spend money unknown."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.calls import Call, Delivered, Effect, Reply
from providers.errors import Ambiguous, ProviderError, Refused, Throttled, Unavailable
from providers.exchange import reply_from_dict, reply_to_dict
from providers.redaction import redacted
from providers.values import Activation, Balance, Page, Rented, Service
from providers.webhooks import Malformed
from tests.providers.samples import SAMPLES

FIELDS = [
    "status", "success", "error", "message", "balance", "currency", "data", "services", "rental",
    "messages", "meta", "total", "per_page", "last_page", "current_page", "activation_id",
    "activationId", "phone_number", "price", "ttl", "created_at", "expires_at", "service_code",
    "code", "text", "id", "message_id", "received_at", "type", "amount", "name", "count", "action",
]  # fmt: skip
WORDS = ["success", "error", "waiting", "received", "", "0", "-1", "1e5", "true", "null", "123456"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=12)
    | st.sampled_from(WORDS)
    | st.datetimes().map(str)
    | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
)
NESTED = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), NESTED, max_size=8)
JSON_BODIES = (OBJECTS | NESTED).map(lambda value: json.dumps(value).encode())
EXAMPLE_BODIES = st.sampled_from(
    [s.body(e.file) for s in SAMPLES.values() for e in (*s.examples, *s.literal)]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A documented answer with some bytes lost, doubled or overwritten."""
    body = bytearray(draw(EXAMPLE_BODIES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(start + 20, len(body))))
        body[start:end] = draw(st.binary(max_size=4) | st.just(bytes(body[start:end]) * 2))
    return bytes(body)


CALLS = [sample.call(name) for sample in SAMPLES.values() for name in sample.calls]
BODIES = JSON_BODIES | damaged() | EXAMPLE_BODIES | st.binary(max_size=80)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "date", "content-type", "x"]),
    st.text(max_size=30)
    | st.sampled_from(["0", "1e9", "-5", "Wed, 21 Oct 2026 07:28:00 GMT", "99 Oct 1 0:0:0 -9999"]),
)
STATUSES = st.sampled_from([200, 201, 204, 301, 400, 401, 404, 409, 422, 429, 500, 503]) | st.none()
REPLIES = st.builds(
    Reply,
    st.sampled_from(Delivered) | st.just(Delivered.ANSWERED),
    STATUSES | st.integers(-1, 1000),
    HEADERS,
    BODIES,
    st.sampled_from(["", "The answer was cut off."]),
)


def sound(value: object) -> None:
    """Check what every caller and the database lean on."""
    if isinstance(value, Rented):
        assert value.activation_id.isascii() and 0 < len(value.activation_id) <= 64
        storable(value.phone_number, value.service)
        assert value.price is None or amount(value.price)
        assert value.ttl is None or 0 < value.ttl <= 30 * 24 * 3600
        assert aware(value.created_at) and aware(value.expires_at)
    if isinstance(value, Balance):
        assert amount(value.amount)
    if isinstance(value, Activation):
        for message in value.messages:
            assert message.code or message.text
            assert aware(message.received_at)
            storable(message.code, message.text, message.id or "")
    if isinstance(value, Page):
        for item in value.items:
            assert amount(item.price if isinstance(item, Service) else item.amount)


def amount(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -4 and 0 <= value < 10**12


def aware(moment: datetime | None) -> bool:
    return moment is None or moment.utcoffset() == timedelta(0)


def storable(*texts: str) -> None:
    """PostgreSQL's text takes neither NUL nor half of a surrogate pair."""
    for text in texts:
        assert "\0" not in text
        text.encode()


def outcome(call: Call[Any], reply: Reply) -> object:
    try:
        return call.read(reply)
    except ProviderError as error:
        return error


@settings(max_examples=250, deadline=None)
@given(reply=REPLIES)
def test_a_reader_gives_a_value_or_a_provider_error(reply: Reply) -> None:
    for call in CALLS:
        result = outcome(call, reply)
        if isinstance(result, ProviderError):
            check_error(call, reply, result)
        else:
            assert reply.delivered is Delivered.ANSWERED
            assert reply.status is not None and 200 <= reply.status < 300
            sound(result)


def check_error(call: Call[Any], reply: Reply, error: ProviderError) -> None:
    assert error.detail
    storable(error.detail)
    assert not isinstance(error, Unavailable if call.effect is Effect.ONCE else Ambiguous)
    if isinstance(error, Throttled) and error.retry_after is not None:
        assert 0 <= error.retry_after <= 86400
    if isinstance(error, Refused) and call.effect is Effect.ONCE:
        assert reply.delivered is Delivered.NEVER_SENT or said_by_the_provider(reply)


def said_by_the_provider(reply: Reply) -> bool:
    told = json.loads(reply.body.decode("utf-8-sig", "replace"), strict=False)
    return reply.status in {400, 404, 422} and isinstance(told, dict)


@settings(max_examples=120, deadline=None)
@given(reply=REPLIES)
def test_a_stored_reply_is_read_as_on_the_first_day(reply: Reply) -> None:
    stored = json.loads(json.dumps(reply_to_dict(reply)))
    again = reply_from_dict(stored)
    assert (again.delivered, again.status, again.body) == (
        reply.delivered,
        reply.status,
        reply.body,
    )
    assert "\\u0000" not in json.dumps(stored) or b"\\u0000" in reply.body


@settings(max_examples=120, deadline=None)
@given(body=BODIES)
def test_a_webhook_is_read_or_malformed(body: bytes) -> None:
    for sample in SAMPLES.values():
        try:
            delivery = sample.provider.delivery(body)
        except Malformed:
            continue
        assert delivery.message.code or delivery.message.text
        storable(delivery.activation_id, delivery.service, delivery.message.text)


@settings(max_examples=120, deadline=None)
@given(body=BODIES)
def test_redaction_never_fails(body: bytes) -> None:
    redacted(body).encode()
