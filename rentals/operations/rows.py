"""Rows read and written by statements of our own, where each millisecond is one of a code's way.

Django compiles a query anew each time that it is asked, which costs more than the database's part
of it; and it waits for each of its writes.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model

type AnyField = Field[Any, Any]


def read[M: Model](model: type[M], rest: str, values: Sequence[Any]) -> list[M]:
    """The model's rows that `rest` of the statement, from its WHERE on, says."""
    with connection.cursor() as cursor:
        cursor.execute(_selection(model) + rest, values)
        names = [field.attname for field in model._meta.concrete_fields]
        return [model.from_db(connection.alias, names, row) for row in cursor.fetchall()]


class Writes:
    """What a transaction writes at its end, sent at once: a statement for the rows of each call,
    which costs little more than one row, and all of them in the order of the calls."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._values: list[list[Any]] = []

    def insert(self, rows: Sequence[Model]) -> None:
        """Add rows of one model. They don't learn their ids."""
        if rows:
            fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
            columns = ", ".join(_columns(fields))
            self._write(f"INSERT INTO {_table(rows)} ({columns}) SELECT {columns}", rows, fields)

    def update(self, rows: Sequence[Model], names: Collection[str]) -> None:
        """Save these fields of rows of one model."""
        if rows:
            known = {field.name: field for field in rows[0]._meta.concrete_fields}
            fields = [known[name] for name in ("id", *sorted(names))]
            columns = _columns(fields)
            changes = ", ".join(f"{column} = given.{column}" for column in columns[1:])
            self._write(f"UPDATE {_table(rows)} SET {changes}", rows, fields)  # noqa: S608 - our own names
            self._statements[-1] += f" WHERE {_table(rows)}.id = given.id"

    def send(self) -> None:
        """Write all of it, in the transaction that is on."""
        statements, values = "; ".join(self._statements), self._values
        self._statements, self._values = [], []
        if statements:
            with connection.cursor() as cursor:
                cursor.execute(statements, values)

    def _write(self, change: str, rows: Sequence[Model], fields: Sequence[AnyField]) -> None:
        arrays = ", ".join(_array(field) for field in fields)
        given = f"given ({', '.join(_columns(fields))})"
        self._statements.append(f"{change} FROM unnest({arrays}) {given}")
        self._values += (
            [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
            for field in fields
        )


@cache
def _selection(model: type[Model]) -> str:
    table = model._meta.db_table
    return f"SELECT {', '.join(_columns(model._meta.concrete_fields))} FROM {table} "  # noqa: S608 - our own names


def _columns(fields: Sequence[AnyField]) -> list[str]:
    return [str(field.column) for field in fields]


def _array(field: AnyField) -> str:
    """Without its length, by which a cast would cut what is too long, and say nothing."""
    return f"%s::{(field.db_type(connection) or '').partition('(')[0]}[]"


def _table(rows: Sequence[Model]) -> str:
    return rows[0]._meta.db_table
