"""Whatever order SMS, polls, webhooks, forgeries and the rent's answer come in, each SMS is there
once in the end, and nothing else is.

The model is the list of what was sent at the provider; it shares nothing with our rules for
telling messages apart.
"""

import json
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rentals import operations
from rentals.causes import Cause
from rentals.models import InboxEntry, Rental
from rentals.operations import sending
from rentals.operations.answers import keep
from rentals.operations.transition import move
from rentals.states import RentalState as S
from sandbox.books import records
from sandbox.outbox import Parcel
from tests.rentals.checks import assert_moves
from tests.rentals.conftest import put_to_rest
from tests.rentals.scene import Scene, SetScene, swept

EXAMPLES = settings(
    max_examples=int(os.environ.get("EXAMPLES", "8")),
    stateful_step_count=18,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
CODES = st.sampled_from(["111111", "222222", ""])


class Messages(RuleBasedStateMachine):
    """One rental. `sent`: every genuine SMS, as the webhook that tells of it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.it = scene
        self.sent: list[Parcel] = []
        self.forged: set[tuple[str, str]] = set()
        self.unanswered = False

    @initialize(overtaken=st.booleans())
    def rent(self, overtaken: bool) -> None:
        """The provider has rented; `overtaken`: we have no answer yet."""
        self.rental, self.sent_at = self.it.claimed()
        self.call = sending.rent_call(self.rental)
        self.reply = self.it.transmitted(self.call)
        (self.activation,) = self.it.activations()
        self.unanswered = True
        if not overtaken:
            self.answer()

    @precondition(lambda self: self.unanswered)
    @rule()
    def answer(self) -> None:
        now = self.it.times.now()
        sending.receive_rent(self.rental, self.call, self.reply, asked_at=self.sent_at, now=now)
        self.unanswered = False

    @precondition(lambda self: self.unanswered)
    @rule()
    def answer_is_kept_by_a_worker_that_dies(self) -> None:
        now = self.it.times.now()
        keep(self.rental, self.call, self.reply, asked_at=self.sent_at, now=now)
        self.unanswered = False

    @rule(code=CODES, again=st.booleans(), pause=st.sampled_from([0.2, 1, 30]))
    def sms(self, code: str, again: bool, pause: float) -> None:
        """One comes in, with the same words as the last one where `again`."""
        self.it.times.move(pause)
        text = f"Your code is {code}" if code else f"Hello number {len(self.sent)}"
        if again and self.sent:
            code, text = self.sent[-1].code, self.sent[-1].text
        (message,) = self.it.sandbox.send_sms(
            self.it.provider, self.activation.id, code=code, text=text, webhook=False, force=True
        )
        self.sent.append(self.it.parcel(message))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), applied=st.booleans(), rewritten=st.booleans())
    def webhook(self, data: st.DataObject, applied: bool, rewritten: bool) -> None:
        """Any of them, in any order, as often as you like."""
        body = self.it.body(data.draw(st.sampled_from(self.sent)))
        if rewritten:
            body = json.dumps(json.loads(body), indent=1).encode()
        entry = self.it.taken(body)
        if applied:
            operations.apply_inbox_entry(entry.pk, now=self.it.times.now())

    @precondition(lambda self: self.it.provider == "smsvilla")
    @rule(code=st.sampled_from(["111111", "666666", ""]), coming=st.booleans(), data=st.data())
    def forgery(self, code: str, coming: bool, data: st.DataObject) -> None:
        """Unsigned, with the id of the next genuine message, or of one that has come."""
        message_id = self.it.sandbox.activations.next_message_id(self.activation)
        if not coming and self.sent:
            message_id = data.draw(st.sampled_from(self.sent)).message_id
        self.forged.add((message_id, code))
        self.it.hook(
            self.it.parcel(
                records.Message(
                    id=message_id,
                    activation_id=self.activation.id,
                    code=code,
                    text=f"Call +1 202 555 0123 about {code}",
                    received=self.it.sandbox.clock.now_ms(),
                )
            )
        )

    @rule()
    def hint(self) -> None:
        """A right address with a wrong signature."""
        operations.hint_to_poll(
            self.it.account.pk, str(self.activation.id), now=self.it.times.now()
        )

    @rule()
    def poll(self) -> None:
        self.rental.refresh_from_db()
        if self.rental.activation_id:
            self.it.poll(self.rental)

    @rule()
    def sweep(self) -> None:
        for name, *keys in swept(self.it.times):
            for key in keys if name == "rentals.apply_inbox" else ():
                operations.apply_inbox_entry(int(str(key)), now=self.it.times.now())

    @rule()
    def end(self) -> None:
        """Its time is up, or its person is done with it; SMS may still come."""
        for was, to in ((S.WAITING, S.EXPIRED), (S.RECEIVED, S.FINISHED)):
            if move(self.rental.pk, frm={was}, to=to, cause=Cause.TIME_UP, now=self.it.times.now()):
                return

    def teardown(self) -> None:
        try:
            if hasattr(self, "rental"):
                self._check()
        finally:
            put_to_rest()

    def _check(self) -> None:
        self._deliver_everything()
        self.rental.refresh_from_db()
        confirmed = list(self.rental.messages.filter(confirmed_at__isnull=False))
        genuine = Counter((parcel.code, parcel.text) for parcel in self.sent)
        assert Counter((m.code, m.text) for m in confirmed) == genuine
        unconfirmed = self.rental.messages.filter(confirmed_at__isnull=True)
        assert {(m.provider_id, m.code) for m in unconfirmed} <= self.forged
        assert_moves(self.rental)
        assert not self.sent or self.rental.state in (S.RECEIVED, S.FINISHED)
        before = self._everything()
        self._deliver_everything()
        assert self._everything() == before

    def _deliver_everything(self) -> None:
        """Faults are over: the answer is there, all webhooks come, and one look is taken."""
        if self.unanswered:
            self.answer()
        self.sweep()
        for parcel in self.sent:
            self.it.hook(parcel)
        self.it.times.move(3)
        self.sweep()
        self.it.poll(self.rental)
        assert not InboxEntry.objects.filter(
            account=self.it.account, applied_at__isnull=True
        ).exists()

    def _everything(self) -> tuple[object, ...]:
        kept = (
            "next_poll_at",
            "planned_poll_at",
            "blank_poll_at",
            "polls",
            "last_polled_at",
            "last_confirm_at",
            "confirm_reads",
        )
        row = Rental.objects.values().get(pk=self.rental.pk)
        return (
            {name: value for name, value in row.items() if name not in kept},
            list(self.rental.messages.values()),
            list(self.rental.events.values()),
        )


@pytest.mark.timeout(400)
@pytest.mark.parametrize("provider", ["smsgig", "smsvilla"])
def test_each_sms_is_there_once_in_the_end(scene: SetScene, provider: str) -> None:
    class Here(Messages):
        def __init__(self) -> None:
            super().__init__(scene(provider))

    run_state_machine_as_test(Here, settings=EXAMPLES)
