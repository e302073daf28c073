"""What a scenario did and what came of it."""

import sys
import time
from dataclasses import dataclass, field


@dataclass
class Report:
    """`lost` says in words what should not have happened, one entry for each; none is good."""

    scenario: str
    seed: int
    did: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def count(self, what: str, many: int = 1) -> None:
        """Tell of it at the end, and at once on stderr, so that a log shows when it was."""
        self.did[what] = self.did.get(what, 0) + many
        sys.stderr.write(f"{time.strftime('%T')} {self.scenario} {what} {many}\n")

    def __str__(self) -> str:
        did = " ".join(f"{what}={many}" for what, many in self.did.items())
        head = f"{self.scenario} seed={self.seed} {did} lost={len(self.lost)}"
        return "\n".join([head, *(f"  LOST: {what}" for what in self.lost[:20])])
