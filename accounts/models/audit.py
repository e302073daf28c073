"""Who did what. Append-only, written in the same transaction as what it records."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.checks import CheckMessage
from django.db import models

from accounts.append_only import append_only
from accounts.models.teams import Team
from accounts.models.users import User


class StoredColumn(models.GeneratedField):
    """A generated column whose check does not ask a server for its version: what starts while
    PostgreSQL is away has to wait for it, not to end."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return super().check(**kwargs | {"databases": []})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, options


class AuditEvent(models.Model):
    """`before` and `after` never hold a secret. `actor` is None where the portal acted itself."""

    team = models.ForeignKey(
        Team, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    address = models.GenericIPAddressField(null=True)  # null: a worker, or the command line
    action = models.CharField(max_length=60)  # a word of accounts.actions
    # Of the action, and kept with the row, so that an index answers.
    family = models.CharField(max_length=20)
    is_money = models.BooleanField(default=False)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=200, blank=True)  # what the object was called then
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    words = models.TextField(blank=True)  # all of the above that a search finds it by
    found_by = StoredColumn(
        expression=SearchVector("words", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        triggers = [append_only()]
        # One for each filter of the page, in the order of its list.
        indexes = [
            models.Index(fields=["team", "at", "id"], name="audit_by_time"),
            models.Index(
                fields=["team", "at", "id"],
                condition=models.Q(is_money=True),
                name="audit_of_money",
            ),
            models.Index(fields=["team", "family", "at", "id"], name="audit_by_family"),
            models.Index(fields=["team", "action", "at", "id"], name="audit_by_action"),
            models.Index(fields=["team", "actor", "at", "id"], name="audit_by_actor"),
            models.Index(fields=["team", "address", "at", "id"], name="audit_by_address"),
            models.Index(
                fields=["team", "object_type", "object_id", "at", "id"], name="audit_by_object"
            ),
            GinIndex(fields=["found_by"], name="audit_by_words"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.action}"
