"""One stream's telling, with a reader that is as slow as the test wants."""

import asyncio
from typing import Any

import pytest

from rentals.live.admission import Permit
from rentals.live.viewer import BEAT, MOST_IDS, SYNC, WALLETS, Viewer

PERMIT = Permit("key", 1, 1, b"", "team:1")


class Reader:
    """Takes what is sent, one piece for each turn it gives; without turns at once."""

    def __init__(self, *, slow: bool = False) -> None:
        self.got: list[bytes] = []
        self.ended = False
        self.turns = asyncio.Semaphore(0) if slow else None

    async def send(self, event: dict[str, Any]) -> None:
        if self.turns is not None:
            await self.turns.acquire()
        assert not self.ended, "nothing comes after the end"
        self.ended = not event.get("more_body", False)
        if event["body"]:
            self.got.append(event["body"])

    async def read(self, pieces: int) -> None:
        assert self.turns is not None
        for _ in range(pieces):
            self.turns.release()
            await asyncio.sleep(0)
            await asyncio.sleep(0)


def _event(*ids: int) -> bytes:
    return b"".join(b"event: rental\ndata: %d\n\n" % pk for pk in ids)


def _opened(reader: Reader) -> Viewer:
    viewer = Viewer(PERMIT, reader.send)
    viewer.open()
    return viewer


async def test_a_quick_reader_is_told_at_once_and_without_a_task() -> None:
    reader = Reader()
    viewer = _opened(reader)
    viewer.tell(5)
    viewer.beat()
    viewer.tell(5)
    assert reader.got == [SYNC, _event(5), BEAT, _event(5)]
    assert len(asyncio.all_tasks()) == 1, "only the test's own"


async def test_balances_are_told_once_and_are_part_of_everything() -> None:
    reader = Reader(slow=True)
    viewer = _opened(reader)
    viewer.tell_wallets()
    viewer.tell_wallets()
    viewer.tell(5)
    await reader.read(2)
    assert reader.got == [SYNC, _event(5) + WALLETS]
    viewer.tell_wallets()
    viewer.tell_everything()
    await reader.read(2)
    assert reader.got[2:] == [WALLETS, SYNC]


async def test_what_comes_before_the_head_is_out_comes_as_the_first_sync() -> None:
    reader = Reader()
    viewer = Viewer(PERMIT, reader.send)
    viewer.tell(5)
    viewer.beat()
    assert reader.got == []
    viewer.open()
    assert reader.got == [SYNC]


async def test_ids_that_wait_are_put_together_each_once() -> None:
    reader = Reader(slow=True)
    viewer = _opened(reader)
    for pk in (3, 1, 3, 2, 1, 3):
        viewer.tell(pk)
    await reader.read(2)
    assert reader.got == [SYNC, _event(3, 1, 2)]
    viewer.tell(3)
    await reader.read(1)
    assert reader.got[2:] == [_event(3)]


async def test_too_many_waiting_ids_become_one_sync() -> None:
    reader = Reader(slow=True)
    viewer = _opened(reader)
    for pk in range(MOST_IDS):
        viewer.tell(pk)
    await reader.read(2)
    assert reader.got == [SYNC, _event(*range(MOST_IDS))]
    viewer.tell(0)
    for pk in range(1, MOST_IDS + 50):
        viewer.tell(pk)
    await reader.read(3)
    assert reader.got[2:] == [_event(0), SYNC]
    viewer.tell(7)
    await reader.read(1)
    assert reader.got[4:] == [_event(7)]


async def test_a_doubtful_stream_hears_its_heart_and_nothing_else() -> None:
    reader = Reader()
    viewer = _opened(reader)
    viewer.doubt()
    viewer.tell(5)
    viewer.beat()
    viewer.tell_everything()
    assert reader.got == [SYNC, BEAT]
    viewer.trust(PERMIT)
    viewer.tell(6)
    assert reader.got[2:] == [SYNC, _event(6)]


async def test_a_doubt_stops_even_what_was_waiting() -> None:
    reader = Reader(slow=True)
    viewer = _opened(reader)
    viewer.tell(5)
    viewer.doubt()
    await reader.read(3)
    assert reader.got == [SYNC]
    viewer.end()
    await reader.read(2)
    assert reader.ended
    assert reader.got == [SYNC]


@pytest.mark.parametrize("slow", [False, True])
async def test_nothing_follows_the_end(slow: bool) -> None:
    reader = Reader(slow=slow)
    viewer = _opened(reader)
    viewer.end()
    viewer.tell(5)
    viewer.beat()
    viewer.end()
    if slow:
        await reader.read(3)
    assert reader.ended
    assert reader.got == [SYNC]


async def test_a_broken_connection_is_left_to_its_lane() -> None:
    async def broken(event: dict[str, Any]) -> None:
        raise OSError

    viewer = Viewer(PERMIT, broken)
    viewer.open()
    viewer.tell(5)
    viewer.end()
