"""What is kept running: lines handed on, deaths made good, an end for certain."""

import asyncio
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from smsportal.embedded.strays import command_line
from smsportal.running import child
from smsportal.running.child import Child, Program
from smsportal.running.console import Console
from smsportal.supervisor import Supervisor

STUBBORN = "trap '' TERM; echo up; while :; do read line < /dev/zero & wait $!; done"


def shell(script: str, **more: object) -> Program:
    return Program(
        name="program",
        command=lambda: ["/bin/sh", "-c", script],
        environment={"PATH": os.environ["PATH"]},
        folder=Path("/"),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def console() -> Console:
    return Console(io.StringIO())


def said(console: Console) -> str:
    assert isinstance(console.stream, io.StringIO)
    return console.stream.getvalue()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_lines_carry_the_name_and_what_is_no_news_is_left_out(console: Console) -> None:
    one = Child(
        shell("echo news; echo; echo noise; printf end; sleep 60", not_news=("noise",)), console
    )
    await one.start()
    await until(lambda: "news" in said(console))
    await one.stop(5)
    assert said(console).splitlines()[0] == "program    | news"
    assert "noise" not in said(console)


async def test_what_dies_starts_again(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FIRST_PAUSE", 0.01)
    one = Child(shell("echo up; exit 3"), console)
    await one.start()
    await until(lambda: said(console).count("| up") == 3)
    await one.stop(5)
    assert "ended (3); starts again in 0.01 s" in said(console)
    assert "starts again in 0.02 s" in said(console)


async def test_a_start_that_fails_is_told_and_tried_again(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(child, "LONGEST_PAUSE", 0.01)
    turns = iter([None, OSError("no room"), None])

    def before() -> None:
        if error := next(turns, None):
            raise error

    one = Child(shell("echo up; sleep 0", before=before), console)
    await one.start()
    await until(lambda: said(console).count("| up") >= 2)
    await one.stop(5)
    assert "can't start: no room" in said(console)


async def test_who_does_not_want_to_end_is_ended(console: Console) -> None:
    one = Child(shell(STUBBORN), console)
    await one.start()
    await until(lambda: "| up" in said(console))
    await one.stop(0.2)
    assert one.process is not None
    assert one.process.returncode == -signal.SIGKILL
    assert "starts again" not in said(console)


async def test_what_it_leaves_behind_is_ended_too(console: Console) -> None:
    one = Child(shell("sleep 1000 & echo child $!; wait"), console)
    await one.start()
    await until(lambda: "child" in said(console))
    left_behind = int(said(console).split()[-1])
    await one.stop(5)
    await until(lambda: not command_line(left_behind))


async def test_passwords_are_shown_to_whoever_stops_before_it_is_ready(
    console: Console, tmp_path: Path
) -> None:
    supervisor = Supervisor({"DATA_DIR": str(tmp_path)}, console)
    supervisor.people = "member@demo.example  secret-words"
    await supervisor._stop()
    await supervisor._stop()
    assert said(console).count("secret-words") == 1


def test_a_redis_that_does_not_answer_is_told(console: Console, tmp_path: Path) -> None:
    here = {"DATA_DIR": str(tmp_path), "REDIS_URL": os.environ["REDIS_URL"]}
    Supervisor(here, console)._look_for_redis()
    assert said(console) == ""
    nowhere = here | {"REDIS_URL": f"unix://{tmp_path}/none.sock"}
    Supervisor(nowhere, console)._look_for_redis()
    assert "The Redis of REDIS_URL does not answer (ConnectionError)" in said(console)


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    console.line("web", "plain")
    assert "\033" not in said(console)
    monkeypatch.setattr(console, "colourful", True)
    console.line("web", "coloured")
    assert "\033[36m" in said(console)
