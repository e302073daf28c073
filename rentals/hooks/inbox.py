"""The inbox's writer: whoever waits for the same commit shares one statement."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Final, LiteralString

import psycopg

from rentals.lanes.gathering import Gatherer
from rentals.lanes.link import Link

STORE: Final[LiteralString] = """
    INSERT INTO rentals_inboxentry
        (account_id, body, body_sha256, activation_id, genuine, received_at, outcome)
    SELECT *, '' FROM unnest(
        %b::bigint[], %b::bytea[], %b::bytea[], %b::text[], %b::boolean[], %b::timestamptz[]
    )
    ON CONFLICT (account_id, body_sha256) DO NOTHING
    RETURNING account_id, body_sha256, id
"""

AT_ONCE: Final = 2  # commits: while one is being written, the next webhooks are read

type Key = tuple[int, bytes]


class AccountGone(Exception):
    """The provider account was removed since its token was read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A webhook to store. `genuine` is None where the provider signs nothing."""

    account_id: int
    body: bytes
    activation_id: str
    genuine: bool | None
    received_at: datetime
    key: Key = field(init=False)  # two bodies with one key are one entry

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.account_id, sha256(self.body).digest()))


class Inbox:
    """Stores webhooks, each on disk when `store` returns."""

    def __init__(self) -> None:
        self._links = [Link() for _ in range(AT_ONCE)]
        self._idle = list(self._links)
        self._gatherer = Gatherer(self._store, at_once=AT_ONCE)

    async def store(self, entry: Entry) -> int | None:
        """Give the new row's id, or None for a body that is there already.

        Raises AccountGone, and psycopg.Error where it may not have been stored.
        """
        stored = await self._gatherer.put(entry)
        if isinstance(stored, Exception):
            raise stored
        return stored

    async def close(self) -> None:
        await self._gatherer.settle(1.0)
        for link in self._links:
            await link.close()

    async def _store(self, entries: list[Entry]) -> list[int | Exception | None]:
        try:
            new = await self._insert(entries)
        except (psycopg.IntegrityError, psycopg.DataError):
            return [await self._store_alone(entry) for entry in entries]
        return [new.pop(entry.key, None) for entry in entries]

    async def _store_alone(self, entry: Entry) -> int | Exception | None:
        """One entry that can't be stored must not take the others with it."""
        try:
            return (await self._insert([entry])).get(entry.key)
        except psycopg.errors.ForeignKeyViolation:
            return AccountGone()
        except psycopg.Error as problem:
            return problem

    async def _insert(self, entries: list[Entry]) -> dict[Key, int]:
        # In one order everywhere, or two processes could wait for each other's rows.
        ordered = sorted(entries, key=attrgetter("key"))
        columns = (
            [entry.account_id for entry in ordered],
            [entry.body for entry in ordered],
            [entry.key[1] for entry in ordered],
            [entry.activation_id for entry in ordered],
            [entry.genuine for entry in ordered],
            [entry.received_at for entry in ordered],
        )
        link = self._idle.pop()
        try:
            rows = await link.rows(STORE, columns)
        finally:
            self._idle.append(link)
        return {(account_id, bytes(digest)): pk for account_id, digest, pk in rows}
