"""The interface that every adapter offers. A new provider is one file and one registry line."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from providers.calls import Call
from providers.documented import Documented
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


class Unsupported(Exception):
    """A call that the provider's capabilities rule out: a mistake of ours, not of the wire."""


class Provider(Protocol):
    """One provider's wire, bound to a server prefix where the provider has such."""

    code: str  # "smsgig": in addresses, commands and the database
    name: str  # "SMSGig": for people
    currency: str  # ISO 4217, of its wallets
    base_url: str  # the documented address
    capabilities: Capabilities

    def balance(self) -> Call[Balance]: ...

    def services(self, page: int = 1) -> Call[Page[Service]]: ...

    def transactions(self, page: int = 1, kind: str = "") -> Call[Page[Transaction]]: ...

    def rent(self, order: RentOrder) -> Call[Rented]: ...

    def poll(self, activation_id: str) -> Call[Activation]:
        """The cheapest read that gives the messages."""
        ...

    def inspect(self, activation_id: str) -> Call[Activation]:
        """The read that tells most of a rental; where there is but one read, the same as poll."""
        ...

    def status(self, activation_id: str) -> Call[Activation]: ...

    def cancel(self, activation_id: str) -> Call[Done]: ...

    def finish(self, activation_id: str) -> Call[Done]: ...

    def documented(self) -> tuple[Documented, ...]:
        """All calls of the provider's document, in its order, with their parameters."""
        ...

    def is_genuine(
        self, body: bytes, headers: Mapping[str, str], keys: Iterable[str]
    ) -> bool | None:
        """Whether one of `keys` signed the webhook; None where the provider signs nothing."""
        ...

    def delivery(self, body: bytes) -> Delivery:
        """Read a webhook's body. Raises providers.webhooks.Malformed."""
        ...

    def acknowledgement(self) -> bytes:
        """The JSON body with which the provider wants a webhook answered (status 200)."""
        ...
