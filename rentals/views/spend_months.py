"""What rentals cost, by month and currency: one's own; for finance and admins everybody's."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import User
from ledger.exports.response import download
from rentals import exports, spending
from rentals.cards import card
from rentals.models.rentals import RentalQuerySet
from rentals.queries import shown
from rentals.views.common import varied
from rentals.visibility import sees_spend, spend_of

PAGE = 25
MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `member` None: all that are there for whoever asks."""

    month: date | None
    member: int | None
    is_readable: bool


@require_safe
@team_view()
def spend(request: TeamRequest) -> HttpResponse:
    """`month` as 2026-11, else the newest; `member` by id for those who see all; `page`."""
    asked = _asked(request)
    if _is_denied(request, asked):
        return _denied(request)
    sees_all = sees_spend(request.membership)
    member = asked.member if sees_all else request.user.pk
    months = spending.by_month(request.team.pk, member)
    month = _shown_month(asked, months)
    context = {
        "months": months,
        "month": month,
        "of_month": [each for each in months if each.month == month],
        "choices": sorted({each.month for each in months}, reverse=True),
        "sees_all": sees_all,
        "member": asked.member,
        "members": _members(request) if sees_all else [],
        "any": bool(months) or _rentals(request).exists(),
        **_page(request, month, member),
    }
    part = "rentals/spend/months.html#results" if request.htmx else "rentals/spend/months.html"
    return varied(render(request, part, context))


@require_safe
@team_view()
def spend_export(request: TeamRequest) -> HttpResponseBase:
    """The rentals of the month that the page shows, as a file."""
    asked = _asked(request)
    if _is_denied(request, asked):
        return _denied(request)
    member = asked.member if sees_spend(request.membership) else request.user.pk
    month = _shown_month(asked, spending.by_month(request.team.pk, member))
    filtered = {"month": f"{month:%Y-%m}" if month else "", "member": str(member or "")}
    return download(
        request,
        name=f"spend-{month:%Y-%m}" if month else "spend",
        head=exports.SPEND,
        rows=exports.spend_rows(_behind(request, month, member)),
        filtered={name: value for name, value in filtered.items() if value},
    )


def _is_denied(request: TeamRequest, asked: Asked) -> bool:
    return asked.member not in (None, request.user.pk) and not sees_spend(request.membership)


def _denied(request: TeamRequest) -> HttpResponse:
    return render(request, "rentals/spend/months.html", {"denied": True}, status=403)


def _shown_month(asked: Asked, months: list[spending.Spend]) -> date | None:
    """The month that is asked for, else the newest; None where neither is there."""
    return asked.month or (months[0].month if months and asked.is_readable else None)


def _behind(request: TeamRequest, month: date | None, member: int | None) -> RentalQuerySet:
    """The rentals behind a month's sums, newest first."""
    if month is None:
        return _rentals(request).none()
    rentals = _rentals(request).filter(day__gte=month, day__lt=_after(month))
    if member is not None:
        rentals = rentals.filter(member=member)
    return rentals.order_by("-requested_at", "-pk")


def _page(request: TeamRequest, month: date | None, member: int | None) -> dict[str, Any]:
    page = Paginator(_behind(request, month, member), PAGE).get_page(request.GET.get("page"))
    pks = [rental.pk for rental in page]
    read = shown(spend_of(request.membership)).in_bulk(pks)
    now = timezone.now()
    return {
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "cards": [card(request.membership, read[pk], now=now) for pk in pks if pk in read],
    }


def _asked(request: TeamRequest) -> Asked:
    said, member = request.GET.get("month", ""), request.GET.get("member", "")
    month = _month(said)
    by_id = int(member) if member.isascii() and member.isdecimal() and len(member) < 19 else None
    return Asked(month, by_id, is_readable=not said)


def _month(said: str) -> date | None:
    written = MONTH.fullmatch(said)
    return date(int(written[1]), int(written[2]), 1) if written else None


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _rentals(request: TeamRequest) -> RentalQuerySet:
    return spend_of(request.membership)


def _members(request: TeamRequest) -> QuerySet[User]:
    with_rentals = _rentals(request).order_by().values("member")
    return User.objects.filter(pk__in=with_rentals).order_by("name", "email")
