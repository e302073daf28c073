"""Lists that are made into files by a worker: what was asked for, how far it is, and the file."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Team, User
from accounts.states import Role
from ledger.states import ExportState


class Export(models.Model):
    """The row is the queue; whoever holds its lease is at it. `file` is there while it is ready."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    listing = models.CharField(max_length=40)  # a word of ledger.exports.listings
    about = models.BigIntegerField(null=True, blank=True)  # the wallet, for its statement
    query = models.CharField(max_length=2000, blank=True)  # of the page's address
    format = models.CharField(max_length=4)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.REQUESTED)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # tells one holder from another
    leased_until = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveBigIntegerField(default=0)  # written so far
    total = models.PositiveBigIntegerField(null=True, blank=True)
    roles = ArrayField(models.CharField(max_length=10, choices=Role), default=list)  # made with
    file = models.CharField(max_length=80, blank=True)  # its name in EXPORTS_DIR
    name = models.CharField(max_length=150, blank=True)  # what it is saved as
    size = models.PositiveBigIntegerField(null=True, blank=True)  # bytes
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state=ExportState.RUNNING),
                name="one_export_is_made_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["team", "asked_by", "listing", "about", "query", "format"],
                condition=Q(state__in=[ExportState.REQUESTED, ExportState.RUNNING]),
                nulls_distinct=False,
                name="one_unfinished_export_of_the_same",
            ),
            models.CheckConstraint(
                condition=Q(state=ExportState.READY) ^ Q(file=""), name="ready_has_a_file"
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "team", "-asked_at"], name="exports_of_a_person"),
            models.Index(fields=["state", "asked_at"], name="exports_in_turn"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in (ExportState.REQUESTED, ExportState.RUNNING)

    @property
    def is_there(self) -> bool:
        """Whether the file can be taken now."""
        return (
            self.state == ExportState.READY
            and self.expires_at is not None
            and timezone.now() < self.expires_at
        )

    @property
    def percent(self) -> int | None:
        """How much of it is written, 0 to 100; None where that is not known yet."""
        if not self.total:
            return None
        return min(100, 100 * self.rows // self.total)

    def held_by(self, attempt: int) -> "models.QuerySet[Any]":
        """The row, while the holder of this attempt is still at it."""
        return Export.objects.filter(pk=self.pk, attempts=attempt, state=ExportState.RUNNING)
