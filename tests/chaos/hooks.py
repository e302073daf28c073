"""Webhooks come in while the web process, the workers, PostgreSQL and Redis are killed.

Nothing that was answered with 200 may be missing from the inbox at the end, and each such message
must have reached its rental, once.
"""

import hashlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from django.db import connections

from benchmarks.ground import listener, until
from benchmarks.hooks.scene import Scene, make_scene
from rentals.models import InboxEntry, Message
from tests.chaos.cast import Part, Server, cast
from tests.chaos.plan import Plan
from tests.chaos.report import Report

ROUNDS = 25
FIRST = 50_000_000
RENTALS = 200
SENDERS = 8
PAUSE = 0.02  # seconds between two webhooks of a sender
CALM = (0.3, 1.5)  # seconds between two deaths
DEAD = (0.0, 1.0)  # seconds until what died is started again
WITHOUT_REDIS = 8.0
ALL_APPLIED = 120.0
VICTIMS = ("web", "worker", "postgres", "valkey")


def run(plan: Plan, report: Report) -> None:
    scene = make_scene()
    scene.rentals(RENTALS, start=FIRST)
    with listener() as at:
        parts = cast(at)
        senders = Senders(scene, at.getsockname()[1])
        try:
            until(lambda: senders.accepted, "the first webhook is accepted")
            for victim in _victims(plan):
                _die(parts[victim], random.uniform(*DEAD))  # noqa: S311 - in no step with anything
                report.count(f"killed_{victim}")
            parts["valkey"].kill()
            time.sleep(WITHOUT_REDIS)
            parts["valkey"].start()
            report.count("without_redis_seconds", int(WITHOUT_REDIS))
            time.sleep(max(CALM))
        finally:
            senders.stop()
        _check(scene, senders, report)
        for part in parts.values():
            if isinstance(part, Part):
                part.kill()


def _victims(plan: Plan) -> Iterator[str]:
    """Who dies next: each of them in every few rounds, with some calm between."""
    for number in range(plan.rounds):
        time.sleep(plan.chance.uniform(*CALM))
        yield VICTIMS[number % 4] if number < 4 else plan.chance.choice(VICTIMS)


def _die(part: Part | Server, dead_for: float) -> None:
    part.kill()
    time.sleep(dead_for)
    part.start()


def _check(scene: Scene, senders: "Senders", report: Report) -> None:
    connections.close_all()  # ours died with PostgreSQL, too
    report.count("sent", senders.sent)
    report.count("acknowledged", len(senders.accepted))
    mine = InboxEntry.objects.filter(account=scene.account)
    with suppress(RuntimeError):  # what is missing is told below
        until(lambda: not mine.filter(applied_at=None).exists(), "all are applied", ALL_APPLIED)
    kept = {bytes(digest): pk for digest, pk in mine.values_list("body_sha256", "pk")}
    attached = list(
        Message.objects.filter(rental__account=scene.account).values_list("provider_id", flat=True)
    )
    report.count("kept", len(kept))
    report.count("attached", len(attached))
    for body, message_id in senders.accepted.items():
        if hashlib.sha256(body).digest() not in kept:
            report.lost.append(f"{message_id} was answered with 200 and is not in the inbox")
        elif message_id not in attached:
            report.lost.append(f"{message_id} is in the inbox and reached no rental")
    if len(attached) != len(set(attached)):
        report.lost.append("a message was attached twice")


class Senders:
    """A provider: webhooks on fresh connections, and which of them were answered with 200."""

    def __init__(self, scene: Scene, port: int) -> None:
        self.sent = 0
        self.accepted: dict[bytes, str] = {}
        self._scene = scene
        self._port = port
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send_on) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _send_on(self) -> None:
        while not self._stopping.wait(PAUSE):
            with self._lock:
                self.sent += 1
                request = self._scene.request(FIRST + self.sent % RENTALS)
                message_id = f"msg_{self._scene.last:012d}"
            if self._is_accepted(request):
                self.accepted[request.partition(b"\r\n\r\n")[2]] = message_id

    def _is_accepted(self, request: bytes) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), 10) as wire:
                wire.sendall(request)
                return wire.recv(4096).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False
