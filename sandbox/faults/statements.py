"""Faults in the statement: pages that shift, rows that come late, again, otherwise or not at all.

Money is not touched: what the wallet's books say stands, and only the answer is wrong.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import as_datetime
from sandbox.faults.base import AnswerFault, Proceed, check_choice
from sandbox.wire import Answer, Call, answer

READINGS = ("amount", "description", "type", "time")
NUMBERS = ("rental", "activation", "none")
_OTHER_DESCRIPTION = "Corrected by support"
_NUMBER = re.compile(r" #[0-9]+")

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SmallPages(AnswerFault):
    title = "The statement has no more than so many rows a page, whatever the limit asked for"
    endpoint: str = "transactions"
    rows: int = 5

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        call.fields = {**call.fields, "limit": str(max(1, self.rows))}
        return await proceed()


@dataclass(frozen=True, kw_only=True)
class PagesShift(AnswerFault):
    title = "After each page somebody else rents with the same wallet, so that all rows shift"
    endpoint: str = "transactions"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        call.sandbox.buy_outside(call.wallet.id)
        return reply


@dataclass(frozen=True, kw_only=True)
class RowsShuffled(AnswerFault):
    title = "The rows of a page come the other way round, and the first of them twice"
    endpoint: str = "transactions"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        return _with_rows(await proceed(), lambda rows: [*rows[::-1], *rows[:1]])


@dataclass(frozen=True, kw_only=True)
class RowsLate(AnswerFault):
    title = "A row is listed, and counted, only so many seconds after it was booked"
    endpoint: str = "transactions"
    seconds: int = 60

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        since = as_datetime(call.sandbox.clock.now_ms()) - timedelta(seconds=self.seconds)
        created = (as_datetime(entry.created) for entry in _entries(call))
        hidden = sum(at > since for at in created)
        return _with_rows(reply, lambda rows: [r for r in rows if _at(r) <= since], less=hidden)


@dataclass(frozen=True, kw_only=True)
class RowGone(AnswerFault):
    title = "The row that is so many from the newest on the page is neither listed nor counted"
    endpoint: str = "transactions"
    row: int = 0

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        return _with_rows(reply, lambda rows: rows[: self.row] + rows[self.row + 1 :], less=1)


@dataclass(frozen=True, kw_only=True)
class CountWrong(AnswerFault):
    title = "So many rows more are counted than there are"
    endpoint: str = "transactions"
    rows: int = 3

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        return _with_rows(await proceed(), lambda rows: rows, less=-self.rows)


@dataclass(frozen=True, kw_only=True)
class RowChanged(AnswerFault):
    title = "The row that is so many from the newest on the page reads otherwise"
    endpoint: str = "transactions"
    row: int = 0
    reading: str = "amount"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("reading", self.reading, READINGS)

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        def change(rows: list[Row]) -> list[Row]:
            return [_other(r, self.reading) if i == self.row else r for i, r in enumerate(rows)]

        return _with_rows(await proceed(), change)


@dataclass(frozen=True, kw_only=True)
class SignedAmounts(AnswerFault):
    title = "Purchases have a minus before their amount"
    endpoint: str = "transactions"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        return _with_rows(await proceed(), lambda rows: [_signed(row) for row in rows])


@dataclass(frozen=True, kw_only=True)
class Descriptions(AnswerFault):
    title = "Descriptions carry the activation id, or no number, instead of the rental's own"
    endpoint: str = "transactions"
    number: str = "activation"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("number", self.number, NUMBERS)

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        activations = {entry.id: entry.activation_id for entry in _entries(call)}
        return _with_rows(reply, lambda rows: [self._described(r, activations) for r in rows])

    def _described(self, row: Row, activations: dict[int, int | None]) -> Row:
        activation = activations.get(row["id"])
        if self.number == "rental" or activation is None:
            return row
        number = f" #{activation}" if self.number == "activation" else ""
        return row | {"description": _NUMBER.sub(number, row["description"])}


def _entries(call: Call) -> list[Any]:
    return list(call.sandbox.wallets.entries(call.wallet.id))


def _with_rows(reply: Answer, change: Callable[[list[Row]], list[Row]], *, less: int = 0) -> Answer:
    """The answer with other rows; `less` of them are not counted either."""
    try:
        payload = json.loads(reply.body, parse_float=Decimal)
        rows, meta = payload["data"], payload["meta"]
    except (ValueError, KeyError, TypeError):  # a refusal, or another fault has been at it
        return reply
    left = max(0, meta["total"] - less)
    changed = payload | {"data": change(rows), "meta": meta | {"total": left}}
    return replace(reply, body=answer(changed).body)


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["created_at"])


def _signed(row: Row) -> Row:
    return row | {"amount": -row["amount"]} if row["type"] == "purchase" else row


def _other(row: Row, reading: str) -> Row:
    if reading == "amount":
        return row | {"amount": row["amount"] + 1}
    if reading == "description":
        return row | {"description": _OTHER_DESCRIPTION}
    if reading == "type":
        return row | {"type": "adjustment"}
    at = _at(row) - timedelta(minutes=5)
    return row | {"created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000000Z")}
