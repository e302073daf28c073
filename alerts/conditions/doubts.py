"""A rental may have been charged, and nothing has told for too long."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.models.limits import DOUBT_MINUTES
from alerts.states import Kind, Severity
from ledger.amounts import said
from rentals.models import Rental
from rentals.states import RentalState

CRITICAL_AFTER: Final = timedelta(hours=6)


def _in_doubt(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    doubts: QuerySet[Any] = Rental.objects.filter(state=RentalState.IN_DOUBT).annotate(
        since=Coalesce("sent_at", "requested_at"),
        minutes=Coalesce(F("team__alert_limits__doubt_minutes"), DOUBT_MINUTES),
    )
    for rental in doubts.select_related("team", "account"):
        age = now - rental.since
        if age < timedelta(minutes=rental.minutes):
            continue
        yield Holding(
            team_id=rental.team_id,
            subject=f"rental:{rental.pk}",
            severity=Severity.CRITICAL if age > CRITICAL_AFTER else Severity.WARNING,
            title=_("Rental #%(id)s is in doubt") % {"id": rental.pk},
            detail=_("%(service)s at %(wallet)s: %(amount)s may have been charged.")
            % {
                "service": rental.service_name,
                "wallet": rental.account.label,
                "amount": said(rental.held or rental.price, rental.currency),
            },
            link=page("rental_detail", rental.team, rental=rental.pk),
            member_id=rental.member_id,
        )


IN_DOUBT: Final = Condition(Kind.IN_DOUBT, _in_doubt)
