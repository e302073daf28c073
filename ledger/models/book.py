"""The book: accounts, transfers and balances, one currency per transfer, append-only.

What is written here is held by PostgreSQL itself (migration 0001): both accounts of a transfer are
in its wallet and its currency, a key is used once, a pending transfer is resolved once, nothing is
changed or removed, and the balance rows are the fold of the transfers at all times.
"""

from typing import Final

from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from accounts.append_only import append_only
from accounts.models import ProviderAccount, User
from ledger.models import triggers
from ledger.states import AccountKind, Phase, TransferKind

BY_HAND: Final = "deposit:"  # before the key of a deposit that a person recorded
UNDONE: Final = ":undone"  # after the key of what is reversed


class Book(models.Model):
    """A wallet's book. What the provider did before `cut_over_at` is in the opening balance."""

    wallet = models.OneToOneField(
        ProviderAccount, primary_key=True, on_delete=models.PROTECT, related_name="book"
    )
    cut_over_at = models.DateTimeField()  # by the provider's clock, where it told it
    # One reconciliation at a time: a lease, and when the next is due.
    reconciling_until = models.DateTimeField(null=True, blank=True)
    reconcile_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"book of {self.wallet}"


class Account(models.Model):
    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=AccountKind)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "kind"], name="account_kind_once_a_wallet"),
            # What a transfer's composite foreign keys point at.
            models.UniqueConstraint(
                fields=["id", "wallet", "currency"], name="account_with_wallet_and_currency"
            ),
        ]
        triggers = [append_only(), triggers.begin_balance()]

    def __str__(self) -> str:
        return f"{self.kind} of wallet {self.wallet_id}"


class Transfer(models.Model):
    """`amount` goes from `credit` to `debit`; it is positive. Corrections are new transfers."""

    key = models.CharField(max_length=100)  # of whoever books: same key, same transfer
    request_hash = models.BinaryField(max_length=32)
    wallet = models.ForeignKey(
        ProviderAccount,
        on_delete=models.PROTECT,
        related_name="transfers",
        db_constraint=False,
        db_index=False,
    )
    currency = models.CharField(max_length=3)
    debit = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    credit = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    kind = models.CharField(max_length=12, choices=TransferKind)
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.POSTED)
    resolves = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="resolution"
    )
    # What it is about: an opaque word of whoever books ("rental:42"), and how the provider may
    # name it on a statement.
    reference = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=64, blank=True)
    service = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField()  # when it happened at the provider, as far as is known
    booked_at = models.DateTimeField(db_default=Now())
    booked_on = (
        models.DateField()
    )  # the team's day on which it is booked: what a month close freezes
    day = models.DateField()  # the team's day that it counts for: a refund, the day of its purchase
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=500, blank=True)
    flagged = models.BooleanField(default=False)  # somebody should look: charged above the hold

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="transfer_booked_once"),
            models.CheckConstraint(  # the upper end keeps out NaN, which is above every number
                condition=models.Q(amount__gt=0, amount__lt=10**14), name="transfer_moves_money"
            ),
            models.CheckConstraint(
                condition=~models.Q(debit=models.F("credit")), name="transfer_between_two_accounts"
            ),
            models.CheckConstraint(
                condition=models.Q(phase__in=["post", "void"], resolves__isnull=False)
                | models.Q(phase__in=["posted", "pending"], resolves__isnull=True),
                name="transfer_resolves_where_it_says",
            ),
        ]
        indexes = [
            models.Index(fields=["wallet", "reference"], name="transfer_reference"),
            models.Index(fields=["wallet", "booked_on", "id"], name="transfer_statement"),
            # What a statement is searched for, beside references.
            models.Index(
                fields=["wallet", "external_id"],
                condition=~models.Q(external_id=""),
                name="transfer_external",
            ),
            models.Index("wallet", Upper("service"), name="transfer_service"),
            models.Index(  # what is set aside is found without reading all that was charged
                fields=["id"],
                include=["wallet", "booked_on"],
                condition=models.Q(phase="pending"),
                name="transfer_held",
            ),
            models.Index(  # most are nobody's
                fields=["actor"], condition=models.Q(actor__isnull=False), name="transfer_actor"
            ),
        ]
        triggers = [
            append_only(),
            triggers.check_resolution(),
            triggers.fold_transfers(),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency} ({self.key})"

    @property
    def reversal_key(self) -> str:
        """The key of what takes it back; it is used once, so it is taken back once."""
        return f"{self.key}{UNDONE}"

    @property
    def is_deposit_by_hand(self) -> bool:
        """Whether a person said that money was paid in."""
        return self.key.startswith(BY_HAND) and not self.takes_back_deposit

    @property
    def takes_back_deposit(self) -> bool:
        """Whether a person said that a deposit recorded by hand was none."""
        return self.key.startswith(BY_HAND) and self.key.endswith(UNDONE)


class Balance(models.Model):
    """The fold of an account's transfers. Written by the database alone."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="balance"
    )
    debits_posted = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    credits_posted = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    debits_pending = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    credits_pending = models.DecimalField(max_digits=18, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(debits_pending__gte=0) & models.Q(credits_pending__gte=0),
                name="balance_holds_not_negative",
            )
        ]
        triggers = [triggers.only_by_transfers()]

    def __str__(self) -> str:
        return f"balance of account {self.account_id}"


class ClosedMonth(models.Model):
    """A month of a wallet in which nothing can be booked any more, with what it held."""

    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))  # its first day
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    totals = models.JSONField()  # by kind of account: amounts as strings
    left_open = models.JSONField(default=list)  # what was open and known to be: words and numbers

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "month"], name="month_closed_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="month_is_its_first_day"),
        ]
        triggers = [append_only(), triggers.wait_for_bookings()]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} of wallet {self.wallet_id}"
