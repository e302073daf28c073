"""Redis and PostgreSQL are gone for a minute, one after the other, while everybody goes on.

Meanwhile no webhook is answered with 200 that is not on disk, numbers are rented without Redis,
and the pages say that they can't be shown rather than something wrong.
"""

import threading
import time
from contextlib import suppress

import httpx
from django.db import connections

from benchmarks.ground import until
from sandbox.providers import Provider
from tests.chaos.browser import Onlooker
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage

ROUNDS = 4
LONG = 30.0  # an outage in which a rental without Redis has to get through


def run(plan: Plan, report: Report) -> None:
    with stage() as on, Onlooker(on) as onlooker:
        for number in range(plan.rounds):
            provider = plan.chance.choice(tuple(Provider))
            if number % 2:
                without_postgres(on, provider, plan.seconds, report)
            else:
                without_redis(on, provider, plan.seconds, report)
        report.count("last_sms", on.sms_for_all())
        check(on, report, onlooker)


def without_redis(on: Stage, provider: Provider, seconds: float, report: Report) -> None:
    """Webhooks are taken, and in a long outage numbers are rented."""
    told, asked, given_back = [on.rented(provider) for _ in range(3)]
    since = on.last_hook()
    back_at = time.monotonic() + seconds
    on.parts["valkey"].kill()
    on.sms(told)
    on.sms(asked, webhook=False)
    on.browser.cancel(given_back.pk)
    tag = on.rent(provider)
    until(lambda: on.hooks_answered(told, since), "a webhook is answered")
    if on.hooks_answered(told, since) != {200}:
        report.lost.append(f"without Redis a webhook got {on.hooks_answered(told, since)}")
    if seconds >= LONG:
        try:
            on.awaited(tag, "waiting", seconds=seconds)
            report.count("rented_without_redis")
        except RuntimeError:
            report.lost.append(f"{tag} was not rented while Redis was away")
    time.sleep(max(0.0, back_at - time.monotonic()))
    on.parts["valkey"].start()
    report.count("seconds_without_redis", round(seconds))


def without_postgres(on: Stage, provider: Provider, seconds: float, report: Report) -> None:
    """Webhooks and pages are refused with 503; a rent that is under way keeps its answer."""
    told, asked, given_back = [on.rented(provider) for _ in range(3)]
    on.browser.cancel(given_back.pk)
    answer_late = on.sandbox.switches.on(provider, "late-answer", endpoint="rent", seconds=3)
    under_way = on.rent(provider)
    until(lambda: on.wire.rents(under_way), "a rent is sent")
    since = on.last_hook()
    on.parts["postgres"].kill()
    on.sms(told)
    on.sms(asked, webhook=False)
    renting = threading.Thread(target=on.rent, args=[provider])
    renting.start()
    until(lambda: on.hooks_answered(told, since), "a webhook is answered")
    if on.hooks_answered(told, since) != {503}:
        report.lost.append(f"without PostgreSQL a webhook got {on.hooks_answered(told, since)}")
    time.sleep(seconds)
    on.sandbox.switches.off(answer_late.id)
    with suppress(httpx.TransportError):
        if (status := on.browser.get("board").status_code) != 503:
            report.lost.append(f"without PostgreSQL the board answers {status}")
    on.parts["postgres"].start()
    connections.close_all()
    renting.join()
    report.count("seconds_without_postgres", round(seconds))
