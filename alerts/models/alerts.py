"""Something that is wrong, from when it was noticed until it is over."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from alerts.states import Kind, Severity

LONGEST_TITLE: Final = 200
LONGEST_DETAIL: Final = 500


class Alert(models.Model):
    """`subject` is what it is about ("account:3"): a team has one open alert of a kind for it.

    What it says holds no number, text, code or key: it is sent by e-mail and to other systems.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=60)
    severity = models.PositiveSmallIntegerField(choices=Severity)  # rises while it is open
    title = models.CharField(max_length=LONGEST_TITLE)
    detail = models.CharField(max_length=LONGEST_DETAIL, blank=True)
    link = models.CharField(max_length=300)  # a path of ours
    # Whose own it is: they read it whatever their role.
    member = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    calm_since = models.DateTimeField(null=True, blank=True)  # it no longer holds, and may again
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "kind", "subject"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_alert_a_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | models.Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True)
                | models.Q(closed_at__gte=models.F("opened_at")),
                name="alert_closed_after_it_was_opened",
            ),
        ]
        indexes = [
            models.Index(
                fields=["team", "-closed_at"],
                condition=models.Q(closed_at__isnull=False),
                name="alert_closed",
            ),
            models.Index(
                fields=["kind"],
                condition=models.Q(closed_at__isnull=True),
                name="alert_open_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_critical(self) -> bool:
        return self.severity == Severity.CRITICAL


class Watch(models.Model):
    """When a kind of alert was last looked for; its lock lets one worker look at a time."""

    kind = models.CharField(primary_key=True, max_length=20, choices=Kind)
    looked_at = models.DateTimeField(_("last looked at"), null=True)

    def __str__(self) -> str:
        return f"{self.kind}, looked at {self.looked_at}"
