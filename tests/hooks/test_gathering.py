"""Items that come while a run is on go together into the next."""

import asyncio

import pytest

from rentals.lanes.gathering import Gatherer


class Runs:
    """Remembers each run's items; a run takes until it is let go."""

    def __init__(self, *, problem: Exception | None = None) -> None:
        self.seen: list[list[int]] = []
        self.go = asyncio.Semaphore(0)
        self.problem = problem

    async def __call__(self, items: list[int]) -> list[int]:
        self.seen.append(items)
        await self.go.acquire()
        if self.problem is not None and 0 in items:
            raise self.problem
        return [10 * item for item in items]


async def test_one_run_at_a_time_and_the_rest_together() -> None:
    runs = Runs()
    gatherer = Gatherer(runs, most=3)
    first = gatherer.put(1)
    await asyncio.sleep(0)
    rest = [gatherer.put(item) for item in (2, 3, 4, 5)]
    for _ in range(3):
        runs.go.release()
    assert await asyncio.gather(first, *rest) == [10, 20, 30, 40, 50]
    assert runs.seen == [[1], [2, 3, 4], [5]]
    runs.go.release()
    assert await gatherer.put(6) == 60


async def test_two_runs_at_a_time_where_that_is_wanted() -> None:
    runs = Runs()
    gatherer = Gatherer(runs, at_once=2)
    first = gatherer.put(1)
    await asyncio.sleep(0)
    second = gatherer.put(2)
    await asyncio.sleep(0)
    rest = [gatherer.put(item) for item in (3, 4)]
    await asyncio.sleep(0)
    assert runs.seen == [[1], [2]]
    for _ in range(3):
        runs.go.release()
    assert await asyncio.gather(first, second, *rest) == [10, 20, 30, 40]
    assert runs.seen == [[1], [2], [3, 4]]
    runs.go.release()
    assert await gatherer.put(5) == 50, "and none is left that would be one too many"
    await gatherer.settle(5)


async def test_what_a_run_raises_its_own_items_raise() -> None:
    runs = Runs(problem=ValueError("x"))
    gatherer = Gatherer(runs)
    first = gatherer.put(0)
    await asyncio.sleep(0)
    second = gatherer.put(1)
    runs.go.release()
    runs.go.release()
    with pytest.raises(ValueError, match="x"):
        await first
    assert await second == 10


async def test_who_gave_up_waiting_is_left_out() -> None:
    runs = Runs()
    gatherer = Gatherer(runs)
    gatherer.put(1)
    await asyncio.sleep(0)
    impatient, patient = gatherer.put(2), gatherer.put(3)
    impatient.cancel()
    runs.go.release()
    runs.go.release()
    assert await patient == 30
    assert runs.seen == [[1], [3]]


async def test_settling_waits_for_what_was_put_and_not_for_ever() -> None:
    runs = Runs()
    gatherer = Gatherer(runs)
    await gatherer.settle(1)
    done = gatherer.put(1)
    runs.go.release()
    await gatherer.settle(5)
    assert done.result() == 10
    stuck = gatherer.put(2)
    await gatherer.settle(0.01)
    assert not stuck.done() or stuck.cancelled()
