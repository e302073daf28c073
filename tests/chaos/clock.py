"""The provider's clock is five minutes off, ahead and then behind."""

import time

from sandbox.clock import Clock
from sandbox.providers import Provider
from tests.chaos.browser import Onlooker
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage

ROUNDS = 6
OFF = 300.0  # seconds


def run(plan: Plan, report: Report) -> None:
    for name, off in (("ahead", OFF), ("behind", -OFF)):
        clock = Clock(lambda off=off: time.time() + off)  # type: ignore[misc]
        with stage(clock=clock) as on, Onlooker(on) as onlooker:
            for number in range(plan.rounds):
                _live(on, tuple(Provider)[number % 2])
                report.count(name)
            _doubt(on, plan.chance.choice(tuple(Provider)))
            report.count("last_sms", on.sms_for_all())
            check(on, report, onlooker)


def _live(on: Stage, provider: Provider) -> None:
    """One rental is told of, one is asked for and one is given back."""
    told, asked, given_back = [on.rented(provider) for _ in range(3)]
    on.sms(told)
    on.sms(asked, webhook=False)
    on.browser.cancel(given_back.pk)
    on.awaited(told.carrier, "received", seconds=60)
    on.awaited(asked.carrier, "received", seconds=60)
    on.awaited(given_back.carrier, "cancelled", seconds=60)
    on.browser.finish(told.pk)


def _doubt(on: Stage, provider: Provider) -> None:
    """A rental whose answer was lost: its webhook is of five minutes ago, or of the future."""
    on.sandbox.switches.on(provider, "cut", times=1)
    on.awaited(on.rent(provider), "in_doubt", seconds=60)
