"""Who is told by e-mail of what, and the letters that are to be sent."""

from datetime import datetime, timedelta, tzinfo
from typing import Final

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.pages.zones import first_zone
from alerts.models.alerts import Alert
from alerts.states import DEFAULT_MAIL, How, Kind, News

DIGEST_HOUR: Final = 8


class MailChoice(models.Model):
    """What somebody wants from one of their teams. Without a row they have the defaults."""

    membership = models.OneToOneField(
        Membership, primary_key=True, on_delete=models.CASCADE, related_name="alert_mail"
    )
    how = models.JSONField(default=dict)  # by kind, where it is not the default
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of the daily digest"), default=DIGEST_HOUR, validators=[MaxValueValidator(23)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digest_hour__lte=23), name="digest_at_an_hour_of_the_day"
            )
        ]

    def __str__(self) -> str:
        return f"e-mail of {self.membership}"

    def of(self, kind: Kind) -> How:
        said = self.how.get(kind)
        return How(said) if said in How.values else DEFAULT_MAIL[kind]

    @property
    def zone(self) -> tzinfo:
        return first_zone(self.membership.user.time_zone, self.membership.team.time_zone)

    def next_digest(self, now: datetime) -> datetime:
        """By the clock of the person, else of the team."""
        local = now.astimezone(self.zone)
        at = local.replace(hour=self.digest_hour, minute=0, second=0, microsecond=0)
        return at if at > local else at + timedelta(days=1)  # of the clock on the wall


class Letter(models.Model):
    """What somebody is to be told of an alert. One mail may carry many.

    Written with what it tells of, due at once or at the hour of the next daily digest; settled by
    `sent_at` or `dropped_at`. A worker takes letters by writing its own `batch`, and writes
    `handed_at` before the mail server gets a byte of them: whatever died after that is not sent
    again, because nobody knows whether it went. It goes into a digest, which `broke_off_at` says;
    what breaks off there too is dropped.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="letters")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    news = models.CharField(max_length=10, choices=News)
    how = models.CharField(max_length=10, choices=How)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    batch = models.UUIDField(null=True, blank=True)
    taken_until = models.DateTimeField(null=True, blank=True)
    handed_at = models.DateTimeField(null=True, blank=True)
    broke_off_at = models.DateTimeField(null=True, blank=True)  # the first time
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)  # of the last try to send it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "membership", "news"], name="told_once_of_each_news"
            ),
            models.CheckConstraint(
                condition=models.Q(sent_at__isnull=True) | models.Q(dropped_at__isnull=True),
                name="letter_sent_or_dropped",
            ),
        ]
        indexes = [
            models.Index(
                fields=["membership", "how"],
                condition=models.Q(sent_at__isnull=True, dropped_at__isnull=True),
                name="letter_unsettled",
            )
        ]

    def __str__(self) -> str:
        return f"{self.news} {self.alert_id} to {self.membership_id}"
