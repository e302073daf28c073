"""What a person asked for and can't have; the text is for that person."""

from collections.abc import Sequence
from typing import ClassVar

from django.utils.translation import gettext as _

from accounts.models import User
from rentals.models import Budget
from rentals.policy import Refusal


class RentalNotAllowed(Exception):
    """A rental that was not requested: nothing was written and nothing was sent."""


class PolicyRefused(RentalNotAllowed):
    """A rental that the team's policy refuses: by which rules, and who could change them."""

    def __init__(self, refusals: Sequence[Refusal], who: Sequence[User]) -> None:
        self.refusals, self.who = tuple(refusals), tuple(who)
        super().__init__(" ".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A sentence for each rule, and one that says whom to ask."""
        names = ", ".join(map(str, self.who)) or _("nobody; ask whoever runs the portal")
        last = _("Who can change the team’s policy: %(names)s.") % {"names": names}
        return [*(f"{each.rule.label}: {each.words}" for each in self.refusals), last]


class StoppedByBudget(RentalNotAllowed):
    """A rental that `budget` stops; `rule` is for the audit log."""

    rule: ClassVar[str]

    def __init__(self, words: str, budget: Budget) -> None:
        self.budget = budget
        super().__init__(words)


class OverBudget(StoppedByBudget):
    """It would go beyond the budget."""

    rule = "limit"


class RateMissing(StoppedByBudget):
    """Nobody can tell whether it would: an exchange rate is missing."""

    rule = "missing rate"


class NotPossible(Exception):
    """An action that the state of what it is about rules out: nothing changed."""
