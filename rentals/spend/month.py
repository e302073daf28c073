"""What an address asks of a month's spend, and the rentals behind its sums."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from accounts.models import Membership
from rentals import spending
from rentals.models.rentals import RentalQuerySet
from rentals.spend.periods import Period, month_of
from rentals.visibility import sees_spend, spend_of

MONTH: Final = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")
NEAR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """`month` None: the newest, where `is_readable`. `member` None: all that there are for
    whoever asks."""

    month: date | None
    member: int | None
    is_readable: bool

    def whose(self, membership: Membership) -> int | None:
        """The member whose spend is shown; None for everybody's."""
        return self.member if sees_spend(membership) else membership.user_id

    def shown(self, months: list[spending.Spend]) -> date | None:
        """The month that is asked for, else the newest; None where neither is there."""
        return self.month or (months[0].month if months and self.is_readable else None)


def asked(address: Mapping[str, str]) -> Asked:
    """`month` as 2026-11; `member` by id."""
    said, member = address.get("month", ""), address.get("member", "")
    by_id = int(member) if member.isascii() and member.isdecimal() and len(member) < 19 else None
    return Asked(_month(said), by_id, is_readable=not said)


def behind(membership: Membership, month: date | None, member: int | None) -> RentalQuerySet:
    """The rentals behind a month's sums, newest first."""
    rentals = spend_of(membership)
    if month is None:
        return rentals.none()
    rentals = of_days(rentals, month_of(month))
    if member is not None:
        rentals = rentals.filter(member=member)
    return rentals.order_by("-requested_at", "-pk")


def of_days(rentals: RentalQuerySet, period: Period) -> RentalQuerySet:
    """Those that count for the days of a period, which are the team's own."""
    return rentals.filter(
        day__range=(period.first, period.last),
        # What an index answers: no zone is that far from UTC.
        requested_at__gte=_utc(period.first) - NEAR,
        requested_at__lt=_utc(period.last) + NEAR,
    )


def _month(said: str) -> date | None:
    written = MONTH.fullmatch(said)
    return date(int(written[1]), int(written[2]), 1) if written else None


def _utc(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
