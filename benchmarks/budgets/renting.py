"""Rents of one member, requested and timed in this process; no worker carries them out."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from benchmarks.ground import ground

ground()  # sets Django up, which the imports below need

from django.utils import timezone  # noqa: E402

from accounts.models import Membership  # noqa: E402
from alerts.operations.evaluating import evaluate  # noqa: E402
from benchmarks.pages.asking import Times, used  # noqa: E402
from benchmarks.pages.scene import DAYS, Place  # noqa: E402
from ledger.models import ExchangeRate  # noqa: E402
from rentals.budgets.reading import Wanted, standings  # noqa: E402
from rentals.models import Budget, Offer  # noqa: E402
from rentals.operations import fold_spend, request_rental  # noqa: E402
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope  # noqa: E402

TURNS: Final = 10
A_TURN: Final = 20  # rents, after which sums are folded, as a worker does every ten seconds
READS: Final = 100
LOOKS: Final = 20
PURPOSE: Final = "Purpose 7"
KINDS: Final[list[dict[str, Any]]] = [
    {"scope": BudgetScope.TEAM, "period": BudgetPeriod.MONTH},
    {"scope": BudgetScope.EACH, "period": BudgetPeriod.DAY},
    {"scope": BudgetScope.PURPOSE, "period": BudgetPeriod.WEEK, "purpose": PURPOSE},
]


@dataclass(frozen=True)
class Limited:
    """A place whose budgets have room for whatever is rented."""

    place: Place
    member: Membership
    offer: Offer
    budgets: list[Budget]


def with_budgets(place: Place) -> Limited:
    now = timezone.now()
    member = Membership.objects.select_related("team", "user").get(
        team=place.team, user=place.member
    )
    _enter_rates(place, now.date())
    budgets = [
        Budget.objects.create(
            team=place.team,
            counts=BudgetCounts.ALL,
            currency="USD",
            amount=Decimal("1e9"),
            active_from=date(2020, 1, 1),
            created_at=now,
            created_by=place.finance,
            **kind,
        )
        for kind in KINDS
    ]
    offer = Offer.objects.select_related("account").get(
        account=place.wallets[0], service_code="service-1"
    )
    return Limited(place, member, offer, budgets)


def read(ours: Limited) -> Times:
    """How all three stand."""
    today = timezone.now().date()
    wanted = [Wanted.of(budget, today, ours.member.user_id) for budget in ours.budgets]
    return _timed(READS, lambda: standings(ours.place.team.pk, wanted))


def look_for_alerts() -> Times:
    """All that can be wrong, as a worker looks for it each minute: those of budgets among it."""
    return _timed(LOOKS, lambda: evaluate(now=timezone.now()))


def rent(ours: Limited) -> tuple[Times, Times]:
    """With the budgets, and without."""
    rows = Budget.objects.filter(pk__in=[budget.pk for budget in ours.budgets])
    found = Times([], [], 0), Times([], [], 0)
    _rents(ours)
    for _ in range(TURNS):
        for times, active_to in zip(found, (None, date(2020, 1, 1)), strict=True):
            rows.update(active_to=active_to)
            turn = _rents(ours)
            times.wall.extend(turn.wall)
            times.cpu.extend(turn.cpu)
    return found


def _rents(ours: Limited) -> Times:
    def one() -> None:
        request_rental(
            membership=ours.member,
            offer=ours.offer,
            purpose=PURPOSE,
            request_key=uuid.uuid4(),
            now=timezone.now(),
        )

    turn = _timed(A_TURN, one)
    fold_spend()
    return turn


def _timed(rounds: int, do: Callable[[], object]) -> Times:
    wall, cpu = [], []
    for _ in range(rounds):
        before, started = used(), time.perf_counter()
        do()
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (used() - before))
    return Times(wall, cpu, 0)


def _enter_rates(place: Place, today: date) -> None:
    ExchangeRate.objects.bulk_create(
        ExchangeRate(
            team=place.team,
            currency="NGN",
            into="USD",
            day=today - timedelta(days=back),
            rate=Decimal("0.00065"),
            entered_at=timezone.now(),
            entered_by=place.finance,
        )
        for back in range(DAYS)
    )
