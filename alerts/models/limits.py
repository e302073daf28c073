"""From when on a team wants to be told."""

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount, Team

DOUBT_MINUTES: Final = 10
MISSED_CODES: Final = 3


class TeamLimits(models.Model):
    """A team without a row has the defaults."""

    team = models.OneToOneField(
        Team, primary_key=True, on_delete=models.CASCADE, related_name="alert_limits"
    )
    doubt_minutes = models.PositiveSmallIntegerField(
        _("Minutes that a rental may be in doubt"),
        default=DOUBT_MINUTES,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
    )
    missed_codes = models.PositiveSmallIntegerField(
        _("Codes in a row that no webhook brought"),
        default=MISSED_CODES,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    def __str__(self) -> str:
        return f"limits of {self.team}"


class WalletLimits(models.Model):
    """In the wallet's own currency; null is not watched."""

    account = models.OneToOneField(
        ProviderAccount, primary_key=True, on_delete=models.CASCADE, related_name="alert_limits"
    )
    low = models.DecimalField(_("low below"), max_digits=18, decimal_places=4, null=True)
    fall = models.DecimalField(_("fall in an hour"), max_digits=18, decimal_places=4, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(low__isnull=True) | models.Q(low__gt=0))
                & (models.Q(fall__isnull=True) | models.Q(fall__gt=0)),
                name="wallet_limits_are_amounts",
            )
        ]

    def __str__(self) -> str:
        return f"limits of {self.account}"
