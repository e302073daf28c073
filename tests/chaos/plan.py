"""What a scenario is asked to do."""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plan:
    """`rounds`: how often something goes wrong. `seconds`: how long a server stays away."""

    seed: int
    rounds: int
    seconds: float
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chance", random.Random(self.seed))  # noqa: S311 - a plan
