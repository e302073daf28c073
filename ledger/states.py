"""The words that the ledger's rows are in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountKind(models.TextChoices):
    """The accounts of a wallet's book. A debit to WALLET is money that the provider holds."""

    WALLET = "wallet", _("Wallet")
    FUNDING = "funding", _("Funding")  # opening balances and deposits come from here
    SPEND = "spend", _("Rentals")  # charges less refunds
    OUTSIDE = "outside", _("Outside use")  # the key was used elsewhere, and a person said so
    SUSPENSE = "suspense", _("Suspense")  # seen in the wallet, and not explained yet
    WRITE_OFF = "write_off", _("Write-offs")


class TransferKind(models.TextChoices):
    OPENING = "opening", _("Opening balance")
    DEPOSIT = "deposit", _("Deposit")
    PURCHASE = "purchase", _("Rental")
    REFUND = "refund", _("Refund")
    ADJUSTMENT = "adjustment", _("Adjustment")  # charged above what was held
    CORRECTION = "correction", _("Correction")
    SUSPENSE = "suspense", _("Not explained yet")
    OUTSIDE = "outside", _("Outside use")
    WRITE_OFF = "write_off", _("Write-off")


class Phase(models.TextChoices):
    """What a transfer does to the balances. A pending one is posted or voided once."""

    POSTED = "posted", _("Posted")
    PENDING = "pending", _("Held")
    POST = "post", _("Settled")  # resolves a pending one, with its amount or less
    VOID = "void", _("Released")  # resolves a pending one: nothing moves


class RowKind(models.TextChoices):
    """The types of statement rows that SMSGig's document names; anything else is OTHER."""

    PURCHASE = "purchase", _("Purchase")
    REFUND = "refund", _("Refund")
    DEPOSIT = "deposit", _("Deposit")
    OTHER = "other", _("Other")


class RefundState(models.TextChoices):
    EXPECTED = "expected", _("Expected")
    QUEUED = "queued", _("Queued")  # the provider says that it will pay
    RECEIVED = "received", _("Received")
    SHORT_PAID = "short_paid", _("Short-paid")
    OVER_PAID = "over_paid", _("Over-paid")
    WRITTEN_OFF = "written_off", _("Written off")


AWAITED = frozenset({RefundState.EXPECTED, RefundState.QUEUED})


class RefundCause(models.TextChoices):
    """Why a provider owes a refund."""

    CANCELLED = "cancelled", _("Cancelled without an SMS")
    LOST = "lost", _("Charged, and no number given")
    EXPIRED = "expired", _("Ended without an SMS")  # neither document promises one


class ExceptionKind(models.TextChoices):
    OUTSIDE_PURCHASE = "outside_purchase", _("Purchase that nobody here made")
    OUTSIDE_REFUND = "outside_refund", _("Refund that nobody here is owed")
    UNKNOWN_ROW = "unknown_row", _("Statement row of an unknown type")
    CHANGED_ROW = "changed_row", _("Statement row that changed")
    VANISHED_ROW = "vanished_row", _("Statement row that is gone")
    STATEMENT_GAP = "statement_gap", _("Statement with a gap")
    AMOUNT_DIFFERS = "amount_differs", _("Charged another amount than quoted")
    ABOVE_HOLD = "above_hold", _("Charged more than was held")
    DOUBLE_REFUND = "double_refund", _("Refunded more than was charged")
    SHORT_REFUND = "short_refund", _("Refunded less than was owed")
    DRIFT = "drift", _("Balance that nothing explains")
    SMS_AFTER_CANCEL = "sms_after_cancel", _("SMS after a refund was asked for")
    LATE_NUMBER = "late_number", _("Number that came after a refusal")


class ExceptionState(models.TextChoices):
    OPEN = "open", _("Open")
    ASSIGNED = "assigned", _("Assigned")
    RESOLVED = "resolved", _("Resolved")


UNRESOLVED = frozenset({ExceptionState.OPEN, ExceptionState.ASSIGNED})


class Resolution(models.TextChoices):
    """What an exception turned out to be."""

    MATCHED = "matched", _("Matched")
    OUTSIDE = "outside", _("Outside use")
    WRITE_OFF = "write_off", _("Written off")
    DEPOSIT = "deposit", _("Deposit")
    REFUND = "refund", _("Refund of a rental")
    CHARGE = "charge", _("Charge of a rental")
    NOTED = "noted", _("Noted")


class MatchPass(models.TextChoices):
    """What a match rests on, the surest first."""

    REFERENCE = "reference", _("Its description names the activation")
    UNIQUE = "unique", _("Nothing else fits")
    ALIKE = "alike", _("One of several that are alike")
    PERSON = "person", _("Matched by a person")


class FindingKind(models.TextChoices):
    """What reconciliation proves about a rental whose outcome is not known."""

    CHARGED = "charged", _("Charged")
    NOT_CHARGED = "not_charged", _("Not charged")


class Evidence(models.TextChoices):
    STATEMENT = "statement", _("Statement")
    BALANCE = "balance", _("Balance")
    PERSON = "person", _("A person")


class ExportState(models.TextChoices):
    """How far a list is on its way into a file."""

    REQUESTED = "requested", _("Waiting for a worker")
    RUNNING = "running", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")
    EXPIRED = "expired", _("Expired")
