"""The sandbox's state as plain JSON values. Money as text, times as ISO 8601 in UTC."""

import dataclasses
from collections.abc import Sequence

from sandbox.books.records import Activation, Delivery, Entry, Message, Request, Service, Wallet
from sandbox.clock import as_datetime
from sandbox.core import Sandbox
from sandbox.faults import FAULTS
from sandbox.providers import Provider
from sandbox.switches import Switch

Json = dict[str, object]

_SHOWN = 200


def state(sandbox: Sandbox) -> Json:
    """Everything of interest, of the long lists the newest 200."""
    return {
        "now": moment(sandbox.clock.now_ms()),
        "providers": {p.value: sandbox.url + p.base_path for p in Provider},
        "wallets": [wallet(sandbox, w) for w in sandbox.wallets.all()],
        "activations": [activation(sandbox, a) for a in sandbox.activations.all(limit=_SHOWN)],
        "faults": [switch(s) for s in sandbox.switches.all()],
        "requests": [request(r) for r in sandbox.journal.requests(limit=_SHOWN)],
        "deliveries": [delivery(d) for d in sandbox.journal.deliveries(limit=_SHOWN)],
    }


def wallet(sandbox: Sandbox, it: Wallet) -> Json:
    return {
        "id": it.id,
        "provider": it.provider.value,
        "name": it.name,
        "balance": str(it.balance),
        "currency": it.provider.currency,
        "webhook_url": it.webhook_url,
        "per_minute": it.per_minute,
        "per_day": it.per_day,
        "key": sandbox.wallets.current_key(it.id),
        "keys": [dataclasses.asdict(key) for key in sandbox.wallets.keys(it.id)],
        "entries": [entry(e) for e in sandbox.wallets.entries(it.id, limit=_SHOWN)],
    }


def entry(it: Entry) -> Json:
    return dataclasses.asdict(it) | {"amount": str(it.amount), "created": moment(it.created)}


def activation(sandbox: Sandbox, it: Activation) -> Json:
    return dataclasses.asdict(it) | {
        "phone": f"+1{it.phone}",
        "price": str(it.price),
        "created": moment(it.created),
        "expires": moment(it.expires),
        "messages": [message(m) for m in sandbox.activations.messages(it)],
    }


def service(it: Service) -> Json:
    return dataclasses.asdict(it) | {"price": str(it.price)}


def message(it: Message) -> Json:
    return dataclasses.asdict(it) | {"received": moment(it.received)}


def request(it: Request) -> Json:
    return dataclasses.asdict(it) | {"at": moment(it.at)}


def delivery(it: Delivery) -> Json:
    return dataclasses.asdict(it) | {"at": moment(it.at)}


def switch(it: Switch) -> Json:
    return {
        "id": it.id,
        "provider": it.provider.value,
        "wallet_id": it.wallet_id,
        "fault": it.name,
        "times": it.remaining,
        "options": dataclasses.asdict(it.fault),
    }


def fault_kinds() -> Sequence[Json]:
    """Every fault that there is, with what it does and its options' defaults."""
    return [
        {
            "fault": name,
            "title": kind.title,
            "options": {field.name: field.default for field in dataclasses.fields(kind)},
        }
        for name, kind in FAULTS.items()
    ]


def moment(ms: int) -> str:
    return as_datetime(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
