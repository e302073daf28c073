"""Every adapter, held to what its provider's document shows."""

import json
from decimal import Decimal

import pytest

from providers.calls import Effect
from providers.errors import (
    Unavailable,
)
from providers.provider import Unsupported
from providers.registry import PROVIDERS
from tests.providers.cases import Json, calls, examples, raised, variant
from tests.providers.samples import SAMPLES, Example, Sample, answered


def test_every_provider_has_its_sample() -> None:
    assert set(SAMPLES) == set(PROVIDERS)


@pytest.mark.parametrize(("sample", "example"), examples())
def test_documented_answer_is_understood(sample: Sample, example: Example) -> None:
    assert sample.call(example.call).read(answered(200, sample.body(example.file))) == example.means


def test_documented_answer_that_is_not_json_is_understood_too(sample: Sample) -> None:
    for example in sample.literal:
        body = sample.body(example.file)
        with pytest.raises(ValueError):
            json.loads(body)
        assert sample.call(example.call).read(answered(200, body)) == example.means


def test_every_supported_call_has_an_example(sample: Sample) -> None:
    assert {example.call for example in sample.examples} == set(sample.calls)


def test_what_capabilities_rule_out_is_unsupported(sample: Sample) -> None:
    capabilities = sample.provider.capabilities
    assert ("transactions" in sample.unsupported) is not capabilities.statement
    assert ("finish" in sample.unsupported) is not capabilities.finish
    for name in sample.unsupported:
        with pytest.raises(Unsupported):
            sample.call(name)


def test_calls_say_what_they_do_to_the_world(sample: Sample) -> None:
    effects = {name: sample.call(name).effect for name in sample.calls}
    assert {name for name, effect in effects.items() if effect is Effect.ONCE} == {"rent"}
    repeatable = {name for name, effect in effects.items() if effect is Effect.REPEATABLE}
    assert repeatable == {"cancel", "finish"} & set(sample.calls)


@pytest.mark.parametrize(("sample", "name"), calls())
def test_calls_are_named_and_addressed(sample: Sample, name: str) -> None:
    call = sample.call(name)
    assert call.name == {"transactions": "statement"}.get(name, name)
    assert call.path.startswith("/") and not call.path.endswith("/")
    assert (call.method == "GET") is (call.json is None)
    if name in ("rent", "cancel", "finish"):
        assert call.method == "POST"


def test_activation_is_an_integer_in_bodies_and_a_string_in_queries(sample: Sample) -> None:
    for name in ("poll", "status", "inspect", "cancel"):
        call = sample.call(name)
        if call.json is not None:
            assert call.json["activation_id"] == int(sample.activation_id)
        else:
            assert call.query["activation_id"] == sample.activation_id


@pytest.mark.parametrize("odd", ["007", "abc-1", "9" * 19])
def test_activation_that_an_integer_would_change_stays_a_string(sample: Sample, odd: str) -> None:
    assert sample.provider.cancel(odd).json == {"activation_id": odd}


def test_rent_sends_what_was_ordered_and_nothing_empty(sample: Sample) -> None:
    assert sample.call("rent").json == {
        "service_code": "whatsapp",
        "area_code": "212",
        "carrier": "vz",
    }


@pytest.mark.parametrize("name", ["services", "transactions"])
def test_later_pages_are_asked_for_by_number(sample: Sample, name: str) -> None:
    if name in sample.calls:
        make = getattr(sample.provider, name)
        assert "page" not in make().query and "page" not in make(1).query
        assert (make(2).query["page"], make(3).query["page"]) == ("2", "3")


def test_a_statement_is_asked_for_in_the_largest_pages_and_by_kind(sample: Sample) -> None:
    if sample.provider.capabilities.statement:
        assert sample.provider.transactions().query == {"limit": "100"}
        assert sample.provider.transactions(kind="refund").query["type"] == "refund"


@pytest.mark.parametrize(("sample", "example"), examples())
def test_numbers_may_come_as_strings(sample: Sample, example: Example) -> None:
    def stringed(node: Json) -> Json:
        return str(node) if isinstance(node, (int, Decimal)) and node is not True else node

    body = variant(sample, example.file, stringed)
    assert sample.call(example.call).read(answered(200, body)) == example.means


@pytest.mark.parametrize(("sample", "example"), examples())
def test_identifiers_and_codes_may_come_as_integers(sample: Sample, example: Example) -> None:
    def numbered(node: Json) -> Json:
        if not isinstance(node, dict):
            return node
        digits = {"id", "activation_id", "code", "phone_number"}
        return {
            name: int(v) if name in digits and str(v).isdigit() else v for name, v in node.items()
        }

    body = variant(sample, example.file, numbered)
    assert sample.call(example.call).read(answered(200, body)) == example.means


@pytest.mark.parametrize(("sample", "example"), examples())
def test_unknown_fields_are_passed_over(sample: Sample, example: Example) -> None:
    def extended(node: Json) -> Json:
        return (
            node | {"region": {"x": [None, 1e3]}, "note": "new"} if isinstance(node, dict) else node
        )

    body = variant(sample, example.file, extended)
    assert sample.call(example.call).read(answered(200, body)) == example.means


@pytest.mark.parametrize(("sample", "example"), examples())
def test_white_space_and_a_byte_order_mark_do_not_matter(sample: Sample, example: Example) -> None:
    body = b"\xef\xbb\xbf\r\n " + variant(sample, example.file, lambda node: node) + b"\n\n"
    assert sample.call(example.call).read(answered(201, body)) == example.means


def test_amounts_with_three_decimals_are_kept_exactly(sample: Sample) -> None:
    balance = sample.call("balance").read(answered(200, b'{"balance": 1234.567}'))
    assert balance.amount == Decimal("1234.567")
    assert balance.currency == ""


@pytest.mark.parametrize("amount", ["-1", "null", "NaN", "1e40", '"ten"', "[1]", "true", "{}"])
def test_a_balance_that_is_no_amount_is_unavailable(sample: Sample, amount: str) -> None:
    body = f'{{"status": "success", "balance": {amount}, "currency": "USD"}}'
    assert isinstance(raised(sample, "balance", answered(200, body)), Unavailable)
