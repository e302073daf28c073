"""The provider answers badly in every way that there is, while members rent, cancel and wait.

What may have been charged is in doubt and never sent again; it gets its number as soon as a
webhook tells.
"""

import time
from typing import Any

from sandbox.providers import Provider
from tests.chaos.browser import Onlooker
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage

LASTS = 6.0  # seconds that a fault is on after the members have done their part
BODIES = ("json", "html", "garbage", "empty")
# A documented refusal is believed, so none of them comes with the work done all the same.
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("error", {"status": 500, "body": body}) for body in BODIES),
    *(("error", {"status": 500, "body": body, "done": True}) for body in BODIES),
    *(("error", {"status": status, "done": True}) for status in (408, 409, 502)),
    ("error", {"status": 404, "body": "html"}),
    ("redirect", {}),
    ("redirect", {"done": True}),
    *(("garbage", {"body": body}) for body in BODIES),
    ("no-activation-id", {}),
    *(("cut", {"done": d, "before_any_byte": b}) for d in (False, True) for b in (False, True)),
    ("silence", {"done": False}),
    ("silence", {"done": True}),
    ("slow-bytes", {"pause_ms": 1000}),
    ("late-answer", {"seconds": 35}),
    ("latency", {"ms": 5000}),
    ("too-many-requests", {"retry_after": 3}),
    ("broken-json", {}),
    ("numbers-as-text", {}),
)
ROUNDS = len(FAULTS)


def run(plan: Plan, report: Report) -> None:
    with stage() as on, Onlooker(on) as onlooker:
        order = plan.chance.sample(FAULTS, len(FAULTS))
        for number in range(plan.rounds):
            fault, options = order[number % len(order)]
            play(on, plan.chance.choice(tuple(Provider)), fault, options)
            report.count(fault)
        report.count("last_sms", on.sms_for_all())
        check(on, report, onlooker)


def play(on: Stage, provider: Provider, fault: str, options: dict[str, Any]) -> None:
    """Rent, cancel and wait for a code while everything that is asked is answered so."""
    asked, given_back = on.rented(provider), on.rented(provider)
    switch = on.sandbox.switches.on(provider, fault, endpoint="*", **options)
    on.rent(provider)
    on.browser.cancel(given_back.pk)
    on.sms(asked, webhook=False)
    time.sleep(LASTS)
    on.sandbox.switches.off(switch.id)
