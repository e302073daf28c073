"""Where this application's tasks are queued; accounts.nudges sends the messages."""

from typing import Final

from accounts.nudges import nudge, register

__all__ = ["nudge"]

QUEUES: Final = {"ledger.reconcile": "bulk", "ledger.make_exports": "bulk"}
register(QUEUES)
