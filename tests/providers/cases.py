"""What the conformance tests run over, and short ways to say it."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from providers.calls import Effect, Reply
from providers.errors import Ambiguous, ProviderError, Unavailable
from tests.providers.samples import SAMPLES, Sample

HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
REFUSAL = b'{"status": "error", "message": "Invalid parameters"}'

type Json = Any


def examples() -> list[Any]:
    """Give (sample, example) for everything that the documents show as JSON."""
    return [
        pytest.param(sample, example, id=f"{sample.code}-{example.call}-{example.file}")
        for sample in SAMPLES.values()
        for example in sample.examples
    ]


def calls(*effects: Effect) -> list[Any]:
    """Give (sample, name) for every supported call, or those of some effects."""
    return [
        pytest.param(sample, name, id=f"{sample.code}-{name}")
        for sample in SAMPLES.values()
        for name in sample.calls
        if not effects or sample.call(name).effect in effects
    ]


def doubt(effect: Effect) -> type[ProviderError]:
    """Give the error for an answer that decides nothing."""
    return Ambiguous if effect is Effect.ONCE else Unavailable


def raised(sample: Sample, call: str, reply: Reply) -> ProviderError:
    """Give the error that a reply to that call makes."""
    with pytest.raises(ProviderError) as caught:
        sample.call(call).read(reply)
    return caught.value


def changed(value: Json, change: Callable[[Json], Json]) -> Json:
    """Apply `change` to every node of a JSON document, innermost first."""
    if isinstance(value, dict):
        value = {name: changed(inner, change) for name, inner in value.items()}
    elif isinstance(value, list):
        value = [changed(inner, change) for inner in value]
    return change(value)


def variant(sample: Sample, file: str, change: Callable[[Json], Json]) -> bytes:
    document = json.loads(sample.body(file), parse_float=Decimal)
    return json.dumps(changed(document, change), default=str).encode()
