"""Web, worker, beat and Redis are killed at each step of renting, cancelling, finishing, polling
and of applying a webhook.

A step names who dies, what a member or the provider does, and the moment at which whoever does
it for us has come so far and stands still. No request may be repeated, no paid number unknown and
no code lost, whatever is started again afterwards.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import LiteralString

from sandbox.providers import Provider
from tests.chaos import moments
from tests.chaos.browser import Onlooker
from tests.chaos.cast import Server
from tests.chaos.checker import check
from tests.chaos.moments import ANSWERS, COUNTS, INBOX, RENTALS, ROW, Moment, Reached
from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.stage import Stage, stage
from tests.chaos.wire import Asked, Wanted

ROUNDS = 50  # steps, each of them in its turn
RENT, READ = attrgetter("is_rent"), attrgetter("is_read")
CANCEL, FINISH = attrgetter("is_cancel"), attrgetter("is_finish")
BOTH = tuple(Provider)


@dataclass(frozen=True)
class Scene:
    """One rental that something happens to; `pk` and its activation's `id`, once it has them."""

    stage: Stage
    provider: Provider
    tag: str
    pk: int = 0
    id: str = ""

    # What may be done

    def rent(self) -> None:
        self.stage.rent(self.provider, self.tag)

    def cancel(self) -> None:
        self.stage.browser.cancel(self.pk)

    def finish(self) -> None:
        self.stage.browser.finish(self.pk)

    def sms(self) -> None:
        self.stage.sandbox.send_sms(self.provider, int(self.id))

    def silent_sms(self) -> None:
        self.stage.sandbox.send_sms(self.provider, int(self.id), webhook=False)

    # How far it may come

    def asking(self, kind: Wanted) -> Moment:
        """The request is sent, and never arrives."""
        return moments.on_the_wire(self.stage, self._about_this(kind), swallow=True)

    def asked(self, kind: Wanted) -> Moment:
        """The provider has done it, and we don't know yet."""
        return moments.on_the_wire(self.stage, self._about_this(kind), answered=True)

    def answered(self, kind: Wanted) -> Moment:
        """We know, and have not written it down."""
        return moments.at_the_answer(self.stage, self._about_this(kind), ANSWERS)

    def applying(self, kind: Wanted) -> Moment:
        """The answer is written down, and the rental is still as it was."""
        return moments.at_the_answer(self.stage, self._about_this(kind), ROW, self.tag)

    def at_its_row(self) -> Moment:
        return moments.locked(ROW, self.tag)

    @contextmanager
    def unheard(self) -> Iterator[Reached]:
        """The rental is written, and Redis takes no word of it."""
        valkey = self.stage.parts["valkey"]
        assert isinstance(valkey, Server)
        with valkey.frozen(), moments.as_soon_as(self._is_written) as reached:
            yield reached

    def told(self) -> Moment:
        """The rental is written, and Redis knows of it at most."""
        return moments.as_soon_as(self._is_written)

    def finishing(self) -> Moment:
        """The finish is written, and nobody is told of it yet."""
        return moments.as_soon_as(self._is_finishing)

    def after_cancel(self, asked: Asked) -> bool:
        """A read that wants to know whether a cancel was done."""
        cancels = [each for each in self.stage.wire.asked if each.is_cancel]
        return asked.is_read and any(each.activation == self.id for each in cancels)

    def _about_this(self, kind: Wanted) -> Wanted:
        return lambda asked: (
            kind(asked)
            and (asked.tag == self.tag if asked.is_rent else asked.activation == self.id)
        )

    def _is_written(self) -> bool:
        return self.stage.rental(self.tag) is not None

    def _is_finishing(self) -> bool:
        rental = self.stage.rental(self.tag)
        return rental is not None and rental.finish_requested_at is not None


def nothing_yet(stage: Stage, provider: Provider) -> Scene:
    return Scene(stage, provider, stage.tag())


def waiting(stage: Stage, provider: Provider) -> Scene:
    rental = stage.rented(provider)
    return Scene(stage, provider, rental.carrier, rental.pk, rental.activation_id)


def received(stage: Stage, provider: Provider) -> Scene:
    rental = stage.received(provider)
    return Scene(stage, provider, rental.carrier, rental.pk, rental.activation_id)


@dataclass(frozen=True)
class Step:
    """`victim` dies when what is done has come to its `moment`."""

    victim: str
    before: Callable[[Stage, Provider], Scene]
    act: Callable[[Scene], None]
    moment: Callable[[Scene], Moment]
    name: str
    providers: tuple[Provider, ...] = BOTH


def at(lock: LiteralString) -> Callable[[Scene], Moment]:
    return lambda _: moments.locked(lock)


STEPS = (
    Step("web", nothing_yet, Scene.rent, at(RENTALS), "rent_unwritten"),
    Step("web", nothing_yet, Scene.rent, Scene.unheard, "rent_written"),
    Step("valkey", nothing_yet, Scene.rent, Scene.told, "rent_queued"),
    Step("worker", nothing_yet, Scene.rent, at(COUNTS), "rent_unsent"),
    Step("worker", nothing_yet, Scene.rent, lambda it: it.asking(RENT), "rent_on_its_way"),
    Step("worker", nothing_yet, Scene.rent, lambda it: it.asked(RENT), "rent_done"),
    Step("worker", nothing_yet, Scene.rent, lambda it: it.answered(RENT), "rent_answered"),
    Step("worker", nothing_yet, Scene.rent, lambda it: it.applying(RENT), "rent_kept"),
    Step("beat", nothing_yet, Scene.rent, lambda it: it.asked(RENT), "rent_done"),
    Step("web", waiting, Scene.cancel, Scene.at_its_row, "cancel_unwritten"),
    Step("worker", waiting, Scene.cancel, lambda it: it.asked(READ), "cancel_looking"),
    Step("worker", waiting, Scene.cancel, lambda it: it.asking(CANCEL), "cancel_on_its_way"),
    Step("worker", waiting, Scene.cancel, lambda it: it.asked(CANCEL), "cancel_done"),
    Step("worker", waiting, Scene.cancel, lambda it: it.answered(CANCEL), "cancel_answered"),
    Step("worker", waiting, Scene.cancel, lambda it: it.asked(it.after_cancel), "cancel_proving"),
    Step("worker", waiting, Scene.cancel, lambda it: it.applying(it.after_cancel), "cancel_kept"),
    Step("beat", waiting, Scene.cancel, lambda it: it.asked(CANCEL), "cancel_done"),
    Step("web", received, Scene.finish, Scene.finishing, "finish_undoable"),
    Step("worker", received, Scene.finish, Scene.finishing, "finish_undoable"),
    Step("valkey", received, Scene.finish, Scene.finishing, "finish_undoable"),
    Step(
        "worker",
        received,
        Scene.finish,
        lambda it: it.asking(FINISH),
        "finish_on_its_way",
        (Provider.SMSGIG,),
    ),
    Step(
        "worker",
        received,
        Scene.finish,
        lambda it: it.asked(FINISH),
        "finish_done",
        (Provider.SMSGIG,),
    ),
    Step(
        "worker",
        received,
        Scene.finish,
        lambda it: it.applying(FINISH),
        "finish_kept",
        (Provider.SMSGIG,),
    ),
    Step("worker", waiting, Scene.silent_sms, lambda it: it.asking(READ), "poll_on_its_way"),
    Step("worker", waiting, Scene.silent_sms, lambda it: it.asked(READ), "poll_answered"),
    Step("worker", waiting, Scene.silent_sms, lambda it: it.applying(READ), "poll_kept"),
    Step("web", waiting, Scene.sms, at(INBOX), "webhook_unwritten"),
    Step("worker", waiting, Scene.sms, Scene.at_its_row, "webhook_applying"),
)


def run(plan: Plan, report: Report) -> None:
    with stage() as on, Onlooker(on) as onlooker:
        for step in _order(plan):
            play(step, on, plan.chance.choice(step.providers), report)
        report.count("last_sms", on.sms_for_all())
        check(on, report, onlooker)


def _order(plan: Plan) -> Iterator[Step]:
    """All of them in any order, and again."""
    for number in range(plan.rounds):
        if not number % len(STEPS):
            order = plan.chance.sample(STEPS, len(STEPS))
        yield order[number % len(STEPS)]


def play(step: Step, on: Stage, provider: Provider, report: Report) -> None:
    """Let it come to the moment, kill, and start the victim again."""
    scene = step.before(on, provider)
    acting = threading.Thread(target=step.act, args=[scene])
    with step.moment(scene) as reached:
        acting.start()
        came = reached()
        on.parts[step.victim].kill()
    on.parts[step.victim].start()
    acting.join()
    report.count(f"{step.victim}_at_{step.name}" if came else f"missed_{step.name}")
