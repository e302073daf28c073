"""Webhooks applied in any batches and any order end as if each had been applied by itself."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.models import ReconciliationException, Transfer
from rentals.models import InboxEntry, Rental
from rentals.operations import apply_inbox_entries, apply_inbox_entry
from rentals.states import RentalState as S
from tests.factories import make_rental
from tests.rentals.scene import Scene, SetScene

EXAMPLES = settings(
    max_examples=int(os.environ.get("EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
STATES = [S.WAITING, S.CANCELLING, S.RECEIVED, S.EXPIRED, S.CANCELLED, S.FINISHED]


@dataclass(frozen=True)
class Hook:
    """A webhook about SMS `number` of one of the rentals; beyond those, of nobody's.

    An SMS has an id or is told by its time alone. `forged`: other words under the same id.
    """

    rental: int
    number: int
    forged: bool = False
    rewritten: bool = False

    def body(self, activation_id: str) -> bytes:
        code = "666666" if self.forged else ["111111", "222222", ""][self.number % 3]
        fields = {
            "activation_id": int(activation_id),
            "service": "whatsapp",
            "code": code,
            "text": f"Your code is {code}" if code else f"Hello number {self.number}",
            "received_at": f"2026-05-18T14:02:{self.number:02d}.000000Z",
        }
        if self.number % 4:
            fields["message_id"] = f"msg_{self.number}"
        return json.dumps(fields, indent=1 if self.rewritten else None).encode()


HOOKS = st.lists(
    st.builds(
        Hook,
        rental=st.integers(0, 3),
        number=st.integers(0, 7),
        forged=st.booleans(),
        rewritten=st.booleans(),
    ),
    unique=True,
    max_size=12,
)


class World:
    """Three rentals in some states, and the webhooks stored."""

    def __init__(self, scene: Scene, states: Sequence[S], hooks: Sequence[Hook]) -> None:
        self.scene = scene
        at = scene.times.now() - timedelta(minutes=2)
        self.rentals = [make_rental(scene.membership, scene.account, s, at=at) for s in states]
        known = [rental.activation_id for rental in self.rentals]
        self.entries = [
            scene.taken(hook.body([*known, "4711"][hook.rental]), at=at + timedelta(seconds=number))
            for number, hook in enumerate(hooks)
        ]
        self.seen = dict(zip([entry.pk for entry in self.entries], hooks, strict=True))
        self.now = scene.times.now()

    def ends(self) -> list[Any]:
        """What is there in the end, without what tells who came first of the same."""
        return [*map(self._end, self.rentals), self._outcomes(), self._notices()]

    def _end(self, rental: Rental) -> tuple[object, ...]:
        rental.refresh_from_db()
        events = list(rental.events.order_by("pk"))
        assert all(one.to_state == next_.from_state for one, next_ in pairwise(events[1:]))
        assert len(events) == 1 or events[-1].to_state == rental.state
        messages = [
            (m.provider_id, m.code, m.text, m.received_at, m.confirmed_at is None)
            for m in rental.messages.all()
        ]
        return (
            rental.state,
            rental.ended_at is None,
            rental.waits_for_more,
            rental.control_at,
            rental.last_confirm_at is None,
            sorted(messages),
            Counter((e.from_state, e.to_state, e.cause) for e in events),
        )

    def _outcomes(self) -> Counter[tuple[int, str, bool]]:
        stored = InboxEntry.objects.filter(pk__in=self.seen)
        return Counter((self.seen[e.pk].rental, e.outcome, e.applied_at is None) for e in stored)

    def _notices(self) -> int:
        assert not Transfer.objects.filter(wallet=self.scene.account).exists()
        references = [f"rental:{rental.pk}" for rental in self.rentals]
        return ReconciliationException.objects.filter(reference__in=references).count()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("provider", ["smsgig", "smsvilla"])
def test_a_batch_ends_as_one_by_one(scene: SetScene, provider: str) -> None:
    one, many = scene(provider), scene(provider)

    @EXAMPLES
    @given(st.lists(st.sampled_from(STATES), min_size=3, max_size=3), HOOKS, st.data())
    def compare(states: list[S], hooks: list[Hook], data: st.DataObject) -> None:
        single, batched = World(one, states, hooks), World(many, states, hooks)
        for entry in data.draw(st.permutations(single.entries)):
            apply_inbox_entry(entry.pk, now=single.now)
        wanted = data.draw(st.permutations([entry.pk for entry in batched.entries]))
        while wanted:
            size = data.draw(st.integers(1, len(wanted)))
            apply_inbox_entries(wanted[:size], now=batched.now)
            wanted = wanted[size:]
        end = batched.ends()
        assert end == single.ends()
        assert apply_inbox_entries(batched.seen, now=batched.now) == 0
        assert batched.ends() == end

    compare()
