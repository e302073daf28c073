"""What can be wrong: a file each, every one of them in CONDITIONS.

A condition reads the rows and says what holds now, of all teams, in as many queries however many
rows there are. It writes nothing. To add one: a Kind with its readers in alerts/states.py, a file
here, a line below.
"""

from typing import Final

from alerts.conditions import budgets, doubts, endpoints, keys, refunds, wallets, webhooks
from alerts.conditions.condition import Condition, Holding, Subject

__all__ = ["CONDITIONS", "Condition", "Holding", "Subject"]

CONDITIONS: Final[tuple[Condition, ...]] = (
    wallets.LOW,
    wallets.FALLING,
    budgets.NEARLY_USED,
    refunds.OVERDUE,
    doubts.IN_DOUBT,
    keys.REFUSED,
    webhooks.QUIET,
    endpoints.OFF,
)
