"""A migrated database for each test worker: cloned from a template, and again when a test wrote.

Django empties tables with TRUNCATE after a test that commits. Append-only tables refuse that, by
design; so the whole database is replaced by a new clone of the template instead (70 ms), which
also brings back the rows that migrations made.
"""

import hashlib
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

from smsportal.embedded import addresses
from tests import slots

ROOT = Path(__file__).resolve().parent.parent
LOCK = 8_000  # an advisory lock's number: one worker makes the template, the others wait


def name() -> str:
    """The name of this worker's database."""
    return f"test_{slots.worker()}"


def url() -> str:
    """Its address, as DATABASE_URL takes it."""
    return addresses.database_url(slots.data(), name())


def renew() -> None:
    """Replace this worker's database by a new clone of the template; ends every connection."""
    _disconnect()
    template = _template()
    with _administrator() as server:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name())
        _run(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name(), template)


def _template() -> str:
    """The name of the template for the migrations as they are now; made where it is missing."""
    template = f"template_{_fingerprint()}"
    with _administrator() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        found = server.execute("SELECT FROM pg_database WHERE datname = %s", [template])
        if found.fetchone() is None:
            _drop_templates(server)
            _run(server, "CREATE DATABASE {}", f"{template}_unfinished")
            _migrate(f"{template}_unfinished")
            _run(server, "ALTER DATABASE {} RENAME TO {}", f"{template}_unfinished", template)
    return template


def _fingerprint() -> str:
    """Changes with every migration of ours and with every package that may bring one."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(bytes(path.relative_to(ROOT)) + path.read_bytes())
    return digest.hexdigest()[:12]


def _drop_templates(server: psycopg.Connection) -> None:
    old = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'template\\_%'")
    for (found,) in old.fetchall():
        _run(server, "DROP DATABASE {} WITH (FORCE)", found)


def _migrate(database: str) -> None:
    own = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        _disconnect()
        connection.settings_dict["NAME"] = own


def _disconnect() -> None:
    connections.close_all()
    default = connections["default"]
    assert isinstance(default, DatabaseWrapper)
    default.close_pool()


def _administrator() -> psycopg.Connection:
    return psycopg.connect(addresses.database_url(slots.data(), "postgres"), autocommit=True)


def _run(server: psycopg.Connection, statement: str, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
