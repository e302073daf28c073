"""When to ask next: pure functions of age, room and state."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rentals.polling import LAST_LOOK, LATE_LOOK, QUIET_LOOK, Room, interval, next_look

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
TTL = 420
END = START + timedelta(seconds=TTL)
FREE = Room(live=1)


def look(age: float, *, received: bool = False, more: bool = False, room: Room = FREE) -> float:
    """Seconds after the start at which a rental of this age is asked for next; -1 for never."""
    upcoming = next_look(
        now=START + timedelta(seconds=age),
        started_at=START,
        expires_at=END,
        received=received,
        wants_more=more,
        room=room,
    )
    return -1.0 if upcoming is None else (upcoming - START).total_seconds()


def test_a_young_rental_is_asked_for_more_often() -> None:
    assert look(10) == 13
    assert look(60) == 65
    assert look(200) == 208
    assert look(350) == 362


@pytest.mark.parametrize(
    ("room", "seconds"),
    [
        (Room(live=1, webhooks_healthy=True), 6),
        (Room(live=60, per_minute=80), 45),
        (Room(live=1, per_minute=80), 3),
        (Room(live=1, per_minute=80, day_left=0.25), 6),
        (Room(live=1, per_minute=80, day_left=0), 30),
        (Room(live=1, per_minute=80, day_left=-0.1), 30),
    ],
)
def test_the_pace_follows_what_is_left(room: Room, seconds: float) -> None:
    assert interval(5, room) == timedelta(seconds=seconds)


ROOMS = st.builds(
    Room,
    live=st.integers(1, 500),
    per_minute=st.none() | st.integers(1, 1000),
    day_left=st.floats(-1, 1),
    webhooks_healthy=st.booleans(),
)


@given(room=ROOMS, pauses=st.lists(st.floats(0, 90), min_size=1, max_size=50))
def test_an_empty_rental_is_asked_for_just_before_its_end_and_just_after(
    room: Room, pauses: list[float]
) -> None:
    """Whatever the pace, and however late each look is taken (but for the last two)."""
    age, looks = 3.0, []
    late = iter(pauses)
    while (upcoming := look(age, room=room)) >= 0:
        assert upcoming > age
        before_last = upcoming < TTL - LAST_LOOK.total_seconds()
        age = min(upcoming + (next(late, 0.0) if before_last else 0.0), TTL - 3.0)
        age = max(age, upcoming) if upcoming >= TTL - 3.0 else age
        looks.append(age)
    assert looks[-2:] == [TTL - LAST_LOOK.total_seconds(), TTL + LATE_LOOK.total_seconds()]


@given(room=ROOMS, age=st.floats(0, TTL + 100))
def test_a_received_rental_is_asked_for_once_more_unless_more_can_come(
    room: Room, age: float
) -> None:
    last = TTL - LAST_LOOK.total_seconds()
    assert look(age, received=True, room=room) == (last if age < last else -1)
    quiet = look(age, received=True, more=True, room=room)
    if age < last:
        assert min(last, age + QUIET_LOOK.total_seconds()) - 0.001 <= quiet <= last


@given(age=st.floats(TTL + LATE_LOOK.total_seconds(), TTL + 1000), received=st.booleans())
def test_what_is_over_is_not_asked_for(age: float, received: bool) -> None:
    assert look(age, received=received) == -1
