"""Of a budget so much is used that it warns, or all of it, so that it stops."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import Team, User
from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.states import Kind, Severity
from ledger.amounts import said
from rentals.budgets.reading import Standing
from rentals.budgets.warnings import past_warning
from rentals.models import Budget


def _nearly_used(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    """A few queries for each team that has budgets."""
    in_use = Budget.objects.filter(team=OuterRef("pk"), ended_at__isnull=True)
    found = [
        (team, standing)
        for team in Team.objects.filter(Exists(in_use))
        for standing in past_warning(team, now)
    ]
    people = User.objects.in_bulk({standing.member for _team, standing in found} - {None})
    for team, standing in found:
        whose = str(people.get(standing.member or 0) or standing.budget.whose)
        yield Holding(
            team_id=team.pk,
            subject=_subject(standing),
            severity=Severity.CRITICAL if standing.is_full else Severity.WARNING,
            title=_title(standing) % {"whose": whose},
            detail=_detail(standing),
            link=page("budget_list", team),
            member_id=standing.member or standing.budget.member_id,
        )


def _subject(standing: Standing) -> str:
    """Each period anew, and each member of a budget that is one for each."""
    member = f":{standing.member}" if standing.member else ""
    return f"budget:{standing.budget.pk}{member}:{standing.period.first:%Y-%m-%d}"


def _title(standing: Standing) -> str:
    if standing.is_full:
        return _("Budget used up: %(whose)s")
    return _("Budget nearly used: %(whose)s")


def _detail(standing: Standing) -> str:
    currency = standing.budget.currency
    return _("%(used)s of %(limit)s used; it renews on %(day)s.") % {
        "used": said(standing.used_shown, currency),
        "limit": said(standing.limit, currency),
        "day": f"{standing.renews:%Y-%m-%d}",
    }


# What is held for a rental comes and goes with it.
NEARLY_USED: Final = Condition(Kind.BUDGET, _nearly_used, calm=timedelta(minutes=10))
