"""Tables are filled faster without their indexes, which are then made of all rows at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

# A constraint's index stays.
_FOUND: Final = """
    SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
    FROM pg_index index WHERE index.indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
"""


@contextmanager
def without_indexes(cursor: Any, *tables: str) -> Iterator[None]:
    cursor.execute(_FOUND, [list(tables)])
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _name, definition in found:
        cursor.execute(definition)
