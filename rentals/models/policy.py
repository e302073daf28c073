"""What a team's admins let its members rent, and how long it keeps what came."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Team
from rentals.policy import PurposeRule, Terms


class Policy(models.Model):
    """One row a team; without a row everything is allowed."""

    team = models.OneToOneField(
        Team, primary_key=True, on_delete=models.CASCADE, related_name="policy"
    )
    services = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    highest = models.JSONField(default=dict, blank=True)  # figures in text, by currency
    purpose_rule = models.CharField(
        max_length=10, choices=PurposeRule, default=PurposeRule.OPTIONAL
    )
    purposes = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    tickets = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    most_live = models.PositiveSmallIntegerField(null=True, blank=True)
    # How long texts and codes are kept (null: for good), and whether numbers go with them.
    keep_days = models.PositiveSmallIntegerField(null=True, blank=True)
    purges_numbers = models.BooleanField(default=False)
    # Raised by every change, so that nobody overwrites one that they have not seen.
    version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"policy of {self.team}"

    @classmethod
    def of(cls, team_id: int) -> "Policy":
        """The team's policy, or one that allows everything and is not kept yet."""
        return cls.objects.filter(team=team_id).first() or cls(team_id=team_id)

    @property
    def terms(self) -> Terms:
        return Terms(
            services=tuple(self.services),
            highest={currency: Decimal(figure) for currency, figure in self.highest.items()},
            purpose_rule=PurposeRule(self.purpose_rule),
            purposes=tuple(self.purposes),
            tickets=tuple(self.tickets),
            most_live=self.most_live,
        )
