"""Where this application's tasks are queued; accounts.nudges sends the messages."""

from typing import Final

from accounts.nudges import nudge, nudge_each, register

__all__ = ["nudge", "nudge_each"]

QUEUES: Final = {
    "rentals.send_rent": "now",
    "rentals.send_control": "now",
    "rentals.apply_inbox": "now",
    "rentals.poll_account": "poll",
    "rentals.refresh_catalogue": "bulk",
    "rentals.adopt": "now",
    "rentals.read_balance": "bulk",
    "rentals.mail_request": "bulk",
}
register(QUEUES)
