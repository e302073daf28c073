"""The typed values that adapters give. Nothing untyped walks further in than this."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class ActivationStatus(StrEnum):
    WAITING = "waiting"
    RECEIVED = "received"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # a word that the documents do not name: the caller goes by the messages


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests per rolling minute and per rolling day that the provider names."""

    per_minute: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do. Pages and schedulers ask these, never a provider's name."""

    statement: bool  # lists its transactions
    multiple_sms: bool  # says which services take more than one SMS
    finish: bool  # a rental can be marked as finished
    choose_number: bool  # one particular number can be asked for
    signed_webhooks: bool
    quotes_price: bool  # the answer to a rent names the price charged
    refund_at_once: bool  # a cancel's refund is booked at once, not queued
    limits: Limits | None = None
    server_prefixes: tuple[str, ...] = ()  # the first is the default


@dataclass(frozen=True, slots=True)
class Balance:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Service:
    """An offer of the catalogue. `ttl` in seconds, 0 where it is not told; `stock` None then."""

    code: str
    name: str
    price: Decimal
    ttl: int
    stock: int | None
    multiple_sms: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """A row of the provider's statement. `amount` is positive, `kind` gives the direction."""

    id: str
    kind: str  # purchase, refund, deposit, or whatever else the provider says
    amount: Decimal
    description: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page of a list. `last` and `total` are None where the provider does not say.

    `number` is the page that the provider says it gave, which need not be the one asked for.
    `unreadable` rows were left out of `items`: the list is not to be taken as complete.
    """

    items: tuple[T, ...]
    number: int
    last: int | None
    total: int | None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """An SMS. `id` is None where the provider gives none; `code` is "" where it found none."""

    code: str
    text: str
    id: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rented:
    """A paid activation. Only `activation_id` is certain; the rest is what could be read."""

    activation_id: str
    phone_number: str = ""  # raw, as the provider wrote it
    price: Decimal | None = None
    ttl: int | None = None  # seconds
    created_at: datetime | None = None
    expires_at: datetime | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class Activation:
    """What a read says of a rental now. Fields that this read does not give are empty."""

    status: ActivationStatus
    messages: tuple[Message, ...] = ()
    phone_number: str = ""
    price: Decimal | None = None
    ttl: int | None = None
    created_at: datetime | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A cancel or a finish that the provider says it did, with its own words."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook: one message of one activation."""

    activation_id: str
    message: Message
    service: str = ""


@dataclass(frozen=True, slots=True)
class RentOrder:
    """What to rent. Empty strings are not sent."""

    service: str
    area_code: str = ""
    carrier: str = ""
    phone_number: str = ""
