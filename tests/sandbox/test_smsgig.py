"""SMSGig's answers, field by field as its document shows them."""

import json
import re
from decimal import Decimal

import httpx

from sandbox.core import Sandbox
from tests.sandbox.tools import SMSGIG, Caller, body

CREATED = "2026-01-31T02:40:00.000000Z"


def test_balance(gig: Caller) -> None:
    answer = gig.get("/balance")
    assert answer.content == b'{"status": "success", "balance": 50.00, "currency": "USD"}'
    assert answer.headers["content-type"] == "application/json"


def test_services_come_in_four_pages(gig: Caller) -> None:
    pages = [body(gig.get("/s1/services", page=page)) for page in range(1, 6)]
    assert [len(page["data"]) for page in pages] == [100, 100, 100, 60, 0]
    assert all(page["meta"] == {"total": 360, "per_page": 100} for page in pages)
    codes = [service["service_code"] for page in pages for service in page["data"]]
    assert len(set(codes)) == 360
    assert body(gig.get("/s1/services")) == pages[0]


def test_service_as_documented(gig: Caller) -> None:
    first = body(gig.get("/s1/services"))["data"][0]
    assert first == {
        "service_code": "whatsapp",
        "name": "WhatsApp",
        "price": Decimal("0.58"),
        "ttl": 600,
        "count": 6989,
        "multiple_sms": True,
    }


def test_rent(gig: Caller, sandbox: Sandbox) -> None:
    rental = body(gig.rent(area_code="212", carrier="vz"))["rental"]
    phone = rental.pop("phone_number")
    assert re.fullmatch("121255501[0-9]{2}", phone)
    assert rental == {
        "activation_id": sandbox.activations.all()[0].id,
        "status": "waiting",
        "service_code": "whatsapp",
        "price": Decimal("0.58"),
        "ttl": 600,
        "created_at": CREATED,
    }


def test_status_waits_then_gives_the_latest_sms(gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    waiting = body(gig.get("/s1/status", activation_id=activation_id))
    assert waiting == {"status": "waiting", "message": "No SMS received yet"}
    sandbox.send_sms(SMSGIG, activation_id, code="111111")
    sandbox.send_sms(SMSGIG, activation_id, text="G-222222 is your code")
    assert body(gig.get("/s1/status", activation_id=activation_id)) == {
        "status": "received",
        "code": "222222",
        "text": "G-222222 is your code",
    }


def test_rental_status_has_the_number_as_an_integer(gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id, code="123456")
    rental = body(gig.post("/s1/rentals/status", activation_id=activation_id))["rental"]
    assert rental == {
        "activation_id": activation_id,
        "phone_number": int("1" + sandbox.activations.get(SMSGIG, activation_id).phone),
        "service_code": "whatsapp",
        "status": "received",
        "code": "123456",
        "text": "Your WhatsApp code is 123456",
        "price": Decimal("0.58"),
        "created_at": CREATED,
        "ttl": 600,
    }


def test_finish_again_and_again(gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    finish = {"activation_id": activation_id, "action": "finished"}
    assert gig.post("/s1/rentals/status", **finish).status_code == 400
    sandbox.send_sms(SMSGIG, activation_id)
    for _ in range(2):
        rental = body(gig.post("/s1/rentals/status", **finish))["rental"]
        assert rental["status"] == "finished"
    assert sandbox.catalogue.get(SMSGIG, "whatsapp").stock == 6989


def test_finish_after_the_time_is_over(gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id)
    sandbox.advance(601)
    finished = gig.post("/s1/rentals/status", activation_id=activation_id, action="finished")
    assert body(finished)["rental"]["status"] == "finished"
    assert sandbox.catalogue.get(SMSGIG, "whatsapp").stock == 6989


def test_cancel(gig: Caller) -> None:
    activation_id = gig.rented()
    assert body(gig.cancel(activation_id)) == {
        "status": "success",
        "message": "Rental canceled and refund processed",
    }
    assert gig.cancel(activation_id).status_code == 400
    status = body(gig.get("/s1/status", activation_id=activation_id))["status"]
    assert status == "canceled"


def test_expired_rental_says_so(gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    sandbox.advance(600)
    assert body(gig.get("/s1/status", activation_id=activation_id))["status"] == "expired"
    assert gig.cancel(activation_id).status_code == 400


def test_transactions_are_paged_newest_first(gig: Caller) -> None:
    ids = [gig.rented() for _ in range(5)]
    gig.cancel(ids[0])
    first = body(gig.get("/transactions", limit=4))
    second = body(gig.get("/transactions", limit=4, page=2))
    assert first["meta"] == {"current_page": 1, "last_page": 2, "total": 7}
    assert second["meta"]["current_page"] == 2
    rows = first["data"] + second["data"]
    assert [row["type"] for row in rows] == ["refund", *["purchase"] * 5, "deposit"]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert body(gig.get("/transactions"))["data"] == rows


def test_transaction_names_a_number_that_is_not_the_activation(gig: Caller) -> None:
    activation_id = gig.rented("ebay")
    gig.cancel(activation_id)
    refund = body(gig.get("/transactions", type="refund"))["data"][0]
    assert set(refund) == {"id", "type", "amount", "description", "created_at"}
    assert refund["amount"] > 0
    assert refund["created_at"] == CREATED
    number = re.fullmatch(r"Refund for eBay rental #([0-9]+)", refund["description"])
    assert number
    assert int(number[1]) != activation_id


def test_bad_transaction_parameters(gig: Caller) -> None:
    for params in ({"limit": 101}, {"limit": 0}, {"limit": "x"}, {"type": "gift"}):
        assert_refused(gig.get("/transactions", **params), 422)


def test_bad_rent_charges_nothing(gig: Caller, sandbox: Sandbox) -> None:
    bad: list[dict[str, object]] = [
        {},
        {"service_code": 5},
        {"service_code": "nothing"},
        {"service_code": "whatsapp", "area_code": "12"},
        {"service_code": "whatsapp", "carrier": "v\u0000"},
        {"service_code": "\ud800"},
    ]
    for fields in bad:
        assert_refused(gig.http.post("/s1/rent", content=json.dumps(fields)), 422)
    assert sandbox.balance(SMSGIG) == Decimal("50.00")
    assert not sandbox.activations.all()


def test_bad_body(gig: Caller) -> None:
    for content in (b"", b"{", b"[]", b"\xff", b"[" * 60_000, b" " * 70_000):
        assert_refused(gig.http.post("/s1/rent", content=content), 400)


def test_bad_activation_id(gig: Caller) -> None:
    for activation_id, status in {"": 422, "x": 422, "-1": 422, "9" * 30: 422, "7": 404}.items():
        assert_refused(gig.get("/s1/status", activation_id=activation_id), status)
        assert_refused(gig.post("/s1/rentals/cancel", activation_id=activation_id), status)


def test_anothers_activation_is_unknown(gig: Caller, sandbox: Sandbox) -> None:
    other = sandbox.wallets.open(provider=SMSGIG, name="other", deposit=9_000, keys=())
    theirs = Caller(sandbox, SMSGIG, sandbox.key(other.id)).rented()
    assert_refused(gig.get("/s1/status", activation_id=theirs), 404)
    assert_refused(gig.cancel(theirs), 404)
    assert sandbox.activations.get(SMSGIG, theirs).live


def test_unknown_path_and_wrong_method(gig: Caller) -> None:
    assert_refused(gig.get("/s2/services"), 404)
    assert_refused(gig.get("/s1/rent"), 405)


def test_bad_key(gig: Caller) -> None:
    for header in ("", "Bearer", "Bearer wrong", "Basic abc"):
        assert_refused(gig.http.get("/balance", headers={"Authorization": header}), 401)


def test_keys_rotate(gig: Caller, sandbox: Sandbox) -> None:
    wallet = sandbox.wallet(SMSGIG)
    activation_id = gig.rented()
    newer = Caller(sandbox, SMSGIG, sandbox.wallets.add_key(wallet.id))
    assert body(newer.get("/s1/status", activation_id=activation_id))["status"] == "waiting"
    sandbox.wallets.revoke_key(sandbox.wallets.keys(wallet.id)[0].id)
    assert_refused(gig.get("/balance"), 401)
    assert newer.balance() == Decimal("49.42")


def assert_refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert set(answer.json()) == {"status", "message"}
    assert answer.json()["status"] == "error"
