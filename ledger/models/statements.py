"""What a provider's statement says, row by row, and what each row was matched to."""

from django.db import models

from accounts.append_only import append_only
from accounts.models import ProviderAccount, User
from ledger.models.book import Transfer
from ledger.states import MatchPass, RowKind


class StatementRow(models.Model):
    """A row of the provider's statement as it was first seen. A change is a version beside it."""

    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="rows")
    provider_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=RowKind)
    kind_raw = models.CharField(max_length=40)
    amount = models.DecimalField(
        max_digits=18, decimal_places=4
    )  # positive: the kind gives the direction
    description = models.CharField(max_length=500, blank=True)
    occurred_at = models.DateTimeField()  # the provider's clock; when first seen, where not told
    first_seen_at = models.DateTimeField()
    before_cut_over = models.BooleanField(default=False)  # part of the opening balance

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "provider_id"], name="row_once_a_wallet")
        ]
        indexes = [models.Index(fields=["wallet", "occurred_at"], name="row_time")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.kind_raw} #{self.provider_id}"


class RowVersion(models.Model):
    """A row as it read later, other than when it was first seen."""

    row = models.ForeignKey(StatementRow, on_delete=models.PROTECT, related_name="versions")
    seen_at = models.DateTimeField()
    kind_raw = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    description = models.CharField(max_length=500, blank=True)
    occurred_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["seen_at", "pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.row} as of {self.seen_at:%F %T}"


class Match(models.Model):
    """A row is explained by a transfer. Several rows may share one; undone, the row is free again.

    A transfer that is pending stands for a rental in doubt. Rows and transfers are never removed,
    so that what a match points at stays; a million matches are written without looking each up.
    """

    row = models.ForeignKey(
        StatementRow, on_delete=models.PROTECT, related_name="matches", db_constraint=False
    )
    transfer = models.ForeignKey(
        Transfer, on_delete=models.PROTECT, related_name="matches", db_constraint=False
    )
    by_pass = models.CharField(max_length=10, choices=MatchPass)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=500, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["row"],
                condition=models.Q(undone_at__isnull=True),
                name="row_matched_once",
            )
        ]
        indexes = [
            # What may be looked at again: few among all.
            models.Index(
                fields=["row"],
                condition=models.Q(by_pass=MatchPass.ALIKE, undone_at__isnull=True),
                name="match_alike",
            )
        ]

    def __str__(self) -> str:
        return f"row {self.row_id} is transfer {self.transfer_id}"
