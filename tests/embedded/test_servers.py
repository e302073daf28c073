"""The servers themselves: started on nothing, on what a crash left, and beside a survivor."""

import os
import signal
import stat
from pathlib import Path

import psycopg
import pytest
import redis

from smsportal.embedded import addresses, layout
from smsportal.embedded.errors import StartError
from smsportal.embedded.servers import Servers, embedded
from smsportal.embedded.strays import command_line
from smsportal.embedded.waiting import within

pytestmark = pytest.mark.processes


def value(data: Path, query: str) -> object:
    with psycopg.connect(addresses.database_url(data)) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def server_pid(data: Path) -> int:
    return int((addresses.home(data) / "postgres/postmaster.pid").read_text().splitlines()[0])


def alive(pid: int) -> bool:
    return bool(command_line(pid))


def test_both_answer_on_sockets_that_nobody_else_can_reach(used_data: Path) -> None:
    with Servers(used_data, disposable=True):
        assert str(value(used_data, "SHOW server_version")).startswith("18.")
        assert value(used_data, "SHOW server_encoding") == "UTF8"
        assert value(used_data, "SHOW listen_addresses") == ""
        assert value(used_data, "SHOW data_checksums") == "on"
        client = redis.Redis.from_url(addresses.redis_url(used_data))
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert client.config_get("port")["port"] == "0"
        mode = addresses.sockets(used_data).stat().st_mode
        assert stat.S_IMODE(mode) == 0o700


def test_they_never_run_as_root_nor_with_its_groups(used_data: Path) -> None:
    with Servers(used_data, disposable=True):
        lines = Path(f"/proc/{server_pid(used_data)}/status").read_text().splitlines()
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert "0" not in fields["Uid"].split()
    assert "0" not in fields["Groups"].split()


def test_data_outlives_a_kill_of_the_server(used_data: Path) -> None:
    with Servers(used_data):
        with psycopg.connect(addresses.database_url(used_data)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
        os.kill(server_pid(used_data), signal.SIGKILL)
    with Servers(used_data):
        assert value(used_data, "SELECT n FROM kept") == 42


def test_a_survivor_of_an_earlier_start_is_replaced(used_data: Path) -> None:
    with Servers(used_data, disposable=True):
        survivor = server_pid(used_data)
        with Servers(used_data, disposable=True):
            assert not alive(survivor)
            assert value(used_data, "SELECT 1") == 1


def test_a_process_that_only_has_the_number_is_left_alone(used_data: Path) -> None:
    with Servers(used_data, disposable=True):
        cluster = addresses.home(used_data) / "postgres"
        pid_file = (cluster / "postmaster.pid").read_text()
    lines = pid_file.splitlines()
    (cluster / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with Servers(used_data, disposable=True):
        assert server_pid(used_data) != os.getpid()


def test_they_end_when_the_process_that_started_them_is_killed(used_data: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with Servers(used_data, disposable=True):
            os.write(writer, b"%d" % server_pid(used_data))
            signal.pause()
        os._exit(1)
    server = int(os.read(reader, 20))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert within(10, lambda: not alive(server))


def test_a_half_made_cluster_is_made_again(data: Path) -> None:
    unfinished = layout.prepare(data).folder("postgres.unfinished")
    (unfinished / "PG_VERSION").write_text("18\n")
    with Servers(data, disposable=True):
        assert value(data, "SELECT 1") == 1
    assert not unfinished.exists()


def test_a_cluster_of_another_version_is_not_touched(data: Path) -> None:
    postgres, _ = embedded(data)
    version = postgres.layout.folder("postgres") / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(StartError, match="is of PostgreSQL 17, and this is 18"):
        postgres.prepare()
    assert version.read_text() == "17\n"
