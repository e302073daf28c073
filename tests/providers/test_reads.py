"""States, messages and lists, as odd as they may come."""

import json
from decimal import Decimal

import pytest

from providers.errors import (
    Unavailable,
)
from providers.values import ActivationStatus
from tests.providers.cases import HTML, Json, raised
from tests.providers.samples import Sample, answered


@pytest.mark.parametrize("name", ["poll", "status", "inspect"])
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("waiting", ActivationStatus.WAITING),
        ("WAITING", ActivationStatus.WAITING),
        ("received", ActivationStatus.RECEIVED),
        ("finished", ActivationStatus.FINISHED),
        ("canceled", ActivationStatus.CANCELLED),
        ("cancelled", ActivationStatus.CANCELLED),
        ("expired", ActivationStatus.EXPIRED),
        ("mended", ActivationStatus.UNKNOWN),
    ],
)
def test_states_by_word(sample: Sample, name: str, word: str, status: ActivationStatus) -> None:
    activation = sample.call(name).read(answered(200, json.dumps({"status": word})))
    assert activation.status is status and activation.messages == ()


@pytest.mark.parametrize("name", ["poll", "status", "inspect"])
@pytest.mark.parametrize("body", [b"{}", b'{"status": "success"}', b'{"status": 3}', b"[]", HTML])
def test_a_state_that_tells_nothing_is_unavailable(sample: Sample, name: str, body: bytes) -> None:
    assert type(raised(sample, name, answered(200, body))) is Unavailable


@pytest.mark.parametrize("name", ["poll", "status", "inspect"])
def test_a_code_is_never_passed_over(sample: Sample, name: str) -> None:
    for body in (
        '{"status": "waiting", "code": "0042", "text": ""}',
        '{"status": "success", "code": "0042"}',
        '{"status": "success", "rental": {"code": "0042", "text": null}}',
        '{"status": "success", "messages": [{"id": 1, "code": "0042"}]}',
        '{"status": "success", "messages": {"3": {"id": 1, "code": "0042"}}}',
        '{"status": "success", "messages": [], "code": "0042"}',
        '{"status": "success", "data": [{"id": 1, "code": "0042"}]}',
        '{"status": "success", "data": {"messages": [{"id": 1, "code": "0042"}]}}',
    ):
        activation = sample.call(name).read(answered(200, body))
        assert activation.status is ActivationStatus.RECEIVED
        assert [message.code for message in activation.messages] == ["0042"]


def test_several_messages_keep_their_order_and_their_ids(sample: Sample) -> None:
    body = json.dumps(
        {
            "status": "success",
            "messages": [
                {"id": "b", "text": "Same words", "code": None},
                {"id": 7, "text": "Same words", "code": 1234, "created_at": "nonsense"},
                {"id": True, "text": "Third\u0000", "code": ""},
                {"id": 8, "text": None, "code": None},
            ],
        }
    )
    messages = sample.call("poll").read(answered(200, body)).messages
    assert [(m.id, m.text, m.code) for m in messages] == [
        ("b", "Same words", ""),
        ("7", "Same words", "1234"),
        (None, "Third\ufffd", ""),
    ]


def test_a_code_too_long_to_be_one_is_kept_as_text(sample: Sample) -> None:
    for code, words, kept in (
        ("x" * 40, "", ("x" * 40, "")),
        ("x" * 41, "", ("", "x" * 41)),
        ("x" * 41, "Words", ("", "Words")),
    ):
        body = json.dumps({"status": "received", "code": code, "text": words})
        (message,) = sample.call("status").read(answered(200, body)).messages
        assert (message.code, message.text) == kept


def test_a_list_of_messages_in_an_unknown_shape_is_not_taken_for_silence(sample: Sample) -> None:
    for body in (
        '{"messages": [{"body": "1234"}]}',
        '{"data": [{"body": "1234"}]}',
        '{"messages": "1234"}',
        '{"messages": [5]}',
    ):
        assert type(raised(sample, "poll", answered(200, body))) is Unavailable


def test_an_empty_list_of_messages_says_nothing_of_the_state(sample: Sample) -> None:
    for body in (
        '{"status": "success", "messages": []}',
        '{"status": "success", "data": []}',
        '{"messages": null}',
    ):
        activation = sample.call("poll").read(answered(200, body))
        assert (activation.status, activation.messages) == (ActivationStatus.UNKNOWN, ())


def test_unreadable_rows_are_counted_and_the_rest_is_used(sample: Sample) -> None:
    good = {"service_code": "a", "price": "1.250", "extra": 1}
    bad: list[Json] = [{"service_code": "b"}, {"price": 1}, {"code": "c", "price": -1}, "d", None]
    body = json.dumps({"data": [good, *bad]})
    page = sample.call("services").read(answered(200, body))
    assert [(s.code, s.price) for s in page.items] == [("a", Decimal("1.250"))]
    assert page.unreadable == len(bad)
    all_bad = json.dumps({"data": bad})
    assert type(raised(sample, "services", answered(200, all_bad))) is Unavailable


def test_what_a_service_does_not_tell(sample: Sample) -> None:
    body = '{"services": [{"code": "a", "price": 2, "ttl": null, "count": null, "name": ""}]}'
    (service,) = sample.call("services").read(answered(200, body)).items
    assert (service.name, service.ttl, service.stock, service.multiple_sms) == ("a", 0, None, False)


@pytest.mark.parametrize("body", [b"{}", b'{"data": 5}', b'{"data": {"a": 1}}', b"[]", HTML])
def test_a_missing_list_is_unavailable_and_not_empty(sample: Sample, body: bytes) -> None:
    for name in {"services", "transactions"} & set(sample.calls):
        assert type(raised(sample, name, answered(200, body))) is Unavailable
