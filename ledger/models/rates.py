"""Exchange rates that finance enters, and the lines they are pinned to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.append_only import append_only
from accounts.models import Team, User
from ledger.models.book import Transfer


class ExchangeRate(models.Model):
    """One unit of `currency` was worth `rate` units of `into` from `day` on, until a newer one.

    A mistake is corrected by a row of the same day with the next `revision`, and a `reason`: the
    last one counts.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="exchange_rates")
    currency = models.CharField(_("currency"), max_length=3)
    into = models.CharField(_("into"), max_length=3)
    day = models.DateField(_("from the day"))
    rate = models.DecimalField(_("rate"), max_digits=24, decimal_places=12)
    source = models.CharField(_("source"), max_length=200, blank=True)
    revision = models.SmallIntegerField(default=0)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rate_is_positive"),
            models.CheckConstraint(
                condition=~models.Q(currency=models.F("into")), name="rate_between_two_currencies"
            ),
            models.UniqueConstraint(
                fields=["team", "currency", "into", "day", "revision"], name="one_rate_a_day"
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate} {self.into} from {self.day}"


class PinnedRate(models.Model):
    """Of which day the rate is that a transfer is reported with, from the first report on.

    Where that rate is corrected, the correction counts. What was reported of a closed month is kept
    with the month.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="pinned_rates")
    into = models.CharField(max_length=3)
    rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transfer", "into"], name="one_rate_a_line")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"transfer {self.transfer_id} at {self.rate_id}"
