"""Both embedded servers, for a program that needs them while it runs: the tests."""

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from smsportal.embedded import layout
from smsportal.embedded.account import bare_environment
from smsportal.embedded.binaries import binaries
from smsportal.embedded.postgres import Postgres
from smsportal.embedded.valkey import Valkey

GRACE = 10.0


def embedded(data: Path, *, disposable: bool = False) -> tuple[Postgres, Valkey]:
    """The two servers of a data folder, ready to be prepared and started. Makes the folders."""
    made = layout.prepare(data)
    programs = binaries(made)
    return Postgres(made, programs, disposable=disposable), Valkey(made, programs)


class Servers:
    """A context: both servers run inside it, and their lines go to a file in the data folder."""

    def __init__(self, data: Path, *, disposable: bool = False) -> None:
        self.data = data
        self.disposable = disposable
        self.running: list[tuple[Postgres | Valkey, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        try:
            for server in embedded(self.data, disposable=self.disposable):
                self.start(server)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self, server: Postgres | Valkey) -> None:
        server.prepare()
        with (self.data / f"{server.name}.log").open("ab") as log:
            process = subprocess.Popen(
                server.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=bare_environment(),
                start_new_session=True,
            )
        self.running.append((server, process))
        server.wait_ready(lambda: process.poll() is None)

    def stop(self) -> None:
        for server, process in reversed(self.running):
            process.send_signal(server.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            if process.poll() is None:
                process.kill()
                process.wait()
        self.running.clear()
