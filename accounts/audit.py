"""The trail of who did what: written with what it records, or not at all."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction

from accounts.models import AuditEvent, Team, User


def record(
    *,
    team: Team | None,
    actor: User | None,
    action: str,
    object: models.Model | None = None,  # noqa: A002 - the field's own name
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write an audit event inside the caller's transaction.

    `actor` is None for the portal itself and for an operator at the command line. `before` and
    `after` are JSON values and hold no secret.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit event belongs in the transaction of what it records.")
    return AuditEvent.objects.create(
        team=team,
        actor=actor,
        action=action,
        object_type=object._meta.label_lower if object else "",
        object_id=str(object.pk) if object else "",
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
    )
