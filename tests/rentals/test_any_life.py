"""Whatever is asked, breaks or dies, in any order: no rent is sent twice, no paid activation is
lost sight of, no refused rental was charged, and the book says the same as the rentals.

The model knows only what each request did at the provider, counted there. What is found and
decided about a doubt is the truth; that a wrong finding loses no cent either is tested elsewhere.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts import gateway
from accounts.pages.undo import UNDO_FOR
from ledger.book import Entry, post
from ledger.operations import holds
from ledger.operations.findings import find
from ledger.states import Evidence, FindingKind, RefundCause
from rentals import operations
from rentals.models import Rental
from rentals.operations import NotPossible, adopting, exchange, findings, sending
from rentals.operations.answers import cancel_confirmed, keep
from rentals.states import RentalState as S
from sandbox.books import records
from sandbox.books.activations import WrongState
from tests.rentals import books
from tests.rentals.checks import NOTHING, assert_moves
from tests.rentals.conftest import put_to_rest
from tests.rentals.scene import Scene, SetScene, swept

EXAMPLES = settings(
    max_examples=int(os.environ.get("EXAMPLES", "8")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
OPEN_QUESTION = (S.REQUESTED, S.IN_DOUBT)
LOOKS = {"smsgig": "rental", "smsvilla": "get-sms"}
Fault = tuple[str, dict[str, Any]]
RENT_FAULTS: list[Fault] = [
    ("error", {"status": 500, "done": True}),
    ("error", {"status": 500, "body": "html"}),
    ("error", {"status": 400}),
    ("garbage", {}),
    ("no-activation-id", {}),
    ("cut", {}),
    ("cut", {"done": False, "before_any_byte": True}),
    ("silence", {}),
    ("too-many-requests", {"endpoint": "rent"}),
]
CONTROL_FAULTS: list[Fault] = [
    ("cut", {"endpoint": "cancel"}),
    ("cut", {"endpoint": "cancel", "done": False}),
    ("error", {"endpoint": "cancel", "status": 500, "done": True}),
    ("error", {"endpoint": "cancel", "status": 400}),
    ("error", {"endpoint": "LOOK", "status": 500}),
    ("cut", {"endpoint": "LOOK"}),
    ("too-many-requests", {"endpoint": "*", "retry_after": 7}),
    ("no-refund", {}),
]


class Died(BaseException):
    """A worker, by kill -9."""


@contextmanager
def _dying_while_booking(*, after: bool) -> Iterator[None]:
    """A worker that dies in front of its first booking, or behind it and before the commit."""

    def dying(entry: Entry) -> int:
        if after:
            post(entry)
        raise Died

    with patch.object(holds, "post", dying), suppress(Died):
        yield


class Life(RuleBasedStateMachine):
    """`posts`, `throttled`: the rent requests that a rental caused, and those answered by 429;
    `paid`: what they made at the provider."""

    rentals = Bundle("rentals")

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.it = scene
        self.posts: Counter[int] = Counter()
        self.throttled: Counter[int] = Counter()
        self.paid: dict[int, int] = {}

    # What people do

    @rule(target=rentals)
    def ask(self) -> int:
        return self.it.requested().pk

    @initialize(target=rentals)
    def begin(self) -> int:
        return self._rent(None, "not")

    @rule(
        target=rentals,
        fault=st.none() | st.sampled_from(RENT_FAULTS),
        dies=st.sampled_from(["not", "not", "unsent", "lost", "kept", "booking", "booked"]),
    )
    def rent(self, fault: Fault | None, dies: str) -> int:
        return self._rent(fault, dies)

    def _rent(self, fault: Fault | None, dies: str) -> int:
        pk = self.it.requested().pk
        self._switch_on(fault, 1)
        if dies == "not":
            self.send(pk)
        else:
            self._die_while_renting(pk, dies)
        return pk

    @rule(pk=rentals, fault=st.none() | st.sampled_from(CONTROL_FAULTS), calls=st.integers(0, 4))
    def cancel(self, pk: int, fault: Fault | None, calls: int) -> None:
        """Ask for it, and have a worker try; it dies after so many calls, 0 for none."""
        self._wish(operations.cancel_rental, pk)
        self._switch_on(fault, 1)
        self._control(pk, calls)

    @rule(
        pk=rentals,
        fault=st.none() | st.sampled_from(CONTROL_FAULTS),
        calls=st.integers(0, 4),
        undo_for=st.sampled_from([timedelta(0), UNDO_FOR]),
    )
    def finish(self, pk: int, fault: Fault | None, calls: int, undo_for: timedelta) -> None:
        before, asked = Rental.objects.get(pk=pk), self.it.asked("")
        self._wish(partial(operations.finish_rental, undo_for=undo_for), pk)
        self._switch_on(fault, 1)
        self._control(pk, calls)
        if undo_for and before.can_finish:
            assert self.it.asked("") == asked, "sent, while it could be undone"

    @rule(pk=rentals)
    def undo_finish(self, pk: int) -> None:
        """What the provider was not told of is as it was; what it was told of stays asked for."""
        before = Rental.objects.get(pk=pk)
        self._wish(operations.undo_finish, pk)
        after = Rental.objects.get(pk=pk)
        if before.state == S.RECEIVED and not before.control_tries:
            assert after.finish_requested_at is None and after.control_at is None
        else:
            assert after.finish_requested_at == before.finish_requested_at
            assert after.control_at == before.control_at
        assert after.state == before.state

    @rule(pk=rentals)
    def wait_for_more(self, pk: int) -> None:
        self._wish(operations.wait_for_more, pk)

    def _wish(self, operation: Callable[..., None], pk: int) -> None:
        actor, rental = self.it.membership.user, Rental.objects.get(pk=pk)
        with suppress(NotPossible):
            operation(rental=rental, actor=actor, now=self.it.times.now())

    # What workers do, and where they die

    @rule(pk=rentals)
    def send(self, pk: int) -> None:
        """Also one that was sent long ago: a message may be delivered again."""
        with self._counted(pk):
            operations.send_rent(pk)

    def _die_while_renting(self, pk: int, answer: str) -> None:
        with self._counted(pk):
            attempt = sending.begin_rent(pk)
            if attempt is None or answer == "unsent":
                return
            reply = gateway.transmit(attempt.door, attempt.call, timeout=sending.LISTEN_FOR)
            if answer == "kept":
                now = self.it.times.now()
                keep(attempt.rental, attempt.call, reply, asked_at=attempt.asked_at, now=now)
            elif answer in ("booking", "booked"):
                with _dying_while_booking(after=answer == "booked"):
                    sending.end_rent(attempt, reply)

    @rule(pk=rentals)
    def control(self, pk: int) -> None:
        self._control(pk, 0)

    def _control(self, pk: int, calls: int) -> None:
        """Of the last of so many calls nothing is kept; 0: all is."""
        left = [calls]

        def dying(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                raise Died
            return keep(*args, **named)

        with patch.object(exchange, "keep", dying), suppress(Died):
            operations.send_control(pk)

    # What is proved about a doubt, and who dies when it is acted on

    @rule(pk=rentals, evidence=st.sampled_from([Evidence.STATEMENT, Evidence.BALANCE]))
    def find(self, pk: int, evidence: Evidence) -> None:
        """Reconciliation writes down what is so; the sweep acts on it."""
        rental = Rental.objects.get(pk=pk)
        if rental.state in OPEN_QUESTION and rental.sent_at is not None:
            find(
                wallet=self.it.account,
                reference=f"rental:{pk}",
                kind=self._truth(pk),
                evidence=evidence,
                amount=rental.price if self._paid_for(pk) else None,
                now=self.it.times.now(),
            )

    @rule(dies=st.booleans())
    def consume(self, dies: bool) -> None:
        now = self.it.times.now()
        for finding in findings.waiting():
            with _dying_while_booking(after=True) if dies else nullcontext():
                findings.consume(finding, now=now)

    @rule(pk=rentals, named=st.booleans())
    def decide(self, pk: int, named: bool) -> None:
        rental = Rental.objects.get(pk=pk)
        paid = self._paid_for(pk)
        with suppress(NotPossible):
            operations.decide_doubt(
                rental=rental,
                outcome=self._truth(pk),
                amount=rental.price,
                activation_id=str(paid[0]) if paid and named else "",
                reason="Their page says so.",
                actor=self.it.membership.user,
                now=self.it.times.now(),
            )

    def _paid_for(self, pk: int) -> list[int]:
        return [activation for activation, owner in self.paid.items() if owner == pk]

    def _truth(self, pk: int) -> FindingKind:
        return FindingKind.CHARGED if self._paid_for(pk) else FindingKind.NOT_CHARGED

    @rule()
    def poll(self) -> None:
        operations.poll_account(self.it.account.pk)

    @rule(works=st.booleans())
    def sweep(self, works: bool) -> None:
        for name, *pks in swept(self.it.times):
            for pk in pks if works else ():
                self._work(str(name), int(str(pk)))

    def _work(self, name: str, pk: int) -> None:
        if name == "rentals.send_rent":
            self.send(pk)
        elif name == "rentals.send_control":
            operations.send_control(pk)
        elif name == "rentals.apply_inbox":
            operations.apply_inbox_entry(pk, now=self.it.times.now())
        else:
            assert name == "rentals.adopt"
            adopting.adopt(pk)

    @contextmanager
    def _counted(self, pk: int) -> Iterator[None]:
        """Count what this rental's worker does at the provider."""
        posts, throttled = self._rents()
        known = {activation.id for activation in self.it.activations()}
        yield
        posts_now, throttled_now = self._rents()
        self.posts[pk] += posts_now - posts
        self.throttled[pk] += throttled_now - throttled
        made = [a.id for a in self.it.activations() if a.id not in known]
        self.paid |= dict.fromkeys(made, pk)

    def _rents(self) -> tuple[int, int]:
        return self.it.asked("/rent"), self.it.asked("/rent", status=429)

    # What the provider and the world do

    @rule(pk=rentals, hook=st.sampled_from(["lost", "taken", "applied"]))
    def sms(self, pk: int, hook: str) -> None:
        for activation_id, owner in self.paid.items():
            if owner == pk:
                with suppress(WrongState):
                    sent = self.it.sandbox.send_sms(self.it.provider, activation_id)
                    self._hook(sent[0], hook)

    def _hook(self, message: records.Message, hook: str) -> None:
        parcel = self.it.parcel(message)
        if hook == "applied":
            self.it.hook(parcel)
        elif hook == "taken":
            self.it.taken(parcel)

    @rule(seconds=st.sampled_from([1, 6, 31, 61, 130, 500]))
    def time_passes(self, seconds: float) -> None:
        self.it.times.move(seconds)

    @rule(fault=st.sampled_from(RENT_FAULTS + CONTROL_FAULTS), strikes=st.sampled_from([2, None]))
    def fault(self, fault: Fault, strikes: int | None) -> None:
        self._switch_on(fault, strikes)

    def _switch_on(self, fault: Fault | None, strikes: int | None) -> None:
        if fault is not None:
            name, options = fault
            if options.get("endpoint") == "LOOK":
                options = options | {"endpoint": LOOKS[self.it.provider]}
            self.it.fault(name, times=strikes, **options)

    @rule()
    def no_faults(self) -> None:
        self.it.no_faults()

    # What must hold

    @invariant()
    def all_is_well(self) -> None:
        for rental in Rental.objects.filter(account=self.it.account).prefetch_related("events"):
            assert self.posts[rental.pk] <= 1 + self.throttled[rental.pk], "sent twice"
            self._check_payment(rental)
            self._check_hold(rental)
            self._check_claim(rental)
            books.assert_agrees(rental)
            assert_moves(rental)
        books.assert_proved(self.it.account)

    def _check_payment(self, rental: Rental) -> None:
        paid = {str(a) for a, owner in self.paid.items() if owner == rental.pk}
        if rental.activation_id:
            assert paid == {rental.activation_id}
            assert rental.charged == self.it.offer.price
        elif rental.state == S.LOST:
            assert len(paid) == 1
            assert rental.charged == self.it.offer.price
        else:
            assert rental.charged is None
            assert not paid or rental.state in OPEN_QUESTION, "charged, and out of sight"

    def _check_hold(self, rental: Rental) -> None:
        is_open = rental.state in OPEN_QUESTION
        assert rental.held == (rental.price if is_open else NOTHING)
        numberless = is_open or rental.state in (S.REFUSED, S.LOST)
        assert numberless == (not rental.activation_id)

    def _check_claim(self, rental: Rental) -> None:
        """What is owed is claimed once, from the moment on in which it is, and nothing else is."""
        owed = {S.CANCELLED: RefundCause.CANCELLED, S.LOST: RefundCause.LOST}
        due = owed.get(S(rental.state))
        if rental.state in (S.RECEIVED, S.FINISHED) and cancel_confirmed(rental):
            due = RefundCause.CANCELLED  # an SMS overtook it
        assert books.claimed(rental) == due

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self.it.no_faults()
            put_to_rest()

    def _end(self) -> None:
        """Faults are over, and all rentals' time is up: everything comes to its end."""
        self.it.no_faults()
        for seconds in (61, 61, 600, 3, 61, 61, 600):
            self.it.times.move(seconds)
            self.sweep(works=True)
            self.poll()
        self.all_is_well()
        for rental in Rental.objects.filter(account=self.it.account):
            self._check_end(rental)

    def _check_end(self, rental: Rental) -> None:
        ends = {S.REFUSED, S.IN_DOUBT, S.LOST, S.CANCELLED, S.EXPIRED, S.FINISHED}
        assert rental.state in ends, rental.state
        assert rental.control_at is None and rental.next_poll_at is None
        if rental.state == S.CANCELLED and self.it.activation(rental).state != "canceled":
            assert rental.events.get(to_state=S.CANCELLED).note
        if rental.state == S.FINISHED:
            assert rental.messages.filter(confirmed_at__isnull=False).exists()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("provider", ["smsgig", "smsvilla"])
def test_any_life(scene: SetScene, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LISTEN_FOR", 0.2)

    class Here(Life):
        def __init__(self) -> None:
            super().__init__(scene(provider))

    run_state_machine_as_test(Here, settings=EXAMPLES)
