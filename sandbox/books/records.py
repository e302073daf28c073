"""What the books hold, as values. Money is Decimal, times are milliseconds since 1970."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sandbox.providers import Provider

State = Literal["waiting", "received", "finished", "canceled", "expired"]
EntryType = Literal["purchase", "refund", "deposit"]


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    id: int
    secret: str
    revoked: bool


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """`per_minute` and `per_day` are request limits over rolling windows; 0 is without limit."""

    id: int
    provider: Provider
    name: str
    balance: Decimal
    webhook_url: str
    per_minute: int
    per_day: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A movement of a wallet; `amount` is positive whatever the type."""

    id: int
    type: EntryType
    amount: Decimal
    description: str
    activation_id: int | None
    created: int


@dataclass(frozen=True, kw_only=True)
class Service:
    provider: Provider
    code: str
    name: str
    price: Decimal
    ttl: int
    stock: int
    multiple_sms: bool


@dataclass(frozen=True, kw_only=True)
class Activation:
    """`live`: the number is still held. `phone` is ten digits after the country code 1, without
    a plus sign. `outside`: rented by someone else with the same key."""

    provider: Provider
    id: int
    wallet_id: int
    rental_number: int
    service_code: str
    service_name: str
    multiple_sms: bool
    phone: str
    area_code: str
    carrier: str
    price: Decimal
    ttl: int
    state: State
    live: bool
    outside: bool
    created: int
    expires: int


@dataclass(frozen=True, kw_only=True)
class Message:
    id: str
    activation_id: int
    code: str
    text: str
    received: int


@dataclass(frozen=True, kw_only=True)
class Request:
    """`status` is None while unanswered, or where no answer was ever sent."""

    id: int
    at: int
    provider: Provider
    method: str
    path: str
    key_last4: str
    status: int | None
    ms: int | None
    note: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One attempt at a webhook; `status` is None where no HTTP answer came."""

    id: int
    at: int
    wallet_id: int
    provider: Provider
    activation_id: int
    message_id: str
    forged: bool
    status: int | None
    ms: int
    note: str
