"""SMSGig: a wallet in USD, a server prefix in most paths, signed webhooks, a statement."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from providers import shapes
from providers.activations import activation_of, done_with
from providers.calls import Call, Effect
from providers.documented import (
    ACTIVATION,
    AREA_CODE,
    CARRIER,
    PAGE,
    SERVICE,
    Documented,
    Means,
    Parameter,
    count,
)
from providers.provider import Unsupported
from providers.replies import reader
from providers.requests import activation_json, activation_query, without_empty
from providers.values import (
    Activation,
    Balance,
    Capabilities,
    Delivery,
    Done,
    Page,
    Rented,
    RentOrder,
    Service,
    Transaction,
)
from providers.webhooks import read_delivery, signed_by_any

DOCUMENTED: Final = frozenset({400, 401, 404, 422, 429})
STATEMENT_PAGE_SIZE: Final = 100
_PREFIX: Final = re.compile(r"[a-z0-9]{1,16}")


class SmsGig:
    """SMSGig's documented API v1. `prefix` is the server: "s1" where empty."""

    code = "smsgig"
    name = "SMSGig"
    currency = "USD"
    base_url = "https://smsgig.com/api/v1"
    capabilities = Capabilities(
        statement=True,
        multiple_sms=True,
        finish=True,
        choose_number=False,
        signed_webhooks=True,
        quotes_price=True,
        refund_at_once=True,
        limits=None,
        server_prefixes=("s1",),
    )

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix or self.capabilities.server_prefixes[0]
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError("A server prefix is 1 to 16 small letters and digits, such as s1.")

    def balance(self) -> Call[Balance]:
        read = reader(Effect.READ, shapes.balance, DOCUMENTED)
        return Call("balance", Effect.READ, "GET", "/balance", read)

    def services(self, page: int = 1) -> Call[Page[Service]]:
        """List services. The document shows 100 of 360 and no way to the rest: we ask `page`."""
        take = shapes.page_of("data", "services", item=shapes.service, asked=page)
        read = reader(Effect.READ, take, DOCUMENTED)
        query = without_empty(page=str(page) if page > 1 else "")
        return Call("services", Effect.READ, "GET", f"/{self.prefix}/services", read, query)

    def transactions(
        self, page: int = 1, kind: str = "", limit: int = STATEMENT_PAGE_SIZE
    ) -> Call[Page[Transaction]]:
        """List the wallet's movements; `kind` is purchase, refund, deposit, or "" for all."""
        take = shapes.page_of("data", "transactions", item=shapes.transaction, asked=page)
        read = reader(Effect.READ, take, DOCUMENTED)
        query = without_empty(limit=str(limit), type=kind, page=str(page) if page > 1 else "")
        return Call("statement", Effect.READ, "GET", "/transactions", read, query)

    def rent(self, order: RentOrder) -> Call[Rented]:
        if order.phone_number:
            raise Unsupported("SMSGig rents no particular number.")
        body = without_empty(
            service_code=order.service, area_code=order.area_code, carrier=order.carrier
        )
        read = reader(Effect.ONCE, shapes.rented, DOCUMENTED)
        return Call("rent", Effect.ONCE, "POST", f"/{self.prefix}/rent", read, json=body)

    def poll(self, activation_id: str) -> Call[Activation]:
        return self._state("poll", activation_id)

    def status(self, activation_id: str) -> Call[Activation]:
        return self._state("status", activation_id)

    def inspect(self, activation_id: str) -> Call[Activation]:
        """POST /rentals/status, which only reads where no action is given."""
        read = reader(Effect.READ, activation_of(activation_id), DOCUMENTED)
        path = f"/{self.prefix}/rentals/status"
        body = activation_json(activation_id)
        return Call("inspect", Effect.READ, "POST", path, read, json=body)

    def cancel(self, activation_id: str) -> Call[Done]:
        read = reader(Effect.REPEATABLE, done_with(activation_id), DOCUMENTED)
        path = f"/{self.prefix}/rentals/cancel"
        body = activation_json(activation_id)
        return Call("cancel", Effect.REPEATABLE, "POST", path, read, json=body)

    def finish(self, activation_id: str) -> Call[Done]:
        read = reader(Effect.REPEATABLE, done_with(activation_id), DOCUMENTED)
        path = f"/{self.prefix}/rentals/status"
        body = {**activation_json(activation_id), "action": "finished"}
        return Call("finish", Effect.REPEATABLE, "POST", path, read, json=body)

    def documented(self) -> tuple[Documented, ...]:
        limit = Parameter(
            "limit", Means.COUNT, most=STATEMENT_PAGE_SIZE, says="Max 100, default 20."
        )
        kind = Parameter("type", choices=("purchase", "refund", "deposit"))
        action = Parameter("action", choices=("finished",), says="“finished” to complete.")
        return (
            Documented("balance", "Get Balance", lambda values: self.balance()),
            Documented("transactions", "Get Transactions", self._transactions, (limit, kind, PAGE)),
            Documented(
                "services",
                "List Services",
                lambda values: self.services(count(values, "page", 1)),
                (PAGE,),
            ),
            Documented(
                "rent",
                "Rent Number",
                lambda values: self.rent(
                    RentOrder(
                        service=values["service_code"],
                        area_code=values.get("area_code", ""),
                        carrier=values.get("carrier", ""),
                    )
                ),
                (SERVICE, AREA_CODE, CARRIER),
            ),
            Documented(
                "status",
                "Check Status",
                lambda values: self.status(values["activation_id"]),
                (ACTIVATION,),
            ),
            Documented(
                "rental",
                "Get/Update Rental Status",
                lambda values: (self.finish if values.get("action") else self.inspect)(
                    values["activation_id"]
                ),
                (ACTIVATION, action),
            ),
            Documented(
                "cancel",
                "Cancel Rental",
                lambda values: self.cancel(values["activation_id"]),
                (ACTIVATION,),
            ),
        )

    def is_genuine(
        self, body: bytes, headers: Mapping[str, str], keys: Iterable[str]
    ) -> bool | None:
        return signed_by_any(body, headers, keys, header="X-SMSGig-Signature")

    def delivery(self, body: bytes) -> Delivery:
        return read_delivery(body)

    def acknowledgement(self) -> bytes:
        """The document asks for a 200 within five seconds and names no body."""
        return b'{"status": "ok"}'

    def _transactions(self, values: Mapping[str, str]) -> Call[Page[Transaction]]:
        return self.transactions(
            count(values, "page", 1), values.get("type", ""), count(values, "limit", 20)
        )

    def _state(self, name: str, activation_id: str) -> Call[Activation]:
        read = reader(Effect.READ, activation_of(activation_id), DOCUMENTED)
        path, query = f"/{self.prefix}/status", activation_query(activation_id)
        return Call(name, Effect.READ, "GET", path, read, query)
