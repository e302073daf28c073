"""The only writers of rentals, messages and catalogues; one public verb each."""

from rentals.operations.asking import (
    approve_request,
    ask_for_more,
    decline_request,
    withdraw_request,
)
from rentals.operations.budgeting import add_budget, change_budget, end_budget
from rentals.operations.catalogue import refresh_catalogue
from rentals.operations.controlling import (
    cancel_rental,
    finish_rental,
    send_control,
    undo_finish,
    wait_for_more,
)
from rentals.operations.deciding import decide_doubt
from rentals.operations.errors import (
    NotPossible,
    OverBudget,
    PolicyRefused,
    RentalNotAllowed,
)
from rentals.operations.favourites import set_favourite
from rentals.operations.folding_quality import fold_quality
from rentals.operations.folding_spend import fold_spend
from rentals.operations.inbox import apply_inbox_entries, apply_inbox_entry, hint_to_poll
from rentals.operations.policy import change_policy
from rentals.operations.polling import poll_account
from rentals.operations.purging import purge_due, purge_rental
from rentals.operations.requesting import request_rental
from rentals.operations.sending import send_rent
from rentals.operations.showing import show_messages
from rentals.operations.sweeping import sweep

__all__ = [
    "NotPossible",
    "OverBudget",
    "PolicyRefused",
    "RentalNotAllowed",
    "add_budget",
    "apply_inbox_entries",
    "apply_inbox_entry",
    "approve_request",
    "ask_for_more",
    "cancel_rental",
    "change_budget",
    "change_policy",
    "decide_doubt",
    "decline_request",
    "end_budget",
    "finish_rental",
    "fold_quality",
    "fold_spend",
    "hint_to_poll",
    "poll_account",
    "purge_due",
    "purge_rental",
    "refresh_catalogue",
    "request_rental",
    "send_control",
    "send_rent",
    "set_favourite",
    "show_messages",
    "sweep",
    "undo_finish",
    "wait_for_more",
    "withdraw_request",
]
