"""Somebody takes an alert on."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.announcements import alerts_changed
from accounts.models import User
from alerts.models import Alert
from alerts.operations.errors import NotPossible


def acknowledge(*, alert: Alert, actor: User, now: datetime) -> Alert:
    """Write down who looks after it. Raises NotPossible where somebody does, or it is over."""
    with transaction.atomic():
        locked = Alert.objects.select_for_update(no_key=True).get(pk=alert.pk)
        if locked.closed_at is not None:
            raise NotPossible(_("This alert is over."))
        if locked.acknowledged_by is not None:
            name = {"name": locked.acknowledged_by}
            raise NotPossible(_("%(name)s has taken this on already.") % name)
        locked.acknowledged_at, locked.acknowledged_by = now, actor
        locked.save(update_fields=["acknowledged_at", "acknowledged_by"])
        audit.record(team=locked.team, actor=actor, action=Action.ALERT_ACKNOWLEDGED, object=locked)
        transaction.on_commit(lambda: alerts_changed(locked.team_id))
    return locked
