"""What was asked of the providers and what webhooks they sent."""

import sqlite3
from collections import defaultdict, deque

from sandbox.books.records import Delivery, Request, Wallet
from sandbox.books.store import Store
from sandbox.clock import Clock
from sandbox.providers import Provider

_MINUTE = 60_000
_DAY = 24 * 3_600_000
_KEPT = 20_000


class Journal:
    """Requests that change something are kept for good, reads and deliveries up to 20,000."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def begin(
        self, *, provider: Provider, wallet: Wallet | None, method: str, path: str, key: str
    ) -> int:
        """Writes a request down as it comes in, of the key only the last four characters."""
        request_id = self._store.insert(
            "request",
            at=self._clock.now_ms(),
            provider=provider,
            wallet_id=wallet.id if wallet else None,
            method=method,
            path=path,
            key_last4=key[-4:],
        )
        if request_id % 1000 == 0:
            self._prune(request_id)
        return request_id

    def end(self, request_id: int, *, status: int | None, ms: int, note: str) -> None:
        """`status` None: no answer was sent."""
        self._store.run(
            "UPDATE request SET status = ?, ms = ?, note = ? WHERE id = ?",
            status,
            ms,
            note,
            request_id,
        )

    def requests(
        self, *, provider: str = "", method: str = "", path: str = "", limit: int = -1
    ) -> list[Request]:
        """Newest first; `path` is the end of the path, such as "/rent"."""
        where, values = _like(provider, method, path)
        rows = self._store.rows(
            f"SELECT * FROM request WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608
            *values,
            limit,
        )
        return [_request(row) for row in rows]

    def count(self, *, provider: str = "", method: str = "", path: str = "") -> int:
        where, values = _like(provider, method, path)
        return self._store.number(f"SELECT count(*) FROM request WHERE {where}", *values)  # noqa: S608

    def delivered(
        self,
        *,
        wallet_id: int,
        provider: Provider,
        activation_id: int,
        message_id: str,
        forged: bool,
        status: int | None,
        ms: int,
        note: str,
    ) -> None:
        delivery_id = self._store.insert(
            "delivery",
            at=self._clock.now_ms(),
            wallet_id=wallet_id,
            provider=provider,
            activation_id=activation_id,
            message_id=message_id,
            forged=forged,
            status=status,
            ms=ms,
            note=note,
        )
        if delivery_id % 1000 == 0:
            self._store.run("DELETE FROM delivery WHERE id <= ?", delivery_id - _KEPT)

    def deliveries(self, *, limit: int = -1) -> list[Delivery]:
        """Newest first."""
        rows = self._store.rows("SELECT * FROM delivery ORDER BY id DESC LIMIT ?", limit)
        return [_delivery(row) for row in rows]

    def _prune(self, newest: int) -> None:
        self._store.run(
            "DELETE FROM request WHERE method = 'GET' AND id <= ? AND (NOT counted OR at < ?)",
            newest - _KEPT,
            self._clock.now_ms() - _DAY,
        )


class Limits:
    """Rolling windows of a minute and a day, per wallet; a refused request does not count."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._clock = clock
        self._asked: defaultdict[int, deque[int]] = defaultdict(deque)
        self._store = store
        rows = store.rows("SELECT wallet_id, at FROM request WHERE counted ORDER BY at")
        for row in rows:
            self._asked[row["wallet_id"]].append(row["at"])

    def admit(self, wallet: Wallet, request_id: int) -> int:
        """0 and the request counts, or the seconds until the next one is allowed."""
        if not (wallet.per_minute or wallet.per_day):
            return 0
        now, asked = self._clock.now_ms(), self._asked[wallet.id]
        while asked and asked[0] <= now - _DAY:
            asked.popleft()
        wait = max(
            _wait(asked, wallet.per_minute, _MINUTE, now), _wait(asked, wallet.per_day, _DAY, now)
        )
        if not wait:
            asked.append(now)
            self._store.run("UPDATE request SET counted = 1 WHERE id = ?", request_id)
        return wait

    def forget(self) -> None:
        """Every window is empty again."""
        self._asked.clear()
        self._store.run("UPDATE request SET counted = 0 WHERE counted")


def _wait(asked: deque[int], allowed: int, window: int, now: int) -> int:
    if not allowed or len(asked) < allowed:
        return 0
    left = asked[-allowed] + window - now
    return -(-left // 1000) if left > 0 else 0


def _like(provider: str, method: str, path: str) -> tuple[str, tuple[str, ...]]:
    where = "? IN ('', provider) AND ? IN ('', method) AND (? = '' OR substr(path, -?) = ?)"
    return where.replace("-?", "-length(?)"), (provider, method, path, path, path)


def _request(row: sqlite3.Row) -> Request:
    return Request(
        id=row["id"],
        at=row["at"],
        provider=Provider(row["provider"]),
        method=row["method"],
        path=row["path"],
        key_last4=row["key_last4"],
        status=row["status"],
        ms=row["ms"],
        note=row["note"],
    )


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        id=row["id"],
        at=row["at"],
        wallet_id=row["wallet_id"],
        provider=Provider(row["provider"]),
        activation_id=row["activation_id"],
        message_id=row["message_id"],
        forged=bool(row["forged"]),
        status=row["status"],
        ms=row["ms"],
        note=row["note"],
    )
