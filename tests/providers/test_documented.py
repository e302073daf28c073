"""Each provider's document as calls with parameters: all that there is, and nothing else."""

import json
import shlex
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.calls import Call, Effect
from providers.curl import KEY, as_curl
from providers.documented import Documented, Means
from providers.pretty import DEEPEST, indented
from providers.provider import Provider
from providers.registry import PROVIDERS, provider
from sandbox import smsgig, smsvilla

ENDPOINTS = {"smsgig": smsgig.ENDPOINTS, "smsvilla": smsvilla.ENDPOINTS}
EVERY = [
    pytest.param(wire, each, id=f"{code}-{each.key}")
    for code in PROVIDERS
    for wire in [provider(code)]
    for each in wire.documented()
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def sent(curl: str) -> tuple[str, str, dict[str, str], Any]:
    """Method, address, headers and body, as a shell would hand them to curl."""
    command, *given_parts = shlex.split(curl.replace("\\\n", " "))
    assert command == "curl"
    headers, method, body, address = {}, "", None, ""
    parts = iter(given_parts)
    for part in parts:
        if part == "-X":
            method = next(parts)
        elif part == "-H":
            name, _, value = next(parts).partition(": ")
            headers[name] = value
        elif part == "-d":
            body = json.loads(next(parts))
        else:
            assert not address, "an address too many"
            address = part
    return method, address, headers, body


@pytest.mark.parametrize("code", PROVIDERS)
def test_every_call_that_the_other_side_knows_is_declared(code: str) -> None:
    declared = provider(code).documented()
    assert {(each.example.method, each.example.path) for each in declared} == set(ENDPOINTS[code])
    assert len({each.key for each in declared}) == len(declared)


@pytest.mark.parametrize(("wire", "each"), EVERY)
def test_a_call_is_made_of_its_parameters(wire: Provider, each: Documented) -> None:
    names = [parameter.name for parameter in each.parameters]
    assert len(set(names)) == len(names)
    values = {p.name: (p.choices[0] if p.choices else p.example or "7") for p in each.parameters}
    call = each.make(values)
    named = {**call.query, **(call.json or {})}
    # A first page is asked for without saying so; all others are sent as they were given.
    assert {name: str(value) for name, value in named.items()} == values
    for parameter in each.parameters:
        assert each.value(parameter.means, values) or parameter.means is Means.OTHER


@pytest.mark.parametrize(("wire", "each"), EVERY)
def test_what_may_be_left_out_is_not_sent(wire: Provider, each: Documented) -> None:
    named = {**each.example.query, **(each.example.json or {})}
    optional = {p.name for p in each.parameters if not p.required}
    assert not set(named) & (optional - {"limit"})


@pytest.mark.parametrize("code", PROVIDERS)
def test_only_rents_cancels_and_finishes_change_something(code: str) -> None:
    wire = provider(code)
    changing = {
        each.example.name for each in wire.documented() if each.example.effect is not Effect.READ
    }
    assert changing == {"rent", "cancel"}
    rental = [each for each in wire.documented() if each.key == "rental"]
    for each in rental:
        finish = each.make({"activation_id": "12", "action": "finished"})
        assert (finish.name, finish.effect) == ("finish", Effect.REPEATABLE)


@given(carrier=st.text(max_size=30), service=st.text(max_size=30))
def test_a_command_line_says_exactly_what_is_sent(carrier: str, service: str) -> None:
    json_body = {"service_code": service, "carrier": carrier}
    call: Call[object] = Call(
        "x", Effect.ONCE, "POST", "/rent", lambda reply: reply, json=json_body
    )
    method, address, headers, body = sent(as_curl(call, "https://example.com/api/"))
    assert (method, address, body) == ("POST", "https://example.com/api/rent", json_body)
    assert headers["Authorization"] == f"Bearer {KEY}"
    query = {"a": carrier, "b": service}
    call = Call("x", Effect.READ, "GET", "/read", lambda reply: reply, query=query)
    method, address, headers, body = sent(as_curl(call, "https://example.com/api"))
    assert dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)) == query
    assert body is None


@given(JSON)
def test_lines_change_no_value(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=7)):
        assert json.loads(indented(text)) == value


@given(st.text())
def test_whatever_comes_is_shown(text: str) -> None:
    assert "".join(indented(text).split()) == "".join(text.split())


def test_a_figure_keeps_its_digits_and_a_broken_answer_its_rest() -> None:
    assert indented('{"balance":10.00,"list":[],"cut":"in the') == (
        '{\n  "balance": 10.00,\n  "list": [],\n  "cut": "in the'
    )
    assert indented("<html>{no}</html>") == "<html>{no}</html>"


def test_a_heap_of_brackets_does_not_grow_beyond_measure() -> None:
    assert len(indented("[" * 10_000)) < 10_000 * (2 * DEEPEST + 3)
