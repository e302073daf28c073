"""What nobody but a person can explain: the queue in front of finance."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext as _

from accounts.models import ProviderAccount, User
from ledger.models.statements import StatementRow
from ledger.states import ExceptionKind, ExceptionState


class ReconciliationException(models.Model):
    """`amount` is signed: what the wallet holds more (or less) than is explained; 0 for a notice.

    An exception with money stands in the suspense account until a person says what it was.
    `key` keeps one finding from being reported twice.
    """

    DOUBT: ClassVar = "undecided:"  # how the keys of rentals in doubt begin

    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="exceptions")
    key = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=ExceptionKind)
    state = models.CharField(max_length=10, choices=ExceptionState, default=ExceptionState.OPEN)
    row = models.ForeignKey(
        StatementRow, null=True, blank=True, on_delete=models.PROTECT, related_name="exceptions"
    )
    reference = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    detail = models.CharField(max_length=500, blank=True)  # in a person's words; no number or code
    occurred_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    assigned_to = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    # Null where the provider's own rows or balance explained it after all.
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.CharField(max_length=40, blank=True)  # a word: matched, outside, …
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "key"], name="exception_reported_once"),
            models.UniqueConstraint(
                fields=["row"],
                condition=models.Q(state__in=["open", "assigned"], row__isnull=False),
                name="one_open_exception_a_row",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="assigned") | models.Q(assigned_to__isnull=False),
                name="assigned_to_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(state="resolved", resolved_at__isnull=False)
                | (~models.Q(state="resolved") & models.Q(resolved_at__isnull=True)),
                name="resolved_at_some_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["wallet", "opened_at"],
                condition=models.Q(state__in=["open", "assigned"]),
                name="exception_queue",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def title(self) -> str:
        """In a few words. A row of no amount is one of several that a rental of ours explains."""
        if self.key.startswith(self.DOUBT):
            return _("Rental in doubt that no balance can decide")
        outside = (ExceptionKind.OUTSIDE_PURCHASE, ExceptionKind.OUTSIDE_REFUND)
        if self.kind in outside and not self.amount:
            return _("Which of several rows is ours?")
        return str(self.get_kind_display())
