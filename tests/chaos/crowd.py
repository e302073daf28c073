"""Two beats and five workers, of which some die, while several members rent at once.

Nothing is done twice, and SMS Villa's limits are kept.
"""

import random
import socket
import threading
import time
from contextlib import suppress

from benchmarks.ground import web_on, worker
from sandbox.providers import Provider
from tests.chaos.browser import Onlooker
from tests.chaos.cast import Part, Server, beat
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage

ROUNDS = 15  # deaths
WORKERS, BEATS, MEMBERS = 5, 2, 4
CALM = (1.0, 4.0)  # seconds between two deaths
PAUSE = 1.0  # seconds between two rentals of a member
A_MINUTE, A_DAY = 100, 5000  # SMS Villa's limits


def crowd(at: socket.socket, **environment: str) -> dict[str, Part | Server]:
    workers = {
        f"worker-{number}": Part(lambda: worker("now", "poll", "bulk", threads=4, **environment))
        for number in range(WORKERS)
    }
    beats = {f"beat-{number}": Part(beat) for number in range(BEATS)}
    return {"web": Part(lambda: web_on(at, **environment)), **workers, **beats}


def run(plan: Plan, report: Report) -> None:
    with stage(cast_of=crowd) as on, Onlooker(on) as onlooker:
        wallet = on.wallets[Provider.SMSVILLA]
        on.sandbox.wallets.set_limits(wallet, per_minute=A_MINUTE, per_day=A_DAY)
        stopping = threading.Event()
        members = [
            threading.Thread(target=_live, args=[on, random.Random(plan.seed + number), stopping])  # noqa: S311
            for number in range(MEMBERS)
        ]
        for member in members:
            member.start()
        for _ in range(plan.rounds):
            time.sleep(plan.chance.uniform(*CALM))
            victim = plan.chance.choice([name for name in on.parts if name != "web"])
            on.restart(victim)
            report.count(f"killed_{victim.partition('-')[0]}")
        stopping.set()
        for member in members:
            member.join()
        report.count("last_sms", on.sms_for_all())
        check(on, report, onlooker)
        refused = sum(asked.status == 429 for asked in on.wire.asked)
        if refused:
            report.lost.append(f"SMS Villa's limits were broken {refused} times")


def _live(on: Stage, chance: random.Random, stopping: threading.Event) -> None:
    """A member who rents, and cancels, finishes or forgets what was rented."""
    while not stopping.wait(PAUSE):
        with suppress(RuntimeError):  # what does not come about is the checker's business
            rental = on.rented(chance.choice(tuple(Provider)))
            what = chance.choice(("cancel", "finish", "forget"))
            if what == "cancel":
                on.browser.cancel(rental.pk)
                continue
            on.sms(rental, webhook=chance.random() < 0.7)
            on.awaited(rental.carrier, "received")
            if what == "finish":
                on.browser.finish(rental.pk)
