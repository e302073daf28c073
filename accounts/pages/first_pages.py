"""A list of any length whose pages end: nobody pages through a million."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, overload, override


class FirstPages(Sequence[int]):
    """The numbers of the first rows of a list, in its order: what a paginator wants."""

    most: ClassVar[int] = 1_000

    @property
    @abstractmethod
    def counted(self) -> int:
        """How many rows the list has; where that is more than `most`, any number above it."""

    @abstractmethod
    def between(self, start: int, stop: int) -> list[int]:
        """The numbers of the rows from one place to before another, which comes after it."""

    @property
    def goes_on(self) -> bool:
        """Whether there are more than the pages have."""
        return self.counted > self.most

    @override
    def __len__(self) -> int:
        return min(self.counted, self.most)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    @override
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, int):
            return self[place : place + 1][0]
        start, stop, _step = place.indices(len(self))
        return self.between(start, stop) if start < stop else []
