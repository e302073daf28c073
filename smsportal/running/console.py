"""The terminal: our own lines, and the children's with their name in front."""

import contextlib
import sys
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 31)
NAME_WIDTH = 11


class Console:
    """Writes whole lines to one stream, coloured where that is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.colourful = self.stream.isatty()
        self.colours: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A line of our own. Where nobody reads any more, as in a closed window, it is dropped."""
        with contextlib.suppress(OSError):
            print(text, file=self.stream, flush=True)

    def line(self, name: str, text: str) -> None:
        """A line of a child's."""
        prefix = f"{name:<{NAME_WIDTH}}|"
        if self.colourful:
            colour = self.colours.setdefault(name, COLOURS[len(self.colours) % len(COLOURS)])
            prefix = f"\033[{colour}m{prefix}\033[0m"
        self.say(f"{prefix} {text}")
