"""What each provider's document shows, beside what it means: the conformance suite's data.

A new provider adds its examples to `examples/<code>/` (`.json` where the document's JSON is
sound, `.txt` to the letter where it is not) and a Sample here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from providers.calls import Call, Delivered, Reply
from providers.provider import Provider
from providers.registry import provider
from providers.values import (
    Activation,
    ActivationStatus,
    Balance,
    Delivery,
    Done,
    Message,
    Page,
    Rented,
    RentOrder,
    Service,
    Transaction,
)

EXAMPLES = Path(__file__).parent / "examples"
ORDER = RentOrder(service="whatsapp", area_code="212", carrier="vz")


@dataclass(frozen=True)
class Example:
    """One documented answer: which call gives it, the file that holds it, what it means."""

    call: str
    file: str
    means: object


@dataclass(frozen=True)
class Sample:
    code: str
    activation_id: str
    documented: frozenset[int]  # every 4xx of the document's list of errors
    undocumented: frozenset[int]  # some that it doesn't list
    examples: tuple[Example, ...]
    literal: tuple[Example, ...]  # documented, but not JSON
    delivery: Delivery
    signature_header: str = ""
    acknowledgement: bytes = b'{"status": "ok"}'
    prefix: str = ""
    unsupported: frozenset[str] = field(default_factory=frozenset)

    @property
    def provider(self) -> Provider:
        return provider(self.code, self.prefix)

    def body(self, file: str) -> bytes:
        return (EXAMPLES / self.code / file).read_bytes()

    def call(self, name: str) -> Call[Any]:
        """Give the call of that name, as for the documented activation."""
        return CALLS[name](self)

    @property
    def calls(self) -> list[str]:
        """The names of the calls that the provider supports."""
        return [name for name in CALLS if name not in self.unsupported]


CALLS: dict[str, Callable[[Sample], Call[Any]]] = {
    "balance": lambda s: s.provider.balance(),
    "services": lambda s: s.provider.services(),
    "transactions": lambda s: s.provider.transactions(),
    "rent": lambda s: s.provider.rent(ORDER),
    "poll": lambda s: s.provider.poll(s.activation_id),
    "inspect": lambda s: s.provider.inspect(s.activation_id),
    "status": lambda s: s.provider.status(s.activation_id),
    "cancel": lambda s: s.provider.cancel(s.activation_id),
    "finish": lambda s: s.provider.finish(s.activation_id),
}


def answered(
    status: int = 200, body: bytes | str = b"", headers: dict[str, str] | None = None
) -> Reply:
    raw = body.encode() if isinstance(body, str) else body
    return Reply(Delivered.ANSWERED, status, headers or {}, raw)


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


_GIG_MESSAGE = Message(code="123456", text="Your WhatsApp code is 123456")
_GIG_RECEIVED = Activation(status=ActivationStatus.RECEIVED, messages=(_GIG_MESSAGE,))
_GIG_WAITING = Activation(status=ActivationStatus.WAITING)
_GIG_INSPECTED = Activation(
    status=ActivationStatus.RECEIVED,
    messages=(_GIG_MESSAGE,),
    phone_number="15181234567",
    price=Decimal("0.50"),
    ttl=600,
    created_at=_utc(2026, 2, 18, 21, 7, 34),
    service="whatsapp",
)
_GIG_CANCELLED = Done("Rental canceled and refund processed")

SMSGIG = Sample(
    code="smsgig",
    activation_id="10561661",
    documented=frozenset({400, 401, 404, 422, 429}),
    undocumented=frozenset({402, 403, 405, 409, 410, 418, 451}),
    examples=(
        Example("balance", "balance.json", Balance(Decimal("10.00"), "USD")),
        Example(
            "transactions",
            "transactions.json",
            Page(
                items=(
                    Transaction(
                        id="1021",
                        kind="refund",
                        amount=Decimal("0.75"),
                        description="Refund for eBay rental #503",
                        created_at=_utc(2026, 5, 15, 9, 21, 41),
                    ),
                ),
                number=1,
                last=2,
                total=37,
            ),
        ),
        Example(
            "services",
            "services.json",
            Page(
                items=(Service("whatsapp", "WhatsApp", Decimal("0.58"), 600, 6989, True),),
                number=1,
                last=4,
                total=360,
            ),
        ),
        Example(
            "rent",
            "rent.json",
            Rented(
                activation_id="10561661",
                phone_number="14052003055",
                price=Decimal("0.58"),
                ttl=600,
                created_at=_utc(2026, 5, 18, 13, 57, 56),
                service="whatsapp",
            ),
        ),
        Example("status", "status_received.json", _GIG_RECEIVED),
        Example("status", "status_waiting.json", _GIG_WAITING),
        Example("poll", "status_received.json", _GIG_RECEIVED),
        Example("poll", "status_waiting.json", _GIG_WAITING),
        Example("inspect", "inspect.json", _GIG_INSPECTED),
        Example("cancel", "cancel.json", _GIG_CANCELLED),
        Example("finish", "inspect.json", Done()),
    ),
    literal=(Example("inspect", "inspect.txt", _GIG_INSPECTED),),
    delivery=Delivery(
        activation_id="10561661",
        message=Message(
            code="123456",
            text="Your WhatsApp code is 123456",
            id="msg_10561661_a1b2c3d4",
            received_at=_utc(2026, 5, 18, 14, 2, 11),
        ),
        service="whatsapp",
    ),
    signature_header="X-SMSGig-Signature",
)

_VILLA_PAGE = Page(
    items=(
        Service("gmail", "Gmail", Decimal(600), 420, 100, False),
        Service("whatsapp", "WhatsApp", Decimal(500), 420, 100, False),
        Service("telegram", "Telegram", Decimal(800), 600, 100, False),
    ),
    number=1,
    last=1,
    total=None,
)
_VILLA_MESSAGES = Activation(
    status=ActivationStatus.RECEIVED,
    messages=(
        Message(
            code="543210",
            text="Your Gmail verification code is 543210",
            id="778899",
            received_at=_utc(2025, 1, 12, 10, 15, 20),
        ),
    ),
)

SMSVILLA = Sample(
    code="smsvilla",
    activation_id="123456",
    documented=frozenset({400, 401, 404, 429}),
    undocumented=frozenset({402, 403, 405, 409, 410, 418, 422}),
    examples=(
        Example("balance", "balance.json", Balance(Decimal("2919.2"), "NGN")),
        Example("services", "services.json", _VILLA_PAGE),
        Example(
            "rent",
            "rent.json",
            Rented(
                activation_id="123456",
                phone_number="+1234567890",
                expires_at=_utc(2025, 1, 12, 10, 30),
                service="gmail",
            ),
        ),
        Example("poll", "poll.json", _VILLA_MESSAGES),
        Example("inspect", "poll.json", _VILLA_MESSAGES),
        Example(
            "status",
            "status_received.json",
            Activation(
                status=ActivationStatus.RECEIVED,
                messages=(
                    Message(
                        code="543210",
                        text="Your OTP is 543210",
                        received_at=_utc(2025, 1, 12, 10, 15, 20),
                    ),
                ),
            ),
        ),
        Example("cancel", "cancel.json", Done("Rental canceled and refund queued")),
    ),
    literal=(Example("services", "services.txt", _VILLA_PAGE),),
    delivery=Delivery(
        activation_id="123456",
        message=Message(
            code="543210",
            text="Your Gmail code is 543210",
            id="778899",
            received_at=_utc(2025, 1, 12, 10, 15, 20),
        ),
        service="gmail",
    ),
    unsupported=frozenset({"transactions", "finish"}),
)

SAMPLES = {sample.code: sample for sample in (SMSGIG, SMSVILLA)}
