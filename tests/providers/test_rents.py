"""An activation id is a rental whatever else is odd; without one it is a doubt."""

import pytest

from providers.errors import (
    Ambiguous,
)
from tests.providers.cases import HTML, raised
from tests.providers.samples import Sample, answered


@pytest.mark.parametrize(
    "rental",
    [
        '{"activation_id": 77}',
        '{"activation_id": "77"}',
        '{"activation_id": 77, "phone_number": null, "price": null, "ttl": null}',
        '{"activation_id": 77, "price": -1, "ttl": "soon", "phone_number": {}, "service": []}',
        '{"activation_id": 77, "price": NaN, "ttl": 1e999, "created_at": 5}',
        '{"activation_id": 77, "activation_id": 77}',
        '{"activationId": 77, "currency": "\\ud800"}',
        '{"activation_id": 77.0}',
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_an_activation_id_makes_a_rental(sample: Sample, rental: str, status: int) -> None:
    wrapped = [
        f'{{"status": "success", "rental": {rental}}}',
        f'{{"status": "error", "message": "?", "rental": {rental}}}',
        f'{{"success": false, "data": {{"rental": {rental}}}}}',
        f'{{"data": {rental}}}',
        rental,
    ]
    for body in wrapped:
        rented = sample.call("rent").read(answered(status, body))
        assert rented.activation_id == "77"
        assert rented.price is None and rented.ttl is None and rented.phone_number == ""


def test_a_rental_with_letters_that_are_no_utf8_is_a_rental(sample: Sample) -> None:
    body = b'{"rental": {"activation_id": 77, "service": "caf\xe9"}}'
    assert sample.call("rent").read(answered(200, body)).activation_id == "77"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"77",
        b'"77"',
        HTML,
        b"Rented: activation_id 77",
        b'{"status": "success"}',
        b'{"status": "error", "message": "Out of stock"}',
        b'{"rental": null}',
        b'{"rental": [{"activation_id": 77}]}',
        b'{"rental": {"id": 77}}',
        b'{"rental": {"activation_id": null}}',
        b'{"rental": {"activation_id": 0}}',
        b'{"rental": {"activation_id": true}}',
        b'{"rental": {"activation_id": -5}}',
        b'{"rental": {"activation_id": 7.5}}',
        b'{"rental": {"activation_id": NaN}}',
        b'{"rental": {"activation_id": ""}}',
        b'{"rental": {"activation_id": "null"}}',
        b'{"rental": {"activation_id": "7 7"}}',
        b'{"rental": {"activation_id": "7\\u0000"}}',
        b'{"rental": {"activation_id": ["77"]}}',
        b'{"rental": {"activation_id": 77, "activation_id": 78}}',
        b'{"activation_id": 76, "rental": {"activation_id": 77}}',
        b'{"activation_id": 77, "activation_id": 78, "rental": {"activation_id": 77}}',
        b'{"rental": {"activation_id": "' + b"7" * 65 + b'"}}',
        b'{"rental": {"activation_id": ' + b"7" * 5000 + b"}}",
        b'{"rental": {"activation_id": "7\xff7"}}',
        b'{"rental": {"activation_id": 77, "phone_number": "1202',
        b'{"rental": {"activation_id": 77}',
        b'<br /><b>Warning</b>{"rental": {"activation_id": 77}}',
        b'{"rental": {"activation_id": 77}}{"rental": {"activation_id": 77}}',
        b"[" * 200_000,
        b'{"rental":' * 50_000,
    ],
)
def test_a_2xx_rent_without_one_activation_id_is_in_doubt(sample: Sample, body: bytes) -> None:
    assert isinstance(raised(sample, "rent", answered(200, body)), Ambiguous)
