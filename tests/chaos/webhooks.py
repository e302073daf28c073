"""Webhooks ten times over, reversed, late, lost, forged, too early, and for rentals that have
ended or that nobody knows, while web and worker die now and then.
"""

from collections.abc import Callable

from benchmarks.ground import until
from rentals.models import InboxEntry, Rental
from sandbox.providers import Provider
from tests.chaos.browser import Onlooker
from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage

ROUNDS = 20
DAY = 24 * 3600
DIES = 0.3  # of the rounds


def run(plan: Plan, report: Report) -> None:
    with stage() as on, Onlooker(on) as onlooker:
        order = plan.chance.sample(PLAYS, len(PLAYS))
        for number in range(plan.rounds):
            play = order[number % len(order)]
            play(on, plan.chance.choice(tuple(Provider)))
            report.count(play.__name__)
            if plan.chance.random() < DIES:
                victim = plan.chance.choice(("web", "worker"))
                on.restart(victim)
                report.count(f"killed_{victim}")
        report.count("last_sms", on.sms_for_all())
        check(on, report, onlooker)
        on.sandbox.advance(DAY)
        until(lambda: on.sandbox.outbox.next_due() is None, "the late webhooks are sent")
        check(on, report)


def ten_times_over(on: Stage, provider: Provider) -> None:
    rental = on.rented(provider)
    on.sandbox.switches.on(provider, "webhook-duplicate", copies=10, times=1)
    on.sms(rental)


def reversed_order(on: Stage, provider: Provider) -> None:
    rental = on.rented(provider)
    on.sandbox.switches.on(provider, "webhook-reordered", times=1)
    for _ in range(3):
        on.sms(rental, force=True)


def a_day_late(on: Stage, provider: Provider) -> None:
    rental = on.rented(provider)
    on.sandbox.switches.on(provider, "webhook-late", seconds=DAY, times=1)
    on.sms(rental)


def lost(on: Stage, provider: Provider) -> None:
    on.sms(on.rented(provider), webhook=False)


def forged(on: Stage, provider: Provider) -> None:
    rental = on.rented(provider)
    on.sandbox.switches.on(provider, "webhook-forged", times=1)
    on.sms(rental)


def before_the_answer(on: Stage, provider: Provider) -> None:
    on.sandbox.switches.on(provider, "webhook-overtakes-rent", times=1)
    on.awaited(on.rent(provider), "received")


def for_a_cancelled_one(on: Stage, provider: Provider) -> None:
    rental = on.rented(provider)
    on.browser.cancel(rental.pk)
    _late(on, on.awaited(rental.carrier, "cancelled", seconds=60))


def for_a_finished_one(on: Stage, provider: Provider) -> None:
    rental = on.received(provider)
    on.browser.finish(rental.pk)
    _late(on, on.awaited(rental.carrier, "finished", seconds=60))


def for_an_unknown_one(on: Stage, provider: Provider) -> None:
    """Somebody else rents with the same wallet."""
    bought = on.sandbox.buy_outside(on.wallets[provider])
    rentals = Rental.objects.count()
    on.sandbox.send_sms(provider, bought.id)
    entries = InboxEntry.objects.filter(activation_id=str(bought.id))
    until(entries.exists, "the webhook is kept")
    assert Rental.objects.count() == rentals


def _late(on: Stage, rental: Rental) -> None:
    """Ten times over, too."""
    provider = Provider(rental.account.provider)
    on.sandbox.switches.on(provider, "webhook-duplicate", copies=10, times=1)
    on.sms(rental, force=True)


PLAYS: tuple[Callable[[Stage, Provider], None], ...] = (
    ten_times_over,
    reversed_order,
    a_day_late,
    lost,
    forged,
    before_the_answer,
    for_a_cancelled_one,
    for_a_finished_one,
    for_an_unknown_one,
)
