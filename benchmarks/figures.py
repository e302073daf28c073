"""What a benchmark hands back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value and the goal that it must not exceed, in the unit that `name` ends with."""

    name: str
    value: float
    goal: float

    def __str__(self) -> str:
        verdict = "ok" if self.value <= self.goal else "short"
        return f"{self.name} {self.value:.2f} {self.goal:.2f} {verdict}"
