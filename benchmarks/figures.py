"""What a benchmark hands back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value and its goal, in the unit that `name` ends with.

    The value must not exceed the goal, or with `at_least` not be below it.
    """

    name: str
    value: float
    goal: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def __str__(self) -> str:
        return f"{self.name} {self.value:.2f} {self.goal:.2f} {'ok' if self.met else 'short'}"
