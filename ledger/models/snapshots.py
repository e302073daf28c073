"""What a provider said that a wallet holds, beside what the book said at that moment."""

from django.db import models

from accounts.append_only import append_only
from accounts.models import ProviderAccount


class Snapshot(models.Model):
    """`drift` is `provider` - `ledger`, with its sign; `explained` of it was booked from it.

    `quiet`: no rent or cancel was under way while the balance was read.
    """

    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="snapshots")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    ledger = models.DecimalField(max_digits=18, decimal_places=4)
    provider = models.DecimalField(max_digits=18, decimal_places=4)
    drift = models.DecimalField(max_digits=18, decimal_places=4)
    explained = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    quiet = models.BooleanField()
    # The transfers that the book held then: those after it were not seen in `ledger`.
    last_transfer = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(drift=models.F("provider") - models.F("ledger")),
                name="drift_is_the_difference",
            )
        ]
        indexes = [models.Index(fields=["wallet", "-answered_at"], name="snapshot_latest")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"wallet {self.wallet_id} at {self.answered_at:%F %T}: {self.drift:+}"
