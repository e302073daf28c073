"""Transfers are booked: once for each key, in one statement, balances and all."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from django.db import IntegrityError

from ledger.book.entries import Entry
from ledger.book.prepared import prepared_cursor


class BookNotOpen(Exception):
    """The wallet has no book yet."""


class KeyReused(Exception):
    """The key was used for something else: a mistake of ours, and nothing is booked."""


class AlreadyResolved(Exception):
    """The pending transfer was posted or voided before, or was none."""


class MonthClosed(Exception):
    """Nothing can be booked in a month that finance has closed."""


_COLUMNS: Final = {
    "key": "text",
    "request_hash": "bytea",
    "wallet_id": "bigint",
    "debit": "text",
    "credit": "text",
    "amount": "numeric",
    "kind": "text",
    "phase": "text",
    "resolves_id": "bigint",
    "reference": "text",
    "external_id": "text",
    "service": "text",
    "occurred_at": "timestamptz",
    "booked_on": "date",
    "day": "date",
    "actor_id": "bigint",
    "reason": "text",
    "flagged": "boolean",
}
_PLAIN: Final = [name for name in _COLUMNS if name not in ("debit", "credit")]
_INTO: Final = f"""
    INSERT INTO ledger_transfer (currency, debit_id, credit_id, {", ".join(_PLAIN)})
    SELECT debited.currency, debited.id, credited.id, {", ".join(f"v.{name}" for name in _PLAIN)}
"""
_ACCOUNTS: Final = """
    JOIN ledger_account debited ON debited.wallet_id = v.wallet_id AND debited.kind = v.debit
    JOIN ledger_account credited ON credited.wallet_id = v.wallet_id AND credited.kind = v.credit
    ORDER BY v.place
    ON CONFLICT (key) DO NOTHING RETURNING id, key
"""
_ONE: Final = (
    f"{_INTO} FROM (SELECT 1 AS place, "
    + ", ".join(f"%s::{kind} AS {name}" for name, kind in _COLUMNS.items())
    + f") v {_ACCOUNTS}"
)
_MANY: Final = (
    f"{_INTO} FROM unnest("
    + ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
    + f") WITH ORDINALITY v ({', '.join(_COLUMNS)}, place) {_ACCOUNTS}"
)
_ONCE: Final = {"ledger_transfer_resolves_id_key", "transfer_resolves_a_hold"}


def post(entry: Entry) -> int:
    """Book one transfer inside the caller's transaction, and give its id.

    With a key that was booked before it gives that transfer. Raises BookNotOpen, KeyReused,
    AlreadyResolved, MonthClosed.
    """
    booked = _run(_ONE, _values(entry))
    return booked[entry.key] if entry.key in booked else _known([entry])[entry.key]


def post_all(entries: Sequence[Entry]) -> list[int]:
    """Book many, all or none, in their order. Raises the same as `post`."""
    if not entries:
        return []
    _check_keys(entries)
    columns = [list(column) for column in zip(*map(_values, entries), strict=True)]
    ids = _run(_MANY, columns)
    missing = [entry for entry in entries if entry.key not in ids]
    ids |= _known(missing)
    return [ids[entry.key] for entry in entries]


def _check_keys(entries: Sequence[Entry]) -> None:
    """PostgreSQL sees only the first of two with the same key."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.key, entry)
        if first is not entry and first.request_hash != entry.request_hash:
            raise KeyReused(f"{entry.key} is two things in one batch")


def _values(entry: Entry) -> list[Any]:
    given = {name: getattr(entry, name) for name in _COLUMNS}
    given |= {
        "debit": entry.debit.value,
        "credit": entry.credit.value,
        "kind": entry.kind.value,
        "phase": entry.phase.value,
        "day": entry.day or entry.booked_on,
    }
    return list(given.values())


def _run(statement: str, values: list[Any]) -> dict[str, int]:
    try:
        with prepared_cursor() as cursor:
            cursor.execute(statement, values)
            return {key: pk for pk, key in cursor.fetchall()}
    except IntegrityError as error:
        raise _in_words(error) from error


def _known(entries: list[Entry]) -> dict[str, int]:
    """The transfers that were booked before under these keys, which must mean the same."""
    if not entries:
        return {}
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT key, id, request_hash FROM ledger_transfer WHERE key = ANY(%s)",
            [[entry.key for entry in entries]],
        )
        found = {key: (pk, bytes(digest)) for key, pk, digest in cursor.fetchall()}
    for entry in entries:
        if entry.key not in found:
            raise BookNotOpen(f"wallet {entry.wallet_id} has no book for {entry.key}")
        if found[entry.key][1] != entry.request_hash:
            raise KeyReused(f"{entry.key} was booked as something else")
    return {key: pk for key, (pk, _) in found.items()}


def _in_words(error: IntegrityError) -> Exception:
    cause = error.__cause__
    violated = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    if violated in _ONCE:
        return AlreadyResolved(str(error))
    if violated == "transfer_in_an_open_month":
        return MonthClosed("The month is closed: nothing can be booked in it any more.")
    return error
