"""The addresses that settings, commands and servers work out from the data folder alone."""

from pathlib import Path

import environ
import psycopg
import pytest
import redis

from smsportal.embedded import addresses


def test_django_and_libpq_read_the_same_socket_folder(tmp_path: Path) -> None:
    data = tmp_path / "With Spaces & Ünicode"
    url = addresses.database_url(data)
    parsed = environ.Env.db_url_config(url)
    folder = str(addresses.sockets(data))
    assert parsed["OPTIONS"] == {"host": folder}
    assert psycopg.conninfo.conninfo_to_dict(url)["host"] == folder
    assert parsed["NAME"] == "smsportal"


def test_redis_reads_the_path_that_was_quoted(tmp_path: Path) -> None:
    data = tmp_path / "a b"
    pool = redis.Redis.from_url(addresses.redis_url(data, 3)).connection_pool
    assert pool.connection_kwargs["path"] == str(addresses.sockets(data) / "valkey.sock")
    assert pool.connection_kwargs["db"] == 3


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://example.test:6379/2", "redis://example.test:6379/2"),
        ("unix:///a%20b/valkey.sock?db=3", "redis+socket:///a%20b/valkey.sock?virtual_host=3"),
        ("unix:///a/valkey.sock", "redis+socket:///a/valkey.sock?virtual_host=0"),
    ],
)
def test_celery_gets_its_own_spelling(url: str, broker: str) -> None:
    assert addresses.broker_url(url) == broker


def test_a_socket_path_is_never_too_long_for_the_kernel(tmp_path: Path) -> None:
    deep = tmp_path / ("ü" * 40) / ("x" * 60)
    assert len(bytes(addresses.sockets(deep) / addresses.SOCKET_NAME_POSTGRES)) < 107
    assert addresses.sockets(deep) != addresses.sockets(deep / "other")


def test_a_pointer_that_was_copied_along_does_not_count(tmp_path: Path) -> None:
    private, original, copy = (tmp_path / name for name in ("private", "original", "copy"))
    for folder in (private, original, copy):
        folder.mkdir()
        (folder / addresses.POINTER).write_text(str(private))
    (private / addresses.OWNER_NOTE).write_text(str(original))
    assert addresses.home(original) == private
    assert addresses.home(copy) == copy
