"""The outbox: webhooks that are still to be posted."""

import sqlite3
from dataclasses import dataclass

from sandbox.books.records import Activation, Message
from sandbox.books.store import Store
from sandbox.clock import Clock
from sandbox.faults import Posting
from sandbox.providers import Provider


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One webhook to post. `forged`: it does not come from the provider."""

    wallet_id: int
    provider: Provider
    activation_id: int
    service_code: str
    message_id: str
    code: str
    text: str
    received: int
    forged: bool
    attempt: int


class Outbox:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def put(self, activation: Activation, message: Message, posting: Posting) -> None:
        self._store.insert(
            "outbox",
            due=self._clock.now_ms() + posting.delay_ms,
            wallet_id=activation.wallet_id,
            provider=activation.provider,
            activation_id=activation.id,
            service_code=activation.service_code,
            message_id=message.id,
            code=message.code,
            text=message.text,
            received=message.received,
            forged=posting.forged,
            held=posting.held,
        )

    def put_back(self, parcel: Parcel, *, delay_ms: int) -> None:
        """For another attempt."""
        self._store.insert(
            "outbox",
            due=self._clock.now_ms() + delay_ms,
            wallet_id=parcel.wallet_id,
            provider=parcel.provider,
            activation_id=parcel.activation_id,
            service_code=parcel.service_code,
            message_id=parcel.message_id,
            code=parcel.code,
            text=parcel.text,
            received=parcel.received,
            forged=parcel.forged,
            attempt=parcel.attempt + 1,
        )

    def take_due(self) -> list[Parcel]:
        """Takes out what is due, oldest first: from here on it is posted or lost."""
        rows = self._store.rows(
            "DELETE FROM outbox WHERE due <= ? RETURNING *", self._clock.now_ms()
        )
        return [_parcel(row) for row in sorted(rows, key=lambda row: (row["due"], row["id"]))]

    def one_is_held(self, wallet_id: int) -> bool:
        return bool(
            self._store.number(
                "SELECT count(*) FROM outbox WHERE held AND wallet_id = ?", wallet_id
            )
        )

    def release(self, wallet_id: int) -> None:
        """Makes what was held for this wallet due now."""
        self._store.run(
            "UPDATE outbox SET held = 0, due = ? WHERE held AND wallet_id = ?",
            self._clock.now_ms(),
            wallet_id,
        )

    def next_due(self) -> int | None:
        row = self._store.row("SELECT min(due) FROM outbox")
        return row[0] if row else None


def _parcel(row: sqlite3.Row) -> Parcel:
    return Parcel(
        wallet_id=row["wallet_id"],
        provider=Provider(row["provider"]),
        activation_id=row["activation_id"],
        service_code=row["service_code"],
        message_id=row["message_id"],
        code=row["code"],
        text=row["text"],
        received=row["received"],
        forged=bool(row["forged"]),
        attempt=row["attempt"],
    )
