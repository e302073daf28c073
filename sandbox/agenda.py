"""What will happen by itself: expiry, a refund that is paid later, a code that comes in."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from sandbox.books.records import Activation
from sandbox.books.store import Store
from sandbox.clock import Clock
from sandbox.providers import Provider

Kind = Literal["expiry", "refund", "sms"]


class Due(NamedTuple):
    """`amount` is in thousandths, for a refund."""

    kind: Kind
    provider: Provider
    activation_id: int
    amount: int


class Agenda:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(
        self, kind: Kind, activation: Activation, *, in_seconds: float, amount: int = 0
    ) -> None:
        self._store.insert(
            "agenda",
            due=self._clock.now_ms() + int(in_seconds * 1000),
            kind=kind,
            provider=activation.provider,
            activation_id=activation.id,
            amount=amount,
        )

    def settle(self, act: Callable[[Due], None]) -> None:
        """Calls `act` for each thing that is due, oldest first, and strikes it off with it."""
        due = self.next_due()
        while due is not None and due <= self._clock.now_ms():
            with self._store.transaction():
                row = self._store.row(
                    "DELETE FROM agenda WHERE id = "
                    "(SELECT id FROM agenda WHERE due <= ? ORDER BY due, id LIMIT 1) RETURNING *",
                    self._clock.now_ms(),
                )
                if row is not None:
                    provider = Provider(row["provider"])
                    act(Due(row["kind"], provider, row["activation_id"], row["amount"]))
            due = self.next_due()

    def next_due(self) -> int | None:
        row = self._store.row("SELECT min(due) FROM agenda")
        return row[0] if row else None
