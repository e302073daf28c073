"""What the provider did, from its own books, and for which of our rentals it did it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sandbox.books.records import Activation, Entry
from sandbox.core import Sandbox
from sandbox.providers import Provider

SIGNS = {"purchase": -1, "refund": 1, "deposit": 1}


class Truth:
    """`owners`: the rental that an activation was made for, which only this knows. `opening`: the
    newest entry of before the cut-over."""

    def __init__(self, sandbox: Sandbox, provider: Provider, wallet_id: int) -> None:
        self._sandbox = sandbox
        self._provider = provider
        self.wallet_id = wallet_id
        self.owners: dict[int, int] = {}
        self.posts: Counter[int] = Counter()
        self.throttled: Counter[int] = Counter()
        self.opening = max((entry.id for entry in self._all()), default=0)

    @contextmanager
    def sending(self, rental_id: int) -> Iterator[None]:
        """What is asked and made inside is for this rental."""
        known, before = self._activation_ids(), self._rents()
        try:
            yield
        finally:
            for activation_id in self._activation_ids() - known:
                self.owners[activation_id] = rental_id
            after = self._rents()
            self.posts[rental_id] += after[0] - before[0]
            self.throttled[rental_id] += after[1] - before[1]

    @property
    def balance(self) -> Decimal:
        return self._sandbox.wallets.get(self.wallet_id).balance

    def entries(self) -> list[Entry]:
        """Those after the cut-over, oldest first."""
        return sorted((e for e in self._all() if e.id > self.opening), key=lambda e: e.id)

    def activations(self) -> list[Activation]:
        """Oldest first."""
        rows = self._sandbox.store.rows(
            "SELECT id FROM activation WHERE wallet_id = ? ORDER BY rowid", self.wallet_id
        )
        return [self._sandbox.activations.get(self._provider, row["id"]) for row in rows]

    def by_rental(self) -> dict[int, list[Activation]]:
        """The activations that were paid for each rental: never more than one, if we are right."""
        found: dict[int, list[Activation]] = defaultdict(list)
        for activation in self.activations():
            if activation.id in self.owners:
                found[self.owners[activation.id]].append(activation)
        return found

    def _all(self) -> list[Entry]:
        return self._sandbox.wallets.entries(self.wallet_id)

    def _activation_ids(self) -> set[int]:
        rows = self._sandbox.store.rows(
            "SELECT id FROM activation WHERE wallet_id = ? AND NOT outside", self.wallet_id
        )
        return {row["id"] for row in rows}

    def _rents(self) -> tuple[int, int]:
        row = self._sandbox.store.row(
            "SELECT count(*), coalesce(sum(status = 429), 0) FROM request"
            " WHERE wallet_id = ? AND path LIKE '%/rent'",
            self.wallet_id,
        )
        assert row is not None
        return row[0], row[1]
