"""SMSGig's endpoints, from its "API Reference": server prefix /s1, USD, signed webhooks."""

import hashlib
import hmac
import json

from sandbox.books.activations import OutOfStock, UnknownActivation, WrongState
from sandbox.books.catalogue import UnknownService
from sandbox.books.numbers import NoNumber, is_area_code
from sandbox.books.records import Activation, Entry, Service
from sandbox.books.wallets import InsufficientFunds
from sandbox.clock import as_datetime
from sandbox.outbox import Parcel
from sandbox.wire import Answer, Call, Handler, Refusal, answer

_SERVICES_A_PAGE = 100
REFUSALS: dict[type[Exception], int] = {
    UnknownService: 422,
    OutOfStock: 422,
    NoNumber: 422,
    InsufficientFunds: 400,
    UnknownActivation: 404,
    WrongState: 400,
}


def balance(call: Call) -> Answer:
    return answer({"status": "success", "balance": call.wallet.balance, "currency": "USD"})


def transactions(call: Call) -> Answer:
    """Newest first. `page` is not in the document; the answer's meta is."""
    limit = call.integer("limit", status=422)
    limit = 20 if limit is None else limit
    if not 1 <= limit <= 100:
        raise Refusal(422, "The limit field must be between 1 and 100.")
    kind = call.text("type", status=422) or None
    if kind not in (None, "purchase", "refund", "deposit"):
        raise Refusal(422, "The selected type is invalid.")
    wallets, page = call.sandbox.wallets, _page(call)
    total = wallets.count_entries(call.wallet.id, kind=kind)
    entries = wallets.entries(call.wallet.id, kind=kind, limit=limit, skip=(page - 1) * limit)
    meta = {"current_page": page, "last_page": max(1, -(-total // limit)), "total": total}
    return answer({"status": "success", "data": [_entry(e) for e in entries], "meta": meta})


def services(call: Call) -> Answer:
    everything = call.sandbox.catalogue.all(call.provider)
    start = (_page(call) - 1) * _SERVICES_A_PAGE
    data = [_service(service) for service in everything[start : start + _SERVICES_A_PAGE]]
    meta = {"total": len(everything), "per_page": _SERVICES_A_PAGE}
    return answer({"status": "success", "data": data, "meta": meta})


def rent(call: Call) -> Answer:
    service_code = call.text("service_code", status=422)
    area_code = call.text("area_code", status=422)
    if not service_code:
        raise Refusal(422, "The service code field is required.")
    if area_code and not is_area_code(area_code):
        raise Refusal(422, "The area code field must be three digits.")
    call.activation = activation = call.sandbox.rent(
        call.wallet,
        service_code=service_code,
        area_code=area_code,
        carrier=call.text("carrier", status=422),
    )
    rental = {
        "activation_id": activation.id,
        "phone_number": f"1{activation.phone}",
        "status": "waiting",
        "service_code": activation.service_code,
        "price": activation.price,
        "ttl": activation.ttl,
        "created_at": timestamp(activation.created),
    }
    return answer({"status": "success", "rental": rental})


def status(call: Call) -> Answer:
    activation = _activation(call)
    messages = call.sandbox.activations.messages(activation)
    if messages:
        last = messages[-1]
        return answer({"status": "received", "code": last.code, "text": last.text})
    if activation.state == "waiting":
        return answer({"status": "waiting", "message": "No SMS received yet"})
    return answer({"status": activation.state, "message": f"Rental {activation.state}"})


def rental_status(call: Call) -> Answer:
    """Reads a rental, or with action "finished" completes a received one (again and again)."""
    activation = _activation(call)
    action = call.text("action", status=422)
    if action not in ("", "finished"):
        raise Refusal(422, "The selected action is invalid.")
    if action and activation.state != "finished":
        if activation.state != "received":
            raise Refusal(400, "Only a received rental can be finished.")
        activation = call.sandbox.activations.finish(activation)
    return answer({"status": "success", "rental": _rental(call, activation)})


def cancel(call: Call) -> Answer:
    activation = _activation(call)
    call.sandbox.cancel(activation)
    return answer({"status": "success", "message": "Rental canceled and refund processed"})


ENDPOINTS: dict[tuple[str, str], tuple[str, Handler]] = {
    ("GET", "/balance"): ("balance", balance),
    ("GET", "/transactions"): ("transactions", transactions),
    ("GET", "/s1/services"): ("services", services),
    ("POST", "/s1/rent"): ("rent", rent),
    ("GET", "/s1/status"): ("status", status),
    ("POST", "/s1/rentals/status"): ("rental", rental_status),
    ("POST", "/s1/rentals/cancel"): ("cancel", cancel),
}


def webhook(parcel: Parcel, key: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers, signed with the API key as the document says."""
    payload = {
        "activation_id": parcel.activation_id,
        "message_id": parcel.message_id,
        "service": parcel.service_code,
        "code": parcel.code,
        "text": parcel.text,
        "received_at": timestamp(parcel.received),
    }
    body = json.dumps(payload).encode()
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return body, {"X-SMSGig-Signature": signature}


def timestamp(ms: int) -> str:
    return as_datetime(ms).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def _page(call: Call) -> int:
    return max(1, call.integer("page", status=422) or 1)


def _activation(call: Call) -> Activation:
    activation_id = call.integer("activation_id", status=422)
    if activation_id is None:
        raise Refusal(422, "The activation id field is required.")
    activation = call.sandbox.activations.get(call.provider, activation_id)
    if activation.wallet_id != call.wallet.id:
        raise UnknownActivation(f"There is no activation {activation_id}.")
    return activation


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "type": entry.type,
        "amount": entry.amount,
        "description": entry.description,
        "created_at": timestamp(entry.created),
    }


def _service(service: Service) -> dict[str, object]:
    return {
        "service_code": service.code,
        "name": service.name,
        "price": service.price,
        "ttl": service.ttl,
        "count": service.stock,
        "multiple_sms": service.multiple_sms,
    }


def _rental(call: Call, activation: Activation) -> dict[str, object]:
    messages = call.sandbox.activations.messages(activation)
    last = messages[-1] if messages else None
    return {
        "activation_id": activation.id,
        "phone_number": int(f"1{activation.phone}"),
        "service_code": activation.service_code,
        "status": activation.state,
        "code": last.code if last else None,
        "text": last.text if last else None,
        "price": activation.price,
        "created_at": timestamp(activation.created),
        "ttl": activation.ttl,
    }
