"""The matrix route x role x method. An address below /t/ that is missing here fails the tests.

A row says which methods the address takes and who may use them; every other method is a 405 for
everybody. Who is not in the team gets a 404, who isn't signed in is sent to sign in, and a
member without the role gets a 403. The rental in the world is the member's own.

To add a route: one row; and in world.py what its address needs (`addresses`) and a form that
would do something (`forms`), so that a denied request has something to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from accounts.states import Role

MEMBER, FINANCE, ADMIN = Role.MEMBER, Role.FINANCE, Role.ADMIN
EVERYBODY: Final = frozenset(Role)
READ: Final = ("GET", "HEAD")
WRITE: Final = ("POST",)
FORM: Final = ("GET", "HEAD", "POST")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Row:
    """`otherwise`: the status for a role that differs from 403, such as 404 for what it can't
    see."""

    methods: tuple[str, ...]
    roles: frozenset[Role]
    otherwise: Mapping[Role, int] = field(default_factory=dict[Role, int])


def row(methods: tuple[str, ...], *roles: Role, otherwise: Mapping[Role, int] = {}) -> Row:
    return Row(methods, frozenset(roles or EVERYBODY), otherwise)


NOT_THEIRS: Final = {FINANCE: 404, ADMIN: 404}

MATRIX: Final[dict[str, Row]] = {
    # the board and the history
    "board": row(READ),
    "board_live": row(READ),
    "wallet_bar": row(READ),
    "find": row(READ),
    "offer_list": row(READ, MEMBER, ADMIN),
    "offer_star": row(WRITE, MEMBER, ADMIN),
    "catalogue_refresh": row(WRITE, MEMBER, ADMIN),
    "rental_create": row(WRITE, MEMBER, ADMIN),
    "rental_list": row(READ),
    "history_export": row(READ),
    "rental_detail": row(READ),
    "rental_card": row(READ),
    "rental_show_code": row(("GET", "POST"), ADMIN),
    "rental_purge": row(WRITE, ADMIN),
    "rental_cancel": row(WRITE, MEMBER, ADMIN),
    "rental_finish": row(WRITE, MEMBER, ADMIN),
    "rental_finish_undo": row(WRITE, MEMBER, ADMIN),
    "rental_more": row(WRITE, MEMBER, ADMIN),
    # money, from the side of the rentals
    "doubt_decide": row(WRITE, FINANCE),
    "refund_detail": row(READ, FINANCE, ADMIN),
    "spend": row(READ),
    "spend_months": row(READ),
    "spend_export": row(READ),
    "spend_rentals": row(READ),
    "spend_rentals_export": row(READ),
    "spend_table_export": row(READ),
    # budgets: everybody sees what counts for them, admins set them
    "budget_list": row(READ),
    "budget_add": row(FORM, ADMIN),
    "budget_change": row(FORM, ADMIN),
    "budget_end": row(WRITE, ADMIN),
    "budget_ask": row(FORM, MEMBER, ADMIN),
    "request_withdraw": row(WRITE, MEMBER, otherwise={ADMIN: 404}),
    "request_decide": row(WRITE, ADMIN),
    "budget_answer": row(FORM, ADMIN),
    # the ledger: finance acts, admins read
    "wallets": row(READ, FINANCE, ADMIN),
    "wallet_export": row(READ, FINANCE),
    "wallet_detail": row(READ, FINANCE, ADMIN),
    "statement_export": row(READ, FINANCE),
    "wallet_reconcile": row(WRITE, FINANCE),
    "reconciliation": row(READ, FINANCE, ADMIN),
    "deposit_create": row(WRITE, FINANCE),
    "deposit_take_back": row(FORM, FINANCE),
    "refund_list": row(READ, FINANCE, ADMIN),
    "refund_export": row(READ, FINANCE),
    "refund_write_off": row(WRITE, FINANCE),
    "refund_take_back": row(WRITE, FINANCE),
    "exception_list": row(READ, FINANCE, ADMIN),
    "exception_export": row(READ, FINANCE),
    "exception_detail": row(READ, FINANCE, ADMIN),
    "exception_assign": row(WRITE, FINANCE),
    "exception_resolve": row(WRITE, FINANCE),
    "exception_reopen": row(WRITE, FINANCE),
    "exception_match": row(WRITE, FINANCE),
    "exception_unmatch": row(WRITE, FINANCE),
    "month_list": row(READ, FINANCE, ADMIN),
    "month_export": row(READ, FINANCE),
    "month_detail": row(READ, FINANCE, ADMIN),
    "month_close": row(FORM, FINANCE),
    "rate_list": row(READ, FINANCE, ADMIN),
    "rate_create": row(WRITE, FINANCE),
    "rate_correct": row(WRITE, FINANCE),
    "rate_import": row(WRITE, FINANCE),
    "rate_export": row(READ, FINANCE),
    # long lists as files: for the one who asked alone, here the member
    "export_list": row(READ),
    "export_detail": row(READ, MEMBER, otherwise=NOT_THEIRS),
    "export_file": row(READ, MEMBER, otherwise=NOT_THEIRS),
    "export_delete": row(WRITE, MEMBER, otherwise=NOT_THEIRS),
    # people
    "people": row(READ, ADMIN),
    "invitation_create": row(WRITE, ADMIN),
    "invitation_revoke": row(WRITE, ADMIN),
    "membership_update": row(WRITE, ADMIN),
    "membership_remove": row(WRITE, ADMIN),
    # provider accounts
    "provider_accounts": row(READ, ADMIN),
    "provider_account_add": row(FORM, ADMIN),
    "provider_account": row(READ, ADMIN),
    "provider_account_requests": row(READ, ADMIN),
    "provider_account_rename": row(WRITE, ADMIN),
    "provider_account_archive": row(WRITE, ADMIN),
    "provider_account_check": row(WRITE, ADMIN),
    "provider_account_rotate_key": row(WRITE, ADMIN),
    "provider_account_rotate_hook": row(WRITE, ADMIN),
    "provider_console": row(FORM, ADMIN),
    "console_answer": row(READ, ADMIN),
    "console_reveal": row(("GET", "POST"), ADMIN),
    "health": row(READ, ADMIN),
    "inbox_replay": row(WRITE, ADMIN),
    # the audit log: admins all of it, finance what is of money
    "audit_log": row(READ, FINANCE, ADMIN),
    "audit_event": row(READ, FINANCE, ADMIN),
    "audit_export": row(READ, FINANCE, ADMIN),
    # alerts: each reads what is theirs; who looks after a kind takes one on
    "alert_list": row(READ),
    "alert_bell": row(READ),
    "alert_acknowledge": row(WRITE, FINANCE, ADMIN),
    "alert_limits": row(FORM, ADMIN),
    "alert_mail": row(FORM),
    "alert_hook": row(FORM, ADMIN),
    "alert_hook_secret": row(WRITE, ADMIN),
    "alert_hook_switch": row(WRITE, ADMIN),
    "alert_hook_remove": row(WRITE, ADMIN),
    "alert_hook_test": row(WRITE, ADMIN),
    "alert_hook_resend": row(WRITE, ADMIN),
    # saved views: one that is shared is opened by all and changed by its owner, the member
    "saved_views": row(READ),
    "saved_view": row(READ),
    "saved_view_create": row(WRITE),
    "saved_view_update": row(WRITE, MEMBER, otherwise=NOT_THEIRS),
    "saved_view_delete": row(WRITE, MEMBER, otherwise=NOT_THEIRS),  # of one that is not shared
    "saved_view_undelete": row(WRITE, MEMBER, otherwise=NOT_THEIRS),
    "saved_view_default": row(WRITE),
    # the columns of a list, as each person wants them
    "columns_choose": row(WRITE),
    # the team
    "policy": row(READ),
    "policy_change": row(FORM, ADMIN),
    "team_settings": row(FORM, ADMIN),
    "first_steps": row(WRITE, ADMIN),
}
