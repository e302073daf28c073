"""A little of the other scenarios on one stage, in less than a minute: for `make test`.

Not all of it by chance: each kind of thing is there once, and what takes long to recover from, such
as a doubt, comes first.
"""

from sandbox.providers import Provider
from tests.chaos import outages, rents, webhooks
from tests.chaos.browser import Onlooker
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import stage

ROUNDS = 4  # steps of rents
FIRST = ("rent_done", "rent_kept", "webhook_applying", "rent_written", "poll_kept")


def run(plan: Plan, report: Report) -> None:
    both = plan.chance.sample(tuple(Provider), 2)
    with stage() as on, Onlooker(on) as onlooker:
        for number, name in enumerate(FIRST[: plan.rounds]):
            step = next(each for each in rents.STEPS if each.name == name)
            rents.play(step, on, both[number % 2], report)
        webhooks.ten_times_over(on, both[0])
        webhooks.forged(on, Provider.SMSVILLA)
        webhooks.for_an_unknown_one(on, both[1])
        outages.without_redis(on, both[0], plan.seconds, report)
        outages.without_postgres(on, both[1], plan.seconds, report)
        report.count("last_sms", on.sms_for_all())
        check(on, report, onlooker)
