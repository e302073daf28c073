"""Everything that the audit log tells of, in one list: its words, its family, who reads it."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Family(models.TextChoices):
    """What kind of thing was done."""

    SIGNING_IN = "signing_in", _("Signing in")
    PEOPLE = "people", _("People and roles")
    TEAM = "team", _("Team settings and policy")
    PROVIDERS = "providers", _("Provider accounts and keys")
    RENTALS = "rentals", _("Rentals")
    CODES = "codes", _("Codes shown to others")
    MONEY = "money", _("Money")
    ALERTS = "alerts", _("Alerts")
    EXPORTS = "exports", _("Exports")


class Action(models.TextChoices):
    """What was done. A word stays what it is for good: the log is never rewritten."""

    SIGNED_IN = "user.signed_in", _("Signed in")
    SIGN_IN_FAILED = "user.sign_in_failed", _("Sign-in failed")
    SIGNED_OUT = "user.signed_out", _("Signed out")
    SESSIONS_ENDED = "user.sessions_ended", _("Signed out other devices")
    PASSWORD_SET = "user.password_set", _("Password set")
    FACTOR_ADDED = "user.factor_added", _("Second factor added")
    FACTOR_REMOVED = "user.factor_removed", _("Second factor removed")
    RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed", _("Recovery codes renewed")

    MEMBER_ADDED = "member.added", _("Joined the team")
    MEMBER_REMOVED = "member.removed", _("Removed from the team")
    ROLES_CHANGED = "member.roles_changed", _("Roles changed")
    INVITATION_CREATED = "invitation.created", _("Invited")
    INVITATION_ACCEPTED = "invitation.accepted", _("Invitation accepted")
    INVITATION_REVOKED = "invitation.revoked", _("Invitation revoked")

    TEAM_CREATED = "team.created", _("Team created")
    TEAM_SETTINGS_CHANGED = "team.settings_changed", _("Team settings changed")
    POLICY_CHANGED = "policy.changed", _("Policy changed")
    VIEW_SHARED = "view.shared", _("Saved view shared")
    VIEW_UNSHARED = "view.unshared", _("Saved view no longer shared")

    ACCOUNT_ADDED = "provider_account.added", _("Provider account added")
    ACCOUNT_RENAMED = "provider_account.renamed", _("Provider account renamed")
    ACCOUNT_ARCHIVED = "provider_account.archived", _("Provider account archived")
    KEY_ROTATED = "provider_account.key_rotated", _("API key replaced")
    HOOK_ROTATED = "provider_account.hook_rotated", _("Webhook address replaced")
    INBOX_REPLAYED = "provider_account.inbox_replayed", _("Webhooks applied again")
    PROVIDER_ASKED = "provider_account.asked", _("Provider asked on the console")
    ANSWER_SHOWN = "provider_account.answer_shown", _("Answer of a provider shown in full")
    KEYRING_ROTATED = "keyring.rotated", _("Keyring rotated")

    RENTAL_REQUESTED = "rental.requested", _("Number rented")
    STOPPED_BY_POLICY = "rental.stopped_by_policy", _("Rent stopped by the policy")
    STOPPED_BY_BUDGET = "rental.stopped_by_budget", _("Rent stopped by a budget")
    RENTAL_CANCELLED = "rental.cancel_asked", _("Rental cancelled")
    RENTAL_FINISHED = "rental.finish_asked", _("Rental finished")
    RENTAL_FINISH_UNDONE = "rental.finish_undone", _("Finish undone")
    RENTAL_KEPT = "rental.more_asked", _("Waited for another SMS")
    RENTAL_PURGED = "rental.purged", _("Texts and codes removed")
    CODE_SHOWN = "rental.code_shown", _("Code of another member shown")

    DOUBT_DECIDED = "rental.doubt_decided", _("Doubt decided")
    MATCHED = "ledger.matched", _("Matched")
    MATCH_UNDONE = "ledger.match_undone", _("Match undone")
    EXCEPTION_ASSIGNED = "exception.assigned", _("Exception assigned")
    EXCEPTION_RESOLVED = "exception.resolved", _("Exception resolved")
    EXCEPTION_REOPENED = "exception.reopened", _("Exception opened again")
    REFUND_WRITTEN_OFF = "refund.written_off", _("Refund written off")
    REFUND_AWAITED_AGAIN = "refund.awaited_again", _("Write-off taken back")
    DEPOSIT_RECORDED = "ledger.deposit_recorded", _("Deposit recorded")
    DEPOSIT_TAKEN_BACK = "ledger.deposit_taken_back", _("Deposit taken back")
    RATES_ENTERED = "rates.entered", _("Exchange rates entered")
    RATE_CORRECTED = "rate.corrected", _("Exchange rate corrected")
    MONTH_CLOSED = "month.closed", _("Month closed")

    ALERT_ACKNOWLEDGED = "alert.acknowledged", _("Alert taken on")
    ALERT_LIMITS_CHANGED = "alert.limits_changed", _("Limits of alerts changed")
    WEBHOOK_SET = "alert_webhook.set", _("Webhook for alerts set")
    WEBHOOK_SECRET_ROTATED = "alert_webhook.secret_rotated", _("Secret of the webhook replaced")
    WEBHOOK_ON = "alert_webhook.on", _("Webhook for alerts switched on")
    WEBHOOK_OFF = "alert_webhook.off", _("Webhook for alerts switched off")
    WEBHOOK_REMOVED = "alert_webhook.removed", _("Webhook for alerts removed")

    BUDGET_ADDED = "budget.added", _("Budget added")
    BUDGET_CHANGED = "budget.changed", _("Budget changed")
    BUDGET_ENDED = "budget.ended", _("Budget ended")
    BUDGET_MORE_ASKED = "budget.more_asked", _("More asked for")
    BUDGET_MORE_WITHDRAWN = "budget.more_withdrawn", _("Request for more withdrawn")
    BUDGET_RAISED = "budget.raised", _("More approved")
    BUDGET_DECLINED = "budget.declined", _("More declined")

    EXPORTED = "ledger.exported", _("List downloaded")
    EXPORT_ASKED = "export.asked", _("Long list asked for as a file")
    TRAIL_EXPORTED = "audit.exported", _("Audit log downloaded")

    @property
    def family(self) -> Family:
        return FAMILIES[self]

    @property
    def is_money(self) -> bool:
        """Whether people who keep the books read it."""
        return self.family == Family.MONEY or self in _OF_MONEY_TOO


_IN: Final[dict[Family, tuple[Action, ...]]] = {
    Family.SIGNING_IN: (
        Action.SIGNED_IN,
        Action.SIGN_IN_FAILED,
        Action.SIGNED_OUT,
        Action.SESSIONS_ENDED,
        Action.PASSWORD_SET,
        Action.FACTOR_ADDED,
        Action.FACTOR_REMOVED,
        Action.RECOVERY_CODES_RENEWED,
    ),
    Family.PEOPLE: (
        Action.MEMBER_ADDED,
        Action.MEMBER_REMOVED,
        Action.ROLES_CHANGED,
        Action.INVITATION_CREATED,
        Action.INVITATION_ACCEPTED,
        Action.INVITATION_REVOKED,
    ),
    Family.TEAM: (
        Action.TEAM_CREATED,
        Action.TEAM_SETTINGS_CHANGED,
        Action.POLICY_CHANGED,
        Action.VIEW_SHARED,
        Action.VIEW_UNSHARED,
    ),
    Family.PROVIDERS: (
        Action.ACCOUNT_ADDED,
        Action.ACCOUNT_RENAMED,
        Action.ACCOUNT_ARCHIVED,
        Action.KEY_ROTATED,
        Action.HOOK_ROTATED,
        Action.INBOX_REPLAYED,
        Action.PROVIDER_ASKED,
        Action.KEYRING_ROTATED,
    ),
    Family.RENTALS: (
        Action.RENTAL_REQUESTED,
        Action.STOPPED_BY_POLICY,
        Action.RENTAL_CANCELLED,
        Action.RENTAL_FINISHED,
        Action.RENTAL_FINISH_UNDONE,
        Action.RENTAL_KEPT,
        Action.RENTAL_PURGED,
    ),
    Family.CODES: (Action.CODE_SHOWN, Action.ANSWER_SHOWN),
    Family.MONEY: (
        Action.DOUBT_DECIDED,
        Action.MATCHED,
        Action.MATCH_UNDONE,
        Action.EXCEPTION_ASSIGNED,
        Action.EXCEPTION_RESOLVED,
        Action.EXCEPTION_REOPENED,
        Action.REFUND_WRITTEN_OFF,
        Action.REFUND_AWAITED_AGAIN,
        Action.DEPOSIT_RECORDED,
        Action.DEPOSIT_TAKEN_BACK,
        Action.RATES_ENTERED,
        Action.RATE_CORRECTED,
        Action.MONTH_CLOSED,
        Action.BUDGET_ADDED,
        Action.BUDGET_CHANGED,
        Action.BUDGET_ENDED,
        Action.BUDGET_MORE_ASKED,
        Action.BUDGET_MORE_WITHDRAWN,
        Action.BUDGET_RAISED,
        Action.BUDGET_DECLINED,
        Action.STOPPED_BY_BUDGET,
    ),
    Family.ALERTS: (
        Action.ALERT_ACKNOWLEDGED,
        Action.ALERT_LIMITS_CHANGED,
        Action.WEBHOOK_SET,
        Action.WEBHOOK_SECRET_ROTATED,
        Action.WEBHOOK_ON,
        Action.WEBHOOK_OFF,
        Action.WEBHOOK_REMOVED,
    ),
    Family.EXPORTS: (Action.EXPORTED, Action.EXPORT_ASKED, Action.TRAIL_EXPORTED),
}
FAMILIES: Final = {action: family for family, actions in _IN.items() for action in actions}
_OF_MONEY_TOO: Final = frozenset({Action.EXPORTED})
