"""SMS Villa's endpoints, from its "API Documentation": NGN, limits, unsigned webhooks."""

import json
from decimal import Decimal

from sandbox.books.activations import OutOfStock, UnknownActivation, WrongState
from sandbox.books.catalogue import UnknownService
from sandbox.books.numbers import NoNumber, is_area_code
from sandbox.books.records import Activation, Message, Service
from sandbox.books.wallets import InsufficientFunds
from sandbox.clock import as_datetime
from sandbox.faults import EndedIsRead
from sandbox.outbox import Parcel
from sandbox.wire import Answer, Call, Handler, Refusal, answer

REFUSALS: dict[type[Exception], int] = {
    UnknownService: 404,
    OutOfStock: 400,
    NoNumber: 400,
    InsufficientFunds: 400,
    UnknownActivation: 404,
    WrongState: 400,
}


def balance(call: Call) -> Answer:
    amount = _plain(call.wallet.balance)
    return answer({"status": "success", "balance": amount, "currency": "NGN"})


def services(call: Call) -> Answer:
    everything = call.sandbox.catalogue.all(call.provider)
    return answer({"status": "success", "services": [_service(s) for s in everything]})


def rent(call: Call) -> Answer:
    service_code = call.text("service_code", status=400)
    area_code = call.text("area_code", status=400)
    if not service_code:
        raise Refusal(400, "service_code is required.")
    if area_code and not is_area_code(area_code):
        raise Refusal(400, "area_code must be three digits.")
    call.activation = activation = call.sandbox.rent(
        call.wallet,
        service_code=service_code,
        area_code=area_code,
        carrier=call.text("carrier", status=400),
        phone=call.text("phone_number", status=400),
    )
    rental = {
        "activation_id": activation.id,
        "phone_number": f"+1{activation.phone}",
        "status": "waiting",
        "service": activation.service_code,
        "expires_at": timestamp(activation.expires),
    }
    return answer({"status": "success", "rental": rental})


def status(call: Call) -> Answer:
    messages = call.sandbox.activations.messages(_activation(call))
    if not messages:
        return answer({"status": "waiting"})
    last = messages[-1]
    return answer(
        {
            "status": "received",
            "code": last.code,
            "text": last.text,
            "received_at": timestamp(last.received),
        }
    )


def get_sms(call: Call) -> Answer:
    messages = call.sandbox.activations.messages(_activation(call))
    return answer({"status": "success", "messages": [_message(m) for m in messages]})


def cancel(call: Call) -> Answer:
    call.sandbox.cancel(_activation(call))
    return answer({"status": "success", "message": "Rental canceled and refund queued"})


ENDPOINTS: dict[tuple[str, str], tuple[str, Handler]] = {
    ("GET", "/balance"): ("balance", balance),
    ("GET", "/services"): ("services", services),
    ("POST", "/rent"): ("rent", rent),
    ("GET", "/status"): ("status", status),
    ("GET", "/get-sms"): ("get-sms", get_sms),
    ("POST", "/cancel"): ("cancel", cancel),
}


def webhook(parcel: Parcel) -> tuple[bytes, dict[str, str]]:
    """The body, and no header that proves who sent it."""
    payload = {
        "activationId": parcel.activation_id,
        "messageId": int(parcel.message_id),
        "service": parcel.service_code,
        "code": parcel.code,
        "text": parcel.text,
        "receivedAt": timestamp(parcel.received),
    }
    return json.dumps(payload).encode(), {}


def timestamp(ms: int) -> str:
    return as_datetime(ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def _activation(call: Call) -> Activation:
    """404 also for one that has expired or was given up, as the document's 404 has it."""
    activation_id = call.integer("activation_id", status=400)
    if activation_id is None:
        raise Refusal(400, "activation_id is required.")
    activation = call.sandbox.activations.get(call.provider, activation_id)
    if activation.wallet_id != call.wallet.id or not _is_told(call, activation):
        raise UnknownActivation("Activation ID not found or expired")
    return activation


def _is_told(call: Call, activation: Activation) -> bool:
    return activation.live or bool(call.sandbox.switches.take(EndedIsRead, call.wallet))


def _service(service: Service) -> dict[str, object]:
    return {
        "code": service.code,
        "name": service.name,
        "price": _plain(service.price),
        "ttl": service.ttl,
        "count": service.stock,
    }


def _message(message: Message) -> dict[str, object]:
    return {
        "id": int(message.id),
        "text": message.text,
        "code": message.code,
        "created_at": timestamp(message.received),
    }


def _plain(amount: Decimal) -> Decimal:
    """Without trailing zeros: 600 and 2919.2, as the document writes them."""
    whole = amount.to_integral_value()
    return whole if whole == amount else amount.normalize()
