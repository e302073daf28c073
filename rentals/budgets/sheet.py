"""The budgets' page: what is there, how it stands, and what was asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Final

from django.db.models import Case, When

from accounts.models import Membership, Team, User
from accounts.states import Role
from ledger.days import team_day
from rentals.budgets.applying import in_force, standings_of
from rentals.budgets.periods import period_of
from rentals.budgets.reading import Standing, Wanted, standings
from rentals.models import Budget, BudgetRequest
from rentals.spend.periods import Period
from rentals.states import AskedState, BudgetScope
from rentals.visibility import sees_spend

NEAREST: Final = 5  # members that are shown of a budget for each
PAST: Final = 50  # budgets that count no more, and requests, that are shown


@dataclass(frozen=True)
class Line:
    """A budget as it stands; one for each member by those who are nearest to it."""

    budget: Budget
    standings: list[Standing]
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def shown(self) -> list[tuple[str, Standing]]:
        """With whose it is, where there are several."""
        nearest = sorted(self.standings, key=lambda each: each.percent, reverse=True)[:NEAREST]
        return [(self.names.get(each.member or 0, ""), each) for each in nearest]

    @property
    def more(self) -> int:
        """Members who are not shown."""
        return max(0, len(self.standings) - NEAREST)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for more. `is_late`: its time went by before anybody decided. `standing`: that of
    its budget for whoever asked, while it can be approved."""

    request: BudgetRequest
    period: Period
    is_late: bool
    standing: Standing | None = None

    @classmethod
    def all_of(cls, requests: Iterable[BudgetRequest], today: date) -> "list[Asked]":
        """In their order, all of one team."""
        listed = [cls._of(request, today) for request in requests]
        to_decide = [each for each in listed if each.is_open and not each.is_late]
        wanted = [
            Wanted.of(each.request.budget, each.period.first, each.request.asked_by_id)
            for each in to_decide
        ]
        team = to_decide[0].request.budget.team_id if to_decide else 0
        found = dict(zip((e.request.pk for e in to_decide), standings(team, wanted), strict=True))
        return [replace(each, standing=found.get(each.request.pk)) for each in listed]

    @classmethod
    def _of(cls, request: BudgetRequest, today: date) -> "Asked":
        period = period_of(request.budget.period, request.first)
        is_open = request.state == AskedState.OPEN
        return cls(request, period, is_open and period.last < today)

    @property
    def is_open(self) -> bool:
        return self.request.state == AskedState.OPEN

    @property
    def is_approved(self) -> bool:
        return self.request.state == AskedState.APPROVED

    @property
    def is_too_little(self) -> bool:
        """Whether nothing would be left even if it was approved."""
        found = self.standing
        return found is not None and found.used >= found.limit + self.request.amount


@dataclass(frozen=True)
class Sheet:
    lines: list[Line]
    rest: list[Budget]  # those to come and those that are over, the newest first
    asked: list[Asked]  # the open ones first, the newest before the older

    @property
    def open(self) -> list[Asked]:
        return [each for each in self.asked if each.is_open]

    @property
    def decided(self) -> list[Asked]:
        return [each for each in self.asked if not each.is_open]

    @cached_property
    def any(self) -> bool:
        return bool(self.lines or self.rest)


def sheet(membership: Membership, day: date) -> Sheet:
    """All of the team's for those who see its spend; for a member those that count for them."""
    if not sees_spend(membership):
        own = standings_of(membership.team_id, membership.user_id, day)
        asked = _asked(membership.team, day, by=membership.user)
        return Sheet([Line(each.budget, [each]) for each in own], [], asked)
    team = membership.team
    budgets = list(Budget.objects.filter(team=team).active(day).select_related("member"))
    rest = Budget.objects.filter(team=team).exclude(pk__in=[budget.pk for budget in budgets])
    newest = rest.select_related("member", "ended_by").order_by("-active_from", "-pk")
    lines = _lines(team, sorted(budgets, key=_order), day)
    return Sheet(lines, list(newest[:PAST]), _asked(team, day))


def own_standings(membership: Membership, now: datetime) -> list[Standing]:
    """What is left for a member today, whatever they rent: the fullest first."""
    day = team_day(membership.team, now)
    return standings_of(membership.team_id, membership.user_id, day)


def own_standing(membership: Membership, budget: Budget, now: datetime) -> Standing | None:
    """How a budget stands that counts for a member today; None where it does not."""
    return next((e for e in own_standings(membership, now) if e.budget.pk == budget.pk), None)


def all_standings(team: Team, day: date) -> list[Standing]:
    """Every active budget as it stands; one for each member as often as there are members."""
    budgets = Budget.objects.filter(team=team).active(day).select_related("member")
    return standings(team.pk, _wanted(budgets.order_by("pk"), _renters(team), day))


def _asked(team: Team, day: date, *, by: User | None = None) -> list[Asked]:
    """All requests, or one person's."""
    requests = BudgetRequest.objects.filter(budget__team=team)
    if by is not None:
        requests = requests.filter(asked_by=by)
    known = requests.select_related("budget__member", "asked_by", "decided_by")
    open_first = Case(When(state=AskedState.OPEN, then=0), default=1)
    return Asked.all_of(known.order_by(open_first, "-asked_at", "-pk")[:PAST], day)


def _lines(team: Team, budgets: list[Budget], day: date) -> list[Line]:
    each = any(budget.scope == BudgetScope.EACH for budget in budgets)
    renters = _renters(team) if each else {}
    found: dict[int, list[Standing]] = defaultdict(list)
    for standing in standings(team.pk, _wanted(budgets, renters, day)):
        found[standing.budget.pk].append(standing)
    return [Line(budget, found[budget.pk], renters) for budget in budgets]


def _wanted(budgets: Iterable[Budget], renters: Mapping[int, str], day: date) -> list[Wanted]:
    listed = list(budgets)
    wanted = [Wanted(budget, day) for budget in listed if budget.scope != BudgetScope.EACH]
    for member in renters:
        of_each = [b for b in in_force(listed, member) if b.scope == BudgetScope.EACH]
        wanted += [Wanted(budget, day, member) for budget in of_each]
    return wanted


def _renters(team: Team) -> dict[int, str]:
    """The names of those who may rent, by their ids."""
    people = User.objects.filter(
        memberships__team=team, memberships__roles__overlap=[Role.MEMBER, Role.ADMIN]
    )
    return {person.pk: str(person) for person in people.order_by("name", "email")}


def _order(budget: Budget) -> tuple[int, str, int, int]:
    scopes, periods = list(BudgetScope), ["day", "week", "month"]
    place = scopes.index(BudgetScope(budget.scope))
    return place, budget.whose.casefold(), periods.index(budget.period), budget.pk
