"""What counts as a refusal, and what decides nothing."""

import pytest

from providers.calls import Delivered, Effect, Reply
from providers.errors import (
    Ambiguous,
    BadKey,
    NotFound,
    Refused,
    Throttled,
    Unavailable,
)
from tests.providers.cases import HTML, REFUSAL, calls, doubt, raised
from tests.providers.samples import Sample, answered


@pytest.mark.parametrize(("sample", "name"), calls())
def test_documented_refusals(sample: Sample, name: str) -> None:
    kinds = {401: BadKey, 404: NotFound, 429: Throttled}
    for status in sample.documented:
        error = raised(sample, name, answered(status, REFUSAL))
        assert type(error) is kinds.get(status, Refused), status
        assert error.status == status


@pytest.mark.parametrize(("sample", "name"), calls())
@pytest.mark.parametrize(
    "body", [b"", HTML, b"Not found", b"null", b"[]", b'"no"', b'{"a":', b"{a:1}"]
)
def test_a_refusal_without_a_json_object_decides_nothing(
    sample: Sample, name: str, body: bytes
) -> None:
    for status in sample.documented - {429}:
        assert type(raised(sample, name, answered(status, body))) is doubt(sample.call(name).effect)


@pytest.mark.parametrize(("sample", "name"), calls())
def test_whatever_is_not_documented_decides_nothing(sample: Sample, name: str) -> None:
    kind = doubt(sample.call(name).effect)
    for status in {300, 301, 302, 304, 307, 308, 408, 500, 502, 503, 504, 520, 599, 100, 0, 999}:
        for body in (REFUSAL, HTML, b"", sample.body("rent.json")):
            assert type(raised(sample, name, answered(status, body))) is kind, status
    for status in sample.undocumented:
        assert type(raised(sample, name, answered(status, REFUSAL))) is kind, status


def test_a_refused_rent_that_names_an_activation_is_in_doubt(sample: Sample) -> None:
    for status in sample.documented - {429}:
        error = raised(sample, "rent", answered(status, sample.body("rent.json")))
        assert type(error) is Ambiguous


@pytest.mark.parametrize(("sample", "name"), calls())
@pytest.mark.parametrize("body", [REFUSAL, HTML, b""])
def test_429_is_not_done_whatever_its_body(sample: Sample, name: str, body: bytes) -> None:
    error = raised(sample, name, answered(429, body, {"retry-after": "7"}))
    assert isinstance(error, Throttled) and error.retry_after == 7
    cut = Reply(Delivered.CUT, 429, {"retry-after": "7"}, body[:5])
    assert isinstance(raised(sample, name, cut), Throttled)


@pytest.mark.parametrize(("sample", "name"), calls(Effect.READ))
@pytest.mark.parametrize("word", ['"status": "error"', '"success": false', '"error": "Oops"'])
def test_a_read_that_calls_itself_a_failure_proves_nothing(
    sample: Sample, name: str, word: str
) -> None:
    body = f'{{{word}, "message": "Activation not found"}}'
    assert type(raised(sample, name, answered(200, body))) is Unavailable


@pytest.mark.parametrize(("sample", "name"), calls(Effect.REPEATABLE))
@pytest.mark.parametrize("word", ['"status": "error"', '"success": false', '"error": "Oops"'])
def test_a_200_that_says_it_was_not_done_is_a_refusal(sample: Sample, name: str, word: str) -> None:
    body = f'{{{word}, "message": "SMS already received: 123456"}}'
    error = raised(sample, name, answered(200, body))
    assert type(error) is Refused
    assert "already received" in error.detail and "123456" not in error.detail


@pytest.mark.parametrize(("sample", "name"), calls(Effect.REPEATABLE))
@pytest.mark.parametrize("body", [b"", HTML, b'{"status": "received"}', b'{"status": 5}', b"[]"])
def test_a_200_that_does_not_say_that_it_was_done_is_unavailable(
    sample: Sample, name: str, body: bytes
) -> None:
    assert type(raised(sample, name, answered(200, body))) is Unavailable


@pytest.mark.parametrize(("sample", "name"), calls())
def test_never_sent_was_not_done(sample: Sample, name: str) -> None:
    reply = Reply(Delivered.NEVER_SENT, problem="The provider could not be reached.")
    once = sample.call(name).effect is Effect.ONCE
    error = raised(sample, name, reply)
    assert type(error) is (Refused if once else Unavailable)
    assert error.detail == "The provider could not be reached."


@pytest.mark.parametrize(("sample", "name"), calls())
def test_a_cut_answer_is_not_read(sample: Sample, name: str) -> None:
    whole = next(e for e in sample.examples if e.call == name)
    for status in (None, 200, 400, 500):
        reply = Reply(Delivered.CUT, status, body=sample.body(whole.file))
        error = raised(sample, name, reply)
        assert type(error) is doubt(sample.call(name).effect)
        assert error.detail.startswith("The answer was cut off") and error.status == status


def test_an_answer_about_another_activation_is_not_taken_for_this_one(sample: Sample) -> None:
    body = b'{"status": "received", "activation_id": 999, "code": "1234", "text": "Code 1234"}'
    for name in ("poll", "status", "inspect"):
        assert type(raised(sample, name, answered(200, body))) is Unavailable
    done = b'{"status": "success", "activation_id": 999}'
    assert type(raised(sample, "cancel", answered(200, done))) is Unavailable
