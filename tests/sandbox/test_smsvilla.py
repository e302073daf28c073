"""SMS Villa's answers, field by field as its document shows them."""

import re
from decimal import Decimal

import httpx

from sandbox.core import Sandbox
from sandbox.providers import Provider
from sandbox.settings import Settings, demo_wallets
from sandbox.testing import running
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, body


def test_balance(villa: Caller) -> None:
    answer = villa.get("/balance")
    assert answer.content == b'{"status": "success", "balance": 50000, "currency": "NGN"}'


def test_services(villa: Caller) -> None:
    services = body(villa.get("/services"))["services"]
    assert len(services) == 48
    assert {
        "code": "gmail",
        "name": "Gmail",
        "price": 600,
        "ttl": 420,
        "count": 100,
    } in services


def test_rent_tells_neither_price_nor_ttl(villa: Caller, sandbox: Sandbox) -> None:
    rental = body(villa.rent("gmail", area_code="212", carrier="vz", phone_number=None))["rental"]
    phone = rental.pop("phone_number")
    assert re.fullmatch(r"\+121255501[0-9]{2}", phone)
    assert rental == {
        "activation_id": sandbox.activations.all()[0].id,
        "status": "waiting",
        "service": "gmail",
        "expires_at": "2026-01-31T02:47:00Z",
    }


def test_the_number_asked_for(villa: Caller, sandbox: Sandbox) -> None:
    rental = body(villa.rent(phone_number="+12125550123"))["rental"]
    assert rental["phone_number"] == "+12125550123"
    assert_refused(villa.rent(phone_number="12125550123"), 400)
    assert_refused(villa.rent(phone_number="+12125551234"), 400)
    assert sandbox.balance(SMSVILLA) == Decimal("49500.00")
    villa.cancel(rental["activation_id"])
    assert villa.rent(phone_number="12125550123").status_code == 200


def test_every_message_with_its_id(villa: Caller, sandbox: Sandbox) -> None:
    activation_id = villa.rented("gmail")
    assert body(villa.get("/get-sms", activation_id=activation_id))["messages"] == []
    sandbox.send_sms(SMSVILLA, activation_id, code="543210", copies=2)
    messages = body(villa.get("/get-sms", activation_id=activation_id))["messages"]
    ids = [message.pop("id") for message in messages]
    assert len(set(ids)) == 2
    assert all(isinstance(message_id, int) for message_id in ids)
    assert messages == 2 * [
        {
            "text": "Your Gmail code is 543210",
            "code": "543210",
            "created_at": "2026-01-31T02:40:00Z",
        }
    ]


def test_status(villa: Caller, sandbox: Sandbox) -> None:
    activation_id = villa.rented()
    assert body(villa.get("/status", activation_id=activation_id)) == {"status": "waiting"}
    sandbox.send_sms(SMSVILLA, activation_id, code="543210")
    assert body(villa.get("/status", activation_id=activation_id)) == {
        "status": "received",
        "code": "543210",
        "text": "Your WhatsApp code is 543210",
        "received_at": "2026-01-31T02:40:00Z",
    }


def test_cancel_is_queued(villa: Caller) -> None:
    activation_id = villa.rented()
    assert body(villa.cancel(activation_id)) == {
        "status": "success",
        "message": "Rental canceled and refund queued",
    }
    assert_refused(villa.cancel(activation_id), 404)


def test_expired_and_unknown_are_404(villa: Caller, sandbox: Sandbox) -> None:
    activation_id = villa.rented()
    sandbox.send_sms(SMSVILLA, activation_id)
    sandbox.advance(419.7)
    assert villa.get("/status", activation_id=activation_id).status_code == 200
    sandbox.advance(0.3)
    for path in ("/status", "/get-sms"):
        assert_refused(villa.get(path, activation_id=activation_id), 404)
        assert_refused(villa.get(path, activation_id=5), 404)
    assert_refused(villa.cancel(activation_id), 404)


def test_bad_rent_charges_nothing(villa: Caller, sandbox: Sandbox) -> None:
    assert_refused(villa.post("/rent"), 400)
    assert_refused(villa.post("/rent", service_code=["gmail"]), 400)
    assert_refused(villa.post("/rent", service_code="nothing"), 404)
    assert_refused(villa.post("/rent", service_code="gmail", area_code="abc"), 400)
    assert_refused(villa.post("/rent", service_code="gmail", phone_number=12125550123), 400)
    assert sandbox.balance(SMSVILLA) == Decimal("50000.00")
    assert sandbox.catalogue.get(SMSVILLA, "gmail").stock == 100


def test_bad_activation_id(villa: Caller) -> None:
    bad: list[object] = [None, "", "x", True, 1.5, [1]]
    for activation_id in bad:
        assert_refused(villa.post("/cancel", activation_id=activation_id), 400)


def test_a_key_opens_one_provider_only(sandbox: Sandbox) -> None:
    assert_refused(Caller(sandbox, SMSVILLA, sandbox.key(SMSGIG)).get("/balance"), 401)


def test_ids_can_coincide_between_the_providers() -> None:
    settings = Settings(auto_code=None, first_activation_id=500)
    with running(settings) as sandbox:
        ids = [Caller(sandbox, provider).rented() for provider in Provider]
        assert ids == [500, 500]
        sandbox.send_sms(SMSVILLA, 500)
        assert body(Caller(sandbox, SMSGIG).get("/s1/status", activation_id=500))["status"] == (
            "waiting"
        )


def test_keys_may_be_given() -> None:
    wallets = demo_wallets(smsvilla_key="villa-key-for-tests")
    with running(Settings(openings=wallets, auto_code=None)) as sandbox:
        assert Caller(sandbox, SMSVILLA, "villa-key-for-tests").balance() == 50000
        assert len(sandbox.key(SMSGIG)) > 20


def assert_refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert set(answer.json()) == {"status", "message"}
