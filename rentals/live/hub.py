"""The open streams of this process, by what they may hear, whose they are and when to tend them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Final

from rentals.live.admission import Permit
from rentals.live.viewer import Viewer

SLOTS: Final = 30  # each second one slot's turn comes to be checked again


class Hub:
    def __init__(self) -> None:
        self._audiences: defaultdict[str, set[Viewer]] = defaultdict(set)
        self._users: Counter[int] = Counter()
        self._slots: list[set[Viewer]] = [set() for _ in range(SLOTS)]
        self._next_slot = cycle(self._slots)

    def __iter__(self) -> Iterator[Viewer]:
        for slot in self._slots:
            yield from list(slot)

    def streams_of(self, user_id: int) -> int:
        return self._users[user_id]

    def add(self, viewer: Viewer) -> Callable[[], None]:
        """Have the viewer hear its audience from now on; call the result when it has left."""
        slot = next(self._next_slot)
        slot.add(viewer)
        self._users[viewer.permit.user_id] += 1
        self._audiences[viewer.permit.audience].add(viewer)

        def leave() -> None:
            slot.remove(viewer)
            self._users[viewer.permit.user_id] -= 1
            if not self._users[viewer.permit.user_id]:
                del self._users[viewer.permit.user_id]
            self._leave_audience(viewer)

        return leave

    def tell(self, audience: str, rental_id: int) -> None:
        for viewer in self._audiences.get(audience, ()):
            viewer.tell(rental_id)

    def tell_team(self, team_id: int, tell: Callable[[Viewer], None]) -> None:
        """Something for every member, which names nobody's rental."""
        for viewer in self:
            if viewer.permit.team_id == team_id:
                tell(viewer)

    def slot(self, number: int) -> Iterable[Viewer]:
        return list(self._slots[number % SLOTS])

    def doubtful(self) -> Iterable[Viewer]:
        """Those who hear nothing until they were checked."""
        return [viewer for viewer in self if viewer.doubts]

    def hears(self, viewer: Viewer) -> bool:
        """Whether the viewer is still here."""
        return viewer in self._audiences.get(viewer.permit.audience, ())

    def readmit(self, viewer: Viewer, permit: Permit) -> None:
        """Let a viewer go on with a renewed permit, which may be for another audience."""
        self._leave_audience(viewer)
        viewer.trust(permit)
        self._audiences[permit.audience].add(viewer)

    def _leave_audience(self, viewer: Viewer) -> None:
        audience = self._audiences[viewer.permit.audience]
        audience.discard(viewer)
        if not audience:
            del self._audiences[viewer.permit.audience]
