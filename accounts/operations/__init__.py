"""The only writers of this application's rows, one public verb each, keyword arguments only.

All that changes what a team has or may do writes an AuditEvent in the same transaction.
"""

from accounts.operations.console import Asking, ask_provider, forget_answers, reveal_answer
from accounts.operations.first_steps import end_first_steps, invite_later, show_first_steps
from accounts.operations.invitations import (
    accept_as_new_user,
    accept_invitation,
    invite,
    revoke_invitation,
)
from accounts.operations.people import (
    add_member,
    change_profile,
    change_roles,
    change_signals,
    remove_member,
)
from accounts.operations.provider_accounts import add_provider_account, archive, check, rename
from accounts.operations.rotation import rotate_hook_token, rotate_key
from accounts.operations.teams import change_settings, create_team

__all__ = [
    "Asking",
    "accept_as_new_user",
    "accept_invitation",
    "add_member",
    "add_provider_account",
    "archive",
    "ask_provider",
    "change_profile",
    "change_roles",
    "change_settings",
    "change_signals",
    "check",
    "create_team",
    "end_first_steps",
    "forget_answers",
    "invite",
    "invite_later",
    "remove_member",
    "rename",
    "reveal_answer",
    "revoke_invitation",
    "rotate_hook_token",
    "rotate_key",
    "show_first_steps",
]
