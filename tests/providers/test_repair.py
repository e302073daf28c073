"""Almost-JSON is mended where its meaning is plain, and an id is never made up."""

import json

import pytest

from providers.errors import Ambiguous
from providers.repair import repaired
from tests.providers.samples import SMSGIG, answered


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ('{"a": whatsapp}', {"a": "whatsapp"}),
        ('{"a": whatsapp, "b": 1}', {"a": "whatsapp", "b": 1}),
        ('{"a": Your code is 123456, "b": 0.50}', {"a": "Your code is 123456", "b": 0.5}),
        ('{"a": 2026-02-18T21:07:34.000000Z}', {"a": "2026-02-18T21:07:34.000000Z"}),
        ('{"a": 007}', {"a": "007"}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": {"b": "x, }",},}', {"a": {"b": "x, }"}}),
        ('{"a": true, "b": null,}', {"a": True, "b": None}),
        ('{"a": "\\"", "b": c}', {"a": '"', "b": "c"}),
    ],
)
def test_plain_meaning(broken: str, meant: object) -> None:
    mended = repaired(broken)
    assert mended is not None
    assert json.loads(mended) == meant


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "whatsapp",
        "<html>",
        '{"a": Hello, world, "b": 1}',
        '{"a": b "c": 1}',
        '{"a": b: "c"}',
        '{"a": [b]}',
        '{a: "b"}',
        '{"a": "b',
        '{"a": b\n"c": 1}',
        "{'a': 1}",
        '{"a": {b}}',
        '{"activation_id": 77x}',
        '{"activation_id": 77 78}',
        '{"activationId": seven,}',
    ],
)
def test_doubtful_meaning(garbage: str) -> None:
    assert repaired(garbage) is None


@pytest.mark.parametrize("odd", ["{,}", "[,]", "[1,,]", '{"a":,}', "{]", '{"a" 1,}', "[1,}", ","])
def test_what_is_mended_only_in_part_is_still_no_json(odd: str) -> None:
    with pytest.raises(ValueError):
        json.loads(repaired(odd) or "")


@pytest.mark.parametrize(
    "body",
    [
        '{"status": "success", "rental": {"activation_id": 77, "service_code": whatsapp}}',
        '{"status": success, "rental": {"activation_id": "77", "price": 0.58,},}',
        '{"rental": {"created_at": 2026-02-18T21:07:34.000000Z, "activation_id": 77}}',
    ],
)
def test_a_charged_answer_of_almost_json_is_a_rental(body: str) -> None:
    assert SMSGIG.call("rent").read(answered(200, body)).activation_id == "77"


@pytest.mark.parametrize(
    "body",
    [
        '{"rental": {"activation_id": 77, "service_code": whatsapp',
        '{"rental": {"activation_id": 77 "service_code": "whatsapp"}}',
        '{"rental": {"activation_id": 77, "x": y}, "rental": {"activation_id": 78}}',
        '{"rental": {"activation_id": 77, "activation_id": 78, "x": y}}',
        '{"rental": {"activation_id": 1e400, "x": y}}',
        '{"rental": {"note": activation_id: 77}}',
        '{"rental": {"activation_id": id 77}}',
        'OK {"rental": {"activation_id": 77,}}',
        '{"rental": {"activation_id": 77,}}<!-- page -->',
    ],
)
def test_a_charged_answer_of_garbage_stays_in_doubt(body: str) -> None:
    with pytest.raises(Ambiguous):
        SMSGIG.call("rent").read(answered(200, body))


def test_words_of_an_sms_cannot_pass_for_fields() -> None:
    body = '{"status": received, "code": "1234", "text": Hi, "code": "9999", "x": y}'
    activation = SMSGIG.call("poll").read(answered(200, body))
    assert [(m.code, m.text) for m in activation.messages] == [("", "Hi")]


def test_a_large_body_is_mended_without_delay() -> None:
    rows = ",".join('{"code": gmail, "price": 1}' for _ in range(20_000))
    assert repaired(f'{{"services": [{rows},]}}') is not None
    assert repaired('{"a": "' * 100_000) is None
