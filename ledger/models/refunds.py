"""What a provider owes us for a rental, and what came of it."""

from django.db import models

from accounts.models import ProviderAccount, User
from ledger.states import AWAITED, RefundCause, RefundState


class Refund(models.Model):
    """A claim for one rental. `received` is the sum of the refund transfers of its reference.

    Between `expected_min` and `expected_max` lies what should come: one amount where the rule is
    known. A refund that no document promises begins at 0. Overdue is what is awaited past
    `due_at`.
    """

    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="refunds")
    reference = models.CharField(max_length=60)
    external_id = models.CharField(max_length=64, blank=True)
    service = models.CharField(max_length=200, blank=True)
    cause = models.CharField(max_length=10, choices=RefundCause)
    state = models.CharField(max_length=12, choices=RefundState, default=RefundState.EXPECTED)
    currency = models.CharField(max_length=3)
    charged = models.DecimalField(max_digits=18, decimal_places=4)
    expected_min = models.DecimalField(max_digits=18, decimal_places=4)
    expected_max = models.DecimalField(max_digits=18, decimal_places=4)
    received = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    age = models.FloatField(null=True, blank=True)  # the part of its time that was used, 0 to 1
    claimed_at = models.DateTimeField()  # when the cancel was sent, or the charge proved
    due_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)
    day = models.DateField()  # of the purchase, which a refund gives back to
    closed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["wallet", "reference"], name="one_refund_claim_a_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(expected_min__gte=0)
                & models.Q(expected_max__gte=models.F("expected_min"))
                & models.Q(charged__gte=models.F("expected_max")),
                name="refund_expects_no_more_than_was_charged",
            ),
        ]
        indexes = [
            models.Index(
                fields=["wallet", "due_at"],
                condition=models.Q(state__in=["expected", "queued"]),
                name="refund_awaited",
            ),
            # A page's refunds, in their order: see ledger/queries/refunds.py.
            models.Index(
                fields=["wallet", "state", "cause", "due_at", "id"],
                include=["service"],
                name="refund_in_order",
            ),
            models.Index(
                fields=["wallet", "external_id"],
                condition=~models.Q(external_id=""),
                name="refund_external",
            ),
        ]

    def __str__(self) -> str:
        return f"refund for {self.reference}"

    # Django's own look through all choices, and translate them, for each row of a list.
    def get_state_display(self) -> str:  # type: ignore[no-redef]
        return str(RefundState(self.state).label)

    def get_cause_display(self) -> str:  # type: ignore[no-redef]
        return str(RefundCause(self.cause).label)

    @property
    def is_awaited(self) -> bool:
        return self.state in AWAITED

    @property
    def is_given_up(self) -> bool:
        """Whether somebody wrote it off, and may think better of it."""
        return self.state == RefundState.WRITTEN_OFF and self.closed_by_id is not None

    @property
    def state_by_money(self) -> RefundState:
        """What a claim of which something was received is, by how much it was."""
        if self.received > self.expected_max:
            return RefundState.OVER_PAID
        is_short = self.received < self.expected_min
        return RefundState.SHORT_PAID if is_short else RefundState.RECEIVED
