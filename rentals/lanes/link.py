"""A database connection of a lane's own, so that busy pages can't keep it waiting."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, LiteralString

import psycopg
from django.db import connection as django_connection
from django.db.models import QuerySet

CONNECT_PATIENCE: Final = 2  # seconds
STATEMENT_PATIENCE: Final = "SET statement_timeout = '3500ms'"
UNACKNOWLEDGED: Final = 4000  # milliseconds until a peer that vanished counts as gone

type Row = tuple[Any, ...]


class Link:
    """One autocommit connection, opened when it is needed and again after it was lost.

    Statements on it must bear to be repeated: one that failed on a connection from before the
    database restarted is sent once more on a new one.
    """

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Row] | None = None
        self._turn = asyncio.Lock()

    async def rows(self, statement: LiteralString, parameters: Sequence[Any]) -> list[Row]:
        """Give all rows of a statement. Raises psycopg.Error."""
        async with self._turn:
            connection = self._connection
            if connection is not None:
                try:
                    return await self._ask(connection, statement, parameters)
                except psycopg.OperationalError:
                    if not connection.closed:
                        raise  # the database itself refused
            return await self._ask(await self._connect(), statement, parameters)

    async def select(self, rows: "QuerySet[Any, Row]") -> list[Row]:
        """Give the rows of a `values_list`, which is never evaluated in Django."""
        statement, parameters = rows.query.sql_with_params()
        return await self.rows(statement, parameters)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connect(self) -> psycopg.AsyncConnection[Row]:
        await self.close()
        parameters = django_connection.get_connection_params()
        for ours in ("cursor_factory", "context"):
            parameters.pop(ours, None)
        parameters |= {"connect_timeout": CONNECT_PATIENCE, "application_name": "smsportal lanes"}
        parameters.setdefault("tcp_user_timeout", UNACKNOWLEDGED)
        connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
        await connection.execute(STATEMENT_PATIENCE)
        self._connection = connection
        return connection

    async def _ask(
        self,
        connection: psycopg.AsyncConnection[Row],
        statement: LiteralString,
        parameters: Sequence[Any],
    ) -> list[Row]:
        cursor = await connection.execute(statement, parameters, binary=True)
        return await cursor.fetchall() if cursor.description else []
