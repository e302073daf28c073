"""Webhooks as the documents show them, and every way in which they can go wrong."""

import hashlib
import hmac
import queue
import re
from decimal import Decimal

import pytest

from sandbox.clock import Clock
from sandbox.core import Sandbox
from sandbox.notices import NoWebhookAddress
from sandbox.settings import Settings
from sandbox.testing import running
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, Posted, Receiver, body, receiving, settled


def test_smsgig_signs(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id, code="123456")
    posted = receiver.next()
    message_id = posted.fields["message_id"]
    assert posted.fields == {
        "activation_id": activation_id,
        "message_id": message_id,
        "service": "whatsapp",
        "code": "123456",
        "text": "Your WhatsApp code is 123456",
        "received_at": "2026-01-31T02:40:00.000000Z",
    }
    assert re.fullmatch(rf"msg_{activation_id}_[0-9a-f]{{8}}", message_id)
    assert is_signed(posted, sandbox.key(SMSGIG))
    assert posted.headers["content-type"] == "application/json"


def test_smsgig_signs_with_the_current_key(
    gig: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    old = sandbox.key(SMSGIG)
    new = sandbox.wallets.add_key(sandbox.wallet(SMSGIG).id)
    sandbox.send_sms(SMSGIG, gig.rented())
    posted = receiver.next()
    assert is_signed(posted, new)
    assert not is_signed(posted, old)


def test_villa_does_not_sign(villa: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    activation_id = villa.rented("gmail")
    message = sandbox.send_sms(SMSVILLA, activation_id, code="543210")[0]
    posted = receiver.next()
    assert posted.fields == {
        "activationId": activation_id,
        "messageId": int(message.id),
        "service": "gmail",
        "code": "543210",
        "text": "Your Gmail code is 543210",
        "receivedAt": "2026-01-31T02:40:00Z",
    }
    assert not any("signature" in name for name in posted.headers)


def test_deliveries_are_logged(villa: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.reply = b"ok"
    message = sandbox.send_sms(SMSVILLA, villa.rented())[0]
    receiver.next()
    delivery = settled(sandbox, 1)[0]
    assert (delivery.status, delivery.message_id) == (200, message.id)
    assert delivery.note == 'the body is not {"status": "ok"}'


def test_a_refused_webhook_is_lost(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.status = 503
    sandbox.send_sms(SMSGIG, gig.rented())
    receiver.next()
    assert settled(sandbox, 1)[0].status == 503
    sandbox.advance(3600)
    assert sandbox.outbox.next_due() is None
    assert receiver.is_empty()


def test_time_out_and_retry() -> None:
    settings = Settings(
        auto_code=None, webhook_timeout=0.2, webhook_retries=1, webhook_retry_delay=30
    )
    with running(settings, clock=Clock(lambda: 1e9)) as sandbox, receiving() as receiver:
        sandbox.wallets.set_webhook(sandbox.wallet(SMSGIG).id, receiver.url)
        receiver.gate.clear()
        sandbox.send_sms(SMSGIG, Caller(sandbox, SMSGIG).rented())
        first = receiver.next()
        assert settled(sandbox, 1)[0].note == "no answer within 0.2 s"
        receiver.gate.set()
        sandbox.advance(30)
        assert receiver.next().body == first.body
        assert settled(sandbox, 2)[0].status == 200
        assert sandbox.outbox.next_due() is None


def test_nobody_listens(gig: Caller, sandbox: Sandbox) -> None:
    reasons = {"http://127.0.0.1:1/": "ConnectError", "http://a:x/": "InvalidURL"}
    for count, (url, reason) in enumerate(reasons.items(), start=1):
        sandbox.wallets.set_webhook(sandbox.wallet(SMSGIG).id, url)
        sandbox.send_sms(SMSGIG, gig.rented())
        assert settled(sandbox, count)[0].note == reason


def test_without_an_address_none_is_sent(gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id)
    assert sandbox.outbox.next_due() is None
    with pytest.raises(NoWebhookAddress):
        sandbox.forge(SMSGIG, activation_id)


def test_identical_messages_have_ids_of_their_own(
    villa: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.send_sms(SMSVILLA, villa.rented(), code="4711", copies=2)
    first, second = receiver.next().fields, receiver.next().fields
    assert first["text"] == second["text"]
    assert first["messageId"] != second["messageId"]


def test_after_cancel_and_after_expiry(
    gig: Caller, villa: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    cancelled, expired = gig.rented(), villa.rented()
    gig.cancel(cancelled)
    sandbox.expire(SMSVILLA, expired)
    sandbox.send_sms(SMSGIG, cancelled, force=True)
    assert receiver.next().fields["activation_id"] == cancelled
    sandbox.send_sms(SMSVILLA, expired, force=True)
    assert receiver.next().fields["activationId"] == expired
    assert sandbox.activations.get(SMSGIG, cancelled).state == "canceled"
    assert villa.get("/get-sms", activation_id=expired).status_code == 404


def test_duplicate(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSGIG, "webhook-duplicate", copies=3, times=1)
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id)
    assert len({receiver.next().body for _ in range(3)}) == 1
    sandbox.send_sms(SMSGIG, activation_id)
    receiver.next()
    assert receiver.is_empty()


def test_reordered(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSGIG, "webhook-reordered")
    activation_id = gig.rented()
    for code in ("1111", "2222"):
        sandbox.send_sms(SMSGIG, activation_id, code=code)
    assert [receiver.next().fields["code"] for _ in range(2)] == ["2222", "1111"]


def test_reordered_without_a_next_one(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSGIG, "webhook-reordered", seconds=10)
    sandbox.send_sms(SMSGIG, gig.rented(), code="1111")
    sandbox.advance(9.9)
    with pytest.raises(queue.Empty):
        receiver.next(0.3)
    sandbox.advance(0.1)
    assert receiver.next().fields["code"] == "1111"


def test_late(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSGIG, "webhook-late", seconds=60)
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id)
    assert body(gig.get("/s1/status", activation_id=activation_id))["status"] == "received"
    with pytest.raises(queue.Empty):
        receiver.next(0.3)
    sandbox.advance(60)
    assert receiver.next().fields["activation_id"] == activation_id


def test_lost(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSGIG, "webhook-lost", times=1)
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id, code="1111")
    sandbox.send_sms(SMSGIG, activation_id, code="2222")
    assert receiver.next().fields["code"] == "2222"
    assert receiver.is_empty()


def test_forged_before_the_genuine_one(villa: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSVILLA, "webhook-forged", times=1, ms=1000)
    sandbox.send_sms(SMSVILLA, villa.rented(), code="1111")
    forged = receiver.next().fields
    sandbox.advance(1)
    genuine = receiver.next().fields
    assert genuine["code"] == "1111"
    assert forged["code"] != "1111"
    assert genuine["code"] not in forged["text"]
    for name in ("activationId", "messageId", "service"):
        assert forged[name] == genuine[name]


def test_forged_while_nothing_has_come(villa: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    activation_id = villa.rented()
    promised = sandbox.forge(SMSVILLA, activation_id, code="0000")
    forged = receiver.next().fields
    assert (forged["code"], forged["messageId"]) == ("0000", int(promised))
    assert body(villa.get("/get-sms", activation_id=activation_id))["messages"] == []
    assert sandbox.send_sms(SMSVILLA, activation_id)[0].id == promised
    assert sandbox.send_sms(SMSVILLA, activation_id)[0].id != promised


def test_forged_at_smsgig_has_a_wrong_signature(
    gig: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.forge(SMSGIG, gig.rented())
    posted = receiver.next()
    assert not is_signed(posted, sandbox.key(SMSGIG))
    assert len(posted.headers["x-smsgig-signature"]) == 64


def test_overtakes_the_rent(gig: Caller, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.on(SMSGIG, "webhook-overtakes-rent", times=1)
    rental = body(gig.rent())["rental"]
    assert not receiver.is_empty()
    assert receiver.next().fields["activation_id"] == rental["activation_id"]
    assert rental["status"] == "waiting"
    assert gig.balance() == Decimal("49.42")


def test_a_code_comes_by_itself() -> None:
    clock = Clock(lambda: 1e9)
    with running(Settings(auto_code=(4, 10)), clock=clock) as sandbox, receiving() as receiver:
        sandbox.wallets.set_webhook(sandbox.wallet(SMSGIG).id, receiver.url)
        gig = Caller(sandbox, SMSGIG)
        first, given_up = gig.rented(), gig.rented()
        gig.cancel(given_up)
        sandbox.advance(3.9)
        assert body(gig.get("/s1/status", activation_id=first))["status"] == "waiting"
        sandbox.advance(6.2)
        posted = receiver.next().fields
        assert posted["activation_id"] == first
        assert re.fullmatch(r"Your WhatsApp code is [0-9]{6}", posted["text"])
        sandbox.advance(60)
        assert len(sandbox.activations.messages(sandbox.activations.get(SMSGIG, first))) == 1
        assert receiver.is_empty()


def is_signed(posted: Posted, key: str) -> bool:
    expected = hmac.new(key.encode(), posted.body, hashlib.sha256).hexdigest()
    return posted.headers["x-smsgig-signature"] == expected
