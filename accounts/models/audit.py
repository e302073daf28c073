"""Who did what. Append-only, written in the same transaction as what it records."""

from django.db import models

from accounts.append_only import append_only
from accounts.models.teams import Team
from accounts.models.users import User


class AuditEvent(models.Model):
    """`before` and `after` never hold a secret. `actor` is None where the portal acted itself."""

    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)  # "provider_account.key_rotated"
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.action}"
