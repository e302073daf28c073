"""A process that does so many of something for each line it reads, and answers with a line."""

import subprocess
from typing import IO, cast


class Worker:
    """It is ready, or has ended, once `ready` was asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.to = cast(IO[str], process.stdin)
        self.back = cast(IO[str], process.stdout)

    @property
    def ready(self) -> bool:
        return bool(self.answer())

    def ask(self, count: int) -> None:
        self.to.write(f"{count}\n")
        self.to.flush()

    def answer(self) -> str:
        return self.back.readline()
