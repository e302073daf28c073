"""A provider owes a refund for longer than it should take."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.states import Kind, Severity
from ledger.amounts import said
from ledger.days import team_day
from ledger.models import Refund
from ledger.states import AWAITED

CRITICAL_AFTER: Final = timedelta(days=7)


def _overdue(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    late = Refund.objects.filter(state__in=AWAITED, expected_max__gt=0, due_at__lt=now)
    for refund in late.select_related("wallet__team"):
        team = refund.wallet.team
        is_old = refund.due_at < now - CRITICAL_AFTER
        yield Holding(
            team_id=team.pk,
            subject=f"refund:{refund.pk}",
            severity=Severity.CRITICAL if is_old else Severity.WARNING,
            title=_("A refund of %(wallet)s is overdue") % {"wallet": refund.wallet.label},
            detail=_("Up to %(amount)s for %(service)s was due by %(day)s.")
            % {
                "amount": said(refund.expected_max - refund.received, refund.currency),
                "service": refund.service or _("a rental"),
                "day": f"{team_day(team, refund.due_at):%Y-%m-%d}",
            },
            link=page("refund_detail", team, refund=refund.pk),
        )


OVERDUE: Final = Condition(Kind.OVERDUE_REFUND, _overdue)
