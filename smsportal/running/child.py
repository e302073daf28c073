"""One program that is kept running: started, listened to, started again when it dies, stopped."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from smsportal.running.console import Console

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
LOOK = 0.05
CALM = 20.0  # seconds of running after which the next death counts as a first one


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run.

    `before` is called before each start, in a thread; it may raise. `files` are descriptors that
    it inherits. Empty lines and those with any of `not_news` are not shown.
    """

    name: str
    command: Callable[[], list[str]]
    environment: dict[str, str]
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    files: tuple[int, ...] = ()
    not_news: tuple[str, ...] = ()
    before: Callable[[], None] = lambda: None


class Child:
    """A program's process, whichever one that is at the moment."""

    def __init__(self, program: Program, console: Console) -> None:
        self.program = program
        self.console = console
        self.process: Process | None = None
        self.keeping: asyncio.Task[None] | None = None
        self.reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it for the first time, and keep it running from then on."""
        self.process = await self._spawn()
        self.keeping = asyncio.create_task(self._keep(self.process))

    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def stop(self, grace: float) -> None:
        """End it within `grace` seconds, and all its own children with it."""
        if self.keeping is None:
            return
        self.keeping.cancel()
        await asyncio.wait([self.keeping])
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.send_signal(self.program.stop_signal)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_exit_code(process), grace)
        await self._clear_up(process)

    def kill(self) -> None:
        """End it at once, for good."""
        if self.keeping is not None:
            self.keeping.cancel()
        if self.process is not None:
            self._kill(self.process)

    async def _keep(self, process: Process) -> None:
        deaths = 0
        while True:
            started = time.monotonic()
            code = await _exit_code(process)
            await self._clear_up(process)
            deaths = 1 if time.monotonic() - started > CALM else deaths + 1
            pause = min(FIRST_PAUSE * 2 ** (deaths - 1), LONGEST_PAUSE)
            self.console.line(self.program.name, f"ended ({code}); starts again in {pause:g} s")
            process = await self._start_again(pause)

    async def _start_again(self, pause: float) -> Process:
        while True:
            await asyncio.sleep(pause)
            try:
                self.process = await self._spawn()
            except Exception as error:  # whatever it was: say so, and try again
                self.console.line(self.program.name, f"can't start: {error}")
                pause = LONGEST_PAUSE
            else:
                return self.process

    async def _spawn(self) -> Process:
        await asyncio.to_thread(self.program.before)
        process = await asyncio.create_subprocess_exec(
            *self.program.command(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=self.program.environment,
            cwd=self.program.folder,
            pass_fds=self.program.files,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
        )
        self.reading = asyncio.create_task(self._read(process))
        return process

    async def _clear_up(self, process: Process) -> None:
        """End what is left of it and of its children, and hear its last lines."""
        self._kill(process)
        await _exit_code(process)
        if self.reading is not None:
            await asyncio.wait([self.reading], timeout=1)

    async def _read(self, process: Process) -> None:
        """Hand its lines on until it closes its output."""
        output = cast(asyncio.StreamReader, process.stdout)
        rest = b""
        while chunk := await output.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._hand_on(line.decode(errors="replace"))
        if rest:
            self._hand_on(rest.decode(errors="replace"))

    def _hand_on(self, line: str) -> None:
        if line.strip() and not any(words in line for words in self.program.not_news):
            self.console.line(self.program.name, line)

    def _kill(self, process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _exit_code(process: Process) -> int:
    """Wait for its end. (`process.wait()` also waits for everybody who has its output open.)"""
    while process.returncode is None:
        await asyncio.sleep(LOOK)
    return process.returncode
