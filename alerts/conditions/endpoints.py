"""The team's own webhook was switched off because it failed: nobody hears there of the rest."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.models import Endpoint
from alerts.models.hooks import DisabledBy
from alerts.states import Kind, Severity


def _off(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    failed = Endpoint.objects.filter(disabled_by__in=[DisabledBy.GONE, DisabledBy.FAILURES])
    for endpoint in failed.select_related("team"):
        yield Holding(
            team_id=endpoint.team_id,
            subject="endpoint",
            severity=Severity.CRITICAL,
            title=_("Alerts are no longer sent to the webhook"),
            detail=str(DisabledBy(endpoint.disabled_by).label) + ".",
            link=page("alert_hook", endpoint.team),
        )


OFF: Final = Condition(Kind.ENDPOINT_OFF, _off)
