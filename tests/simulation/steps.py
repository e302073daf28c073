"""A history is carried out: our real operations, over real HTTP, with workers that die."""

import random
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid4

import ledger.tasks  # noqa: F401 - they register themselves
import rentals.tasks
from rentals import operations
from rentals.models import Rental
from rentals.operations import NotPossible, RentalNotAllowed, adopting, polling, sending
from sandbox.books.activations import OutOfStock, WrongState
from sandbox.books.records import Activation
from sandbox.books.wallets import InsufficientFunds
from sandbox.faults import FAULTS
from sandbox.money import to_mills
from smsportal.celery import app
from tests.rentals.scene import swept
from tests.simulation import ledger_side
from tests.simulation.dying import Died, mortal
from tests.simulation.scenario import PRICES, Fault, Step
from tests.simulation.world import Life

LOOKS: Final = {"smsgig": "rental", "smsvilla": "get-sms"}
LISTEN_FOR: Final = 0.1  # seconds to a provider that stays silent
ENDS_WITH_ITS_STEP: Final = frozenset(
    {"silence", "small-pages", "ignore-page", "pages-shift", "rows-shuffled", "rows-late"}
)
LASTING: Final = frozenset({"descriptions", "expiry-refund"})  # how this provider is


class Player:
    """Plays the steps of one life."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.it = life.it

    def play(self, step: Step) -> None:
        self.life.tell(str(step))
        self.life.counts[step.what] += 1
        for fault in step.faults:
            self._switch_on(fault)
        getattr(self, f"_{step.what.replace(' ', '_')}")(step)
        self._switch_off(ENDS_WITH_ITS_STEP)

    def _switch_on(self, fault: Fault) -> None:
        name, options = fault
        if options.get("endpoint") == "LOOK":
            options = options | {"endpoint": LOOKS[self.it.provider]}
        elif name == "too-many-requests" and options["endpoint"] == "*":
            options = options | {"endpoint": "cancel"}
        self.life.counts[f"fault: {name}"] += 1
        self.it.fault(name, times=None if name in ENDS_WITH_ITS_STEP else 1, **options)

    def _switch_off(self, names: frozenset[str]) -> None:
        for switch in self.it.sandbox.switches.all():
            if switch.name in names:
                self.it.sandbox.switches.off(switch.id)

    def _worker(self, step: Step, work: Callable[[], object]) -> None:
        """Let a worker do it, and die where the step says so."""
        try:
            with mortal(step.dies):
                work()
        except Died:
            self.life.counts["worker died"] += 1
            self.life.tell("    the worker died")

    # What people do

    def _rent(self, step: Step) -> None:
        key, offer = uuid4(), _pick(self.life.offers, step.options["service"])
        offer.refresh_from_db()

        def ask() -> Rental:
            return operations.request_rental(
                membership=self.it.membership, offer=offer, request_key=key, now=self.now()
            )

        def ask_and_send() -> None:
            rental = ask()
            if step.options["form twice"]:
                ask()
            if step.options["now"]:
                self.send(rental.pk)

        silent = any(name == "silence" for name, _ in step.faults)
        patience = LISTEN_FOR if silent else sending.LISTEN_FOR
        with patch.object(sending, "LISTEN_FOR", patience), suppress(RentalNotAllowed):
            self._worker(step, ask_and_send)

    def _cancel(self, step: Step) -> None:
        rental = self._ours(step)
        if rental is None:
            return

        def cancel() -> None:
            with suppress(NotPossible):
                operations.cancel_rental(
                    rental=rental, actor=self.it.membership.user, now=self.now()
                )
            if step.options["now"]:
                operations.send_control(rental.pk)

        self._worker(step, cancel)

    def _finish(self, step: Step) -> None:
        rental = self._ours(step)
        if rental is None:
            return

        def finish() -> None:
            with suppress(NotPossible):
                operations.finish_rental(
                    rental=rental, actor=self.it.membership.user, now=self.now()
                )
            operations.send_control(rental.pk)

        self._worker(step, finish)

    def _finance(self, step: Step) -> None:
        told = ledger_side.decide(self.life, step.options["which"], step.options["decision"])
        self.life.tell(f"    {told}")

    # What workers do

    def send(self, rental_id: int) -> None:
        with self.life.truth.sending(rental_id):
            operations.send_rent(rental_id)

    def _beat(self, step: Step) -> None:
        self._worker(step, self.beat)

    def beat(self) -> None:
        """One round of everything that beat starts."""
        self._sweep()
        self._poll_due()
        for run in ledger_side.due_runs(self.life):
            self.task("ledger.reconcile", (run,))
        rentals.tasks.refresh_catalogues()

    def _sweep(self) -> None:
        for name, *arguments in swept(self.life.clock):
            self.task(str(name), tuple(arguments))

    def _poll_due(self) -> None:
        if self.life.account.pk in polling.accounts_with_due_polls(self.now()):
            operations.poll_account(self.life.account.pk)

    def _tasks(self, step: Step) -> None:
        """Messages come in any order, some twice and some never."""
        order = random.Random(step.options["order"])  # noqa: S311
        waiting = self.life.nudges()
        chosen = [task for task in waiting for _ in range(order.choice([0, 1, 1, 2]))]
        order.shuffle(chosen)

        def work() -> None:
            for name, arguments in chosen:
                self.task(name, arguments)

        self._worker(step, work)

    def task(self, name: str, arguments: tuple[Any, ...]) -> None:
        """What a worker does with a message, without its threads."""
        if name == "rentals.send_rent":
            self.send(arguments[0])
        elif name == "rentals.send_control":
            operations.send_control(arguments[0])
        elif name == "rentals.adopt":
            adopting.adopt(arguments[0])
        elif name != "rentals.refresh_catalogue" or self.it.provider == "smsvilla":
            app.tasks[name].run(*arguments)

    def _reconcile(self, step: Step) -> None:
        self._worker(step, lambda: ledger_side.reconcile(self.life))

    def _balance(self, step: Step) -> None:
        self._worker(step, lambda: ledger_side.read_balance(self.life))

    # What the provider and the world do

    def _sms(self, step: Step) -> None:
        paid = [a for a in self.life.truth.activations() if a.id in self.life.truth.owners]
        if not paid:
            return
        activation = _pick(paid, step.options["rental"])
        try:
            (message,) = self.it.sandbox.send_sms(
                self.it.provider, activation.id, force=step.options["late"]
            )
        except WrongState:
            return
        self.life.counts["sms came"] += 1
        by, parcel = step.options["by"], self.it.parcel(message)
        if by in ("webhook", "both"):
            self.it.hook(parcel)
        elif by == "webhook stored":
            self.it.taken(parcel)
        if by in ("poll", "both"):
            self._poll(activation)

    def _poll(self, activation: Activation) -> None:
        rental = Rental.objects.filter(
            account=self.life.account, activation_id=str(activation.id)
        ).first()
        if rental is not None:
            self.it.poll(rental)

    def _outside(self, step: Step) -> None:
        codes = list(self.life.scenario.setting.services) if step.options["ours"] else ["tinder"]
        with suppress(InsufficientFunds, OutOfStock):
            self.it.sandbox.buy_outside(
                self.it.wallet_id, service_code=_pick(codes, step.options["service"])
            )

    def _outside_cancel(self, step: Step) -> None:
        others = [a for a in self.life.truth.activations() if a.outside and a.live]
        if others:
            with suppress(WrongState):
                self.it.sandbox.cancel(_pick(others, step.options["rental"]))

    def _deposit(self, step: Step) -> None:
        amount = Decimal(step.options["amount"]) * (1 if self.it.provider == "smsgig" else 1000)
        self.it.sandbox.top_up(self.it.wallet_id, amount)
        ledger_side.record_deposit(self.life, amount)

    def _price(self, step: Step) -> None:
        """The provider asks another price; our catalogue knows, or does not know yet."""
        offer = _pick(self.life.offers, step.options["service"])
        price = Decimal(_pick(PRICES[self.it.provider], step.options["to"]))
        self.it.sandbox.catalogue.change(
            self.it.provider, offer.service_code, price=to_mills(price)
        )
        if step.options["told"] < 0.5:
            offer.price, offer.read_at = price, self.now()
            offer.save(update_fields=["price", "read_at"])

    def _time(self, step: Step) -> None:
        self.life.clock.move(step.options["seconds"])

    # The rest

    def now(self) -> Any:
        return self.life.clock.now()

    def _ours(self, step: Step) -> Rental | None:
        rentals = self.life.rentals()
        return _pick(rentals, step.options["rental"]) if rentals else None

    def come_to_rest(self) -> None:
        """Faults are over, and so much time passes that all has been tried and looked at again."""
        self._switch_off(frozenset(FAULTS) - LASTING)
        for seconds, works, reconciles in REST:
            self.life.clock.move(seconds)
            self._work_off()
            if works:
                self._sweep()
                self._poll_due()
            if reconciles:
                ledger_side.reconcile(self.life)

    def _work_off(self) -> None:
        for _ in range(2):  # a task may leave others
            for name, arguments in self.life.nudges():
                self.task(name, arguments)


# Seconds, whether beat's work is done, and whether the wallet is reconciled. Past: a last look, a
# lease, a rental's end, a late refund, and whatever is waited for.
REST: Final = (
    (5, False, False),
    (130, True, False),
    (1300, True, True),
    (4 * 86_400, True, True),
    (3700, False, True),
)


def _pick[T](things: list[T] | tuple[T, ...], share: float) -> T:
    return things[int(share * len(things))]
