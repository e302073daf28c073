"""Where this application's tasks are queued; accounts.nudges sends the messages."""

from typing import Final

from accounts.nudges import nudge, nudge_each, register

__all__ = ["nudge", "nudge_each"]

QUEUES: Final = {"alerts.send_letters": "bulk", "alerts.deliver": "bulk"}
register(QUEUES)
