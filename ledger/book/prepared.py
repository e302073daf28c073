"""Statements that PostgreSQL plans once for each connection."""

from typing import Any, Final

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

REPEATS: Final = 2  # from then on a statement is prepared


def prepared_cursor() -> CursorWrapper:
    """A cursor that leaves the values to the server: Django's own write them into the text,
    which is then read and planned each time."""
    connection.ensure_connection()
    raw: Any = connection.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = REPEATS
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: Any = psycopg.Cursor(raw)
    return wrap(cursor)
