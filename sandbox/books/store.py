"""The SQLite file, or memory, that everything else reads and writes through."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.books.schema import TABLES, VERSION

Value = int | str | None


class UnreadableState(Exception):
    """The state file is not a sandbox's, is in use, or can't be opened; the text says which."""


class Store:
    """One connection behind one lock, so that any thread may call.

    Every statement stands alone unless inside `transaction()`. After a killed process the file
    holds all that was committed: SQLite's write-ahead log survives the process.
    """

    def __init__(self, path: Path | None) -> None:
        """Opens or creates the file at `path` (None: memory). Raises `UnreadableState`."""
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = _open(path)
        except (sqlite3.Error, OSError) as error:
            raise UnreadableState(f"Cannot use the state file {path}: {error}.") from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another one is part of it."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def run(self, sql: str, *values: Value) -> int:
        """Carries out one statement and returns how many rows it touched."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Value) -> int:
        """Adds one row and returns its row number."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        with self._lock:
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
                tuple(columns.values()),
            )
            return cursor.lastrowid or 0

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def number(self, sql: str, *values: Value) -> int:
        """The first column of the first row, 0 where there is none or it is null."""
        row = self.row(sql, *values)
        return int(row[0] or 0) if row else 0

    def keep(self, counter: str, value: int) -> None:
        """Sets a named counter."""
        self.run("INSERT OR REPLACE INTO counter VALUES (?, ?)", counter, value)

    def kept(self, counter: str) -> int:
        """A named counter's value, 0 where it was never set."""
        return self.number("SELECT value FROM counter WHERE name = ?", counter)

    def next(self, counter: str, *, start: int = 1) -> int:
        """The next value of a named counter that is never reset."""
        return self.number(
            "INSERT INTO counter VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            counter,
            start,
        )


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        ":memory:" if path is None else path,
        isolation_level=None,
        check_same_thread=False,
        timeout=1.0,
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    _prepare(connection)
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables == 0:
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise sqlite3.DatabaseError("it was not written by this version of the sandbox")
