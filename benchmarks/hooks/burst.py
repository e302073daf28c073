"""20,000 webhooks in one go: each answered in time, and each applied."""

from collections.abc import Iterator
from time import perf_counter

from benchmarks.figures import Figure
from benchmarks.ground import processor_seconds, web, worker
from benchmarks.hooks.scene import make_scene
from benchmarks.hooks.sending import closed_loop
from rentals.models import InboxEntry, Message
from smsportal.embedded.waiting import within

HOOKS = 20_000
RENTALS = 4_000
CONNECTIONS = 500
PATIENCE = 90.0  # seconds for one worker to apply them all


def measure() -> Iterator[Figure]:
    scene = make_scene()
    scene.rentals(RENTALS, start=20_000_000)
    requests = [scene.request(20_000_000 + number % RENTALS) for number in range(HOOKS)]
    mine = InboxEntry.objects.filter(account=scene.account)
    with web() as server, worker("now") as applier:
        started = perf_counter()
        sent = closed_loop(server.port, requests, CONNECTIONS)
        within(PATIENCE, lambda: not mine.filter(applied_at=None).exists())
        applied = perf_counter() - started
        used = processor_seconds(applier.pid)
    yield Figure("hooks_burst_refused", sent.refused, 0.0)
    yield Figure("hooks_burst_all_answered_seconds", sent.lasted, 5.0)
    yield Figure("hooks_burst_slowest_answer_ms", 1000 * max(sent.seconds), 5000.0)
    waiting = mine.filter(applied_at=None).count()
    yield Figure("hooks_burst_applied_seconds", applied, PATIENCE)
    yield Figure("hooks_burst_applied_processor_ms", 1000 * used / max(1, HOOKS - waiting), 2.0)
    yield Figure("hooks_burst_not_applied", waiting, 0.0)
    messages = Message.objects.filter(rental__account=scene.account).count()
    yield Figure("hooks_burst_messages_missing", HOOKS - waiting - messages, 0.0)
