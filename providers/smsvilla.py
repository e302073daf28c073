"""SMS Villa: a wallet in NGN, messages with ids in one read, unsigned webhooks, no statement."""

from collections.abc import Iterable, Mapping
from typing import Final

from providers import shapes
from providers.activations import activation_of, done_with
from providers.calls import Call, Effect
from providers.documented import (
    ACTIVATION,
    AREA_CODE,
    CARRIER,
    SERVICE,
    Documented,
    Means,
    Parameter,
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
    Limits,
    Page,
    Rented,
    RentOrder,
    Service,
    Transaction,
)
from providers.webhooks import read_delivery

DOCUMENTED: Final = frozenset({400, 401, 404, 429})


class SmsVilla:
    """SMS Villa's documented API v1. It knows no server prefixes."""

    code = "smsvilla"
    name = "SMS Villa"
    currency = "NGN"
    base_url = "https://smsvilla.com/api/v1"
    capabilities = Capabilities(
        statement=False,
        multiple_sms=False,
        finish=False,
        choose_number=True,
        signed_webhooks=False,
        quotes_price=False,
        refund_at_once=False,
        limits=Limits(per_minute=100, per_day=5000),
    )

    def __init__(self, prefix: str = "") -> None:
        if prefix:
            raise ValueError("SMS Villa has no server prefixes: leave it empty.")

    def balance(self) -> Call[Balance]:
        read = reader(Effect.READ, shapes.balance, DOCUMENTED)
        return Call("balance", Effect.READ, "GET", "/balance", read)

    def services(self, page: int = 1) -> Call[Page[Service]]:
        """List services, all on one page; a later one is asked for only if the answer has more."""
        take = shapes.page_of("services", "data", item=shapes.service, asked=page, last=1)
        read = reader(Effect.READ, take, DOCUMENTED)
        query = without_empty(page=str(page) if page > 1 else "")
        return Call("services", Effect.READ, "GET", "/services", read, query)

    def transactions(self, page: int = 1, kind: str = "") -> Call[Page[Transaction]]:
        raise Unsupported("SMS Villa lists no transactions.")

    def rent(self, order: RentOrder) -> Call[Rented]:
        body = without_empty(
            service_code=order.service,
            area_code=order.area_code,
            carrier=order.carrier,
            phone_number=order.phone_number,
        )
        read = reader(Effect.ONCE, shapes.rented, DOCUMENTED)
        return Call("rent", Effect.ONCE, "POST", "/rent", read, json=body)

    def poll(self, activation_id: str) -> Call[Activation]:
        return self._read("poll", "/get-sms", activation_id)

    def inspect(self, activation_id: str) -> Call[Activation]:
        return self._read("inspect", "/get-sms", activation_id)

    def status(self, activation_id: str) -> Call[Activation]:
        return self._read("status", "/status", activation_id)

    def cancel(self, activation_id: str) -> Call[Done]:
        read = reader(Effect.REPEATABLE, done_with(activation_id), DOCUMENTED)
        body = activation_json(activation_id)
        return Call("cancel", Effect.REPEATABLE, "POST", "/cancel", read, json=body)

    def finish(self, activation_id: str) -> Call[Done]:
        raise Unsupported("SMS Villa cannot mark a rental as finished.")

    def documented(self) -> tuple[Documented, ...]:
        number = Parameter("phone_number", Means.PHONE_NUMBER, says="Ask for one number.")
        return (
            Documented("balance", "Get Account Balance", lambda values: self.balance()),
            Documented(
                "services",
                "List Available Services",
                lambda values: self.services(),
                shows=("code",),  # what a rent asks for
            ),
            Documented(
                "rent",
                "Rent a Number",
                lambda values: self.rent(
                    RentOrder(
                        service=values["service_code"],
                        area_code=values.get("area_code", ""),
                        carrier=values.get("carrier", ""),
                        phone_number=values.get("phone_number", ""),
                    )
                ),
                (SERVICE, AREA_CODE, CARRIER, number),
            ),
            Documented(
                "messages",
                "Get SMS Messages",
                lambda values: self.inspect(values["activation_id"]),
                (ACTIVATION,),
            ),
            Documented(
                "status",
                "Check SMS Status",
                lambda values: self.status(values["activation_id"]),
                (ACTIVATION,),
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
        return None

    def delivery(self, body: bytes) -> Delivery:
        return read_delivery(body)

    def acknowledgement(self) -> bytes:
        return b'{"status": "ok"}'

    def _read(self, name: str, path: str, activation_id: str) -> Call[Activation]:
        read = reader(Effect.READ, activation_of(activation_id), DOCUMENTED)
        return Call(name, Effect.READ, "GET", path, read, activation_query(activation_id))
