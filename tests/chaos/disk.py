"""PostgreSQL's disk is full for a while.

Its cluster is moved to a small memory disk of its own (mount: for root alone), and a file fills
what is left of that. PostgreSQL refuses to write, or dies when it can't write its log; a supervisor
would start it again and again, and so do we. What could not be written was not acknowledged.
"""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connections

from benchmarks.ground import ground, until
from sandbox.providers import Provider
from smsportal.embedded.errors import StartError
from smsportal.embedded.postgres import Postgres
from tests.chaos.browser import Onlooker
from tests.chaos.cast import Server
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage

ROUNDS = 3
ROOM = 96 * 1024 * 1024  # bytes, besides what is there
BLOCK = 8192


def run(plan: Plan, report: Report) -> None:
    with small_disk() as disk:
        if disk is None:
            report.count("not_possible_here")
            return
        with stage() as on, Onlooker(on) as onlooker:
            for _ in range(plan.rounds):
                _fill(on, plan.chance.choice(tuple(Provider)), disk, plan.seconds, report)
            report.count("last_sms", on.sms_for_all())
            check(on, report, onlooker)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """The folder of the cluster, on a disk of its own; None where we may not mount one."""
    postgres = Server("postgres")
    cluster = _cluster()
    before = cluster.with_name("postgres.before")
    postgres.kill()
    cluster.rename(before)
    size = ROOM + sum(each.stat().st_size for each in before.rglob("*") if each.is_file())
    cluster.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(cluster)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        cluster.rmdir()
        before.rename(cluster)
        postgres.start()
        yield None
        return
    try:
        subprocess.run(["cp", "-a", f"{before}/.", str(cluster)], check=True)
        postgres.start()
        yield cluster
    finally:
        postgres.kill()
        subprocess.run(["umount", "-l", str(cluster)], check=True)
        cluster.rmdir()
        before.rename(cluster)


def _cluster() -> Path:
    (cluster,) = [
        server.cluster for server, _ in ground().servers.running if isinstance(server, Postgres)
    ]
    return cluster


def _fill(on: Stage, provider: Provider, disk: Path, seconds: float, report: Report) -> None:
    told, given_back = on.rented(provider), on.rented(provider)
    ballast = disk / "ballast"
    since = on.last_hook()
    with _kept_alive(report):
        _fill_up(ballast)
        under_way = threading.Thread(target=on.rent, args=[provider])
        under_way.start()
        on.sms(told)
        cancelling = threading.Thread(target=on.browser.cancel, args=[given_back.pk])
        cancelling.start()
        until(lambda: on.hooks_answered(told, since), "a webhook is answered")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            _fill_up(ballast)  # what a restart has freed
            time.sleep(1)
        ballast.unlink()
    _alive_again()
    for member in (under_way, cancelling):
        member.join()
    report.count("seconds_full", round(seconds))


def _fill_up(ballast: Path) -> None:
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(BLOCK))


@contextmanager
def _kept_alive(report: Report) -> Iterator[None]:
    """PostgreSQL is started again whenever it has died, as the supervisor does."""
    stopping = threading.Event()

    def keep() -> None:
        while not stopping.wait(0.5):
            if not Server("postgres").alive():
                report.count("postgres_died")
                with suppress(StartError, OSError):
                    Server("postgres").start()

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _alive_again() -> None:
    postgres = Server("postgres")
    if not postgres.alive():
        postgres.start()
    connections.close_all()
