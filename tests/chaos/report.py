"""What a scenario did and what came of it."""

from dataclasses import dataclass, field


@dataclass
class Report:
    """`lost` says in words what should not have happened, one entry for each; none is good."""

    scenario: str
    seed: int
    did: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def count(self, what: str, many: int = 1) -> None:
        self.did[what] = self.did.get(what, 0) + many

    def __str__(self) -> str:
        did = " ".join(f"{what}={many}" for what, many in self.did.items())
        head = f"{self.scenario} seed={self.seed} {did} lost={len(self.lost)}"
        return "\n".join([head, *(f"  LOST: {what}" for what in self.lost[:20])])
