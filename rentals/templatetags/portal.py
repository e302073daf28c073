"""How the pages write money, numbers, times and time spans."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import Membership, ProviderAccount
from accounts.states import Role
from ledger import amounts
from providers import phone
from rentals.board.cards import Card
from rentals.health.accounts import account_health
from rentals.queries import accounts_in_use
from rentals.states import RentalState
from rentals.visibility import may_rent

register = template.Library()

NOTHING = "\N{EN DASH}"


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """With its currency, which may be a Unit of a column; a dash where there is no amount."""
    return amounts.written(amount, currency)


@register.simple_tag
def cost(card: Card, unit: str = "") -> str:
    """What a rental cost and what of it came back, or what is held for it, or that it cost nothing.

    What is held for a rental in doubt may have been charged, and is said to be. `unit`: of the
    column that it stands in.
    """
    rental, currency = card.rental, unit or card.rental.currency
    if card.charged is not None:
        charged = money(card.charged, currency)
        return format_html("{}{}", charged, _came_back(card)) if card.refunded else charged
    if rental.held:
        held = money(rental.held, currency)
        doubt = rental.state == RentalState.IN_DOUBT
        said = _("may have been charged") if doubt else _("held")
        return format_html('{} <span class="muted">{}</span>', held, said)
    if rental.state == RentalState.REFUSED:
        return format_html('<span class="muted">{}</span>', _("not charged"))
    return money(rental.price, currency)


def _came_back(card: Card) -> str:
    if card.refunded == card.charged:
        return format_html(' <span class="muted">{}</span>', _("refunded"))
    back = _("%(amount)s refunded") % {"amount": amounts.figure(card.refunded)}
    return format_html(' <span class="muted">{}</span>', back)


@register.filter
def grouped(count: int) -> str:
    """How many there are, with thousands apart: 1,897."""
    return _grouped(count, get_language())


@lru_cache(maxsize=8192)
def _grouped(count: int, _language: str | None) -> str:
    return str(formats.number_format(count, use_l10n=True, force_grouping=True))


@register.filter
def international(number: str) -> str:
    """A phone number in groups, with its country code."""
    return phone.international(number)


@register.filter
def span(seconds: int) -> str:
    """A time span in its largest fitting unit: 90 s, 20 min, 3 h, 7 days."""
    if seconds < 120:
        return _("%(count)s s") % {"count": seconds}
    if seconds < 7200:
        return _("%(count)s min") % {"count": round(seconds / 60)}
    if seconds < 172_800:
        return _("%(count)s h") % {"count": round(seconds / 3600)}
    days = round(seconds / 86_400)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


@register.filter
def seconds(count: float | None) -> str:
    """A time span that may be short: 0.4 s, 210 s, 12 min; a dash for none."""
    if count is None:
        return NOTHING
    if abs(count) >= 600:
        return span(round(count))
    return _("%(count)s s") % {"count": formats.number_format(count, int(abs(count) < 9.95))}


@register.filter
def epoch(at: datetime | None) -> str:
    """Milliseconds since 1970, for the script's clocks."""
    return str(int(at.timestamp() * 1000)) if at else ""


@register.simple_tag
def when(at: datetime | None, *, seconds: bool = False) -> str:
    """A time in the zone of whoever looks, with UTC on hover; the day only where it isn't today."""
    if at is None:
        return NOTHING
    local, today = timezone.localtime(at), timezone.localdate()
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    day = local.date()
    shown = clock if day == today else f"{_day(day, get_language())}{year}, {clock}"
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        shown,
    )


@register.simple_tag
def until(at: datetime) -> str:
    """When a number's time is over, for the script to count down to."""
    local = timezone.localtime(at).isoformat()
    said = _("until %(time)s") % {"time": local[11:16]}
    return format_html('<time datetime="{}" data-deadline="{}">{}</time>', local, epoch(at), said)


@lru_cache(maxsize=1024)
def _day(day: date, _language: str | None) -> str:
    return str(formats.date_format(day, "j M"))


@register.simple_tag
def of_rental(route: str, team: str, rental: int | str) -> str:
    """The address of a rental's page or part of it: {% url %} for a list, where it is a fifth."""
    before, after = _around(route, team)
    return f"{before}{rental}{after}"


@lru_cache(maxsize=1024)
def _around(route: str, team: str) -> tuple[str, str]:
    """What stands before the rental's number and behind it."""
    before, _zero, after = reverse(route, kwargs={"team": team, "rental": 0}).rpartition("/0")
    return f"{before}/", after


@register.inclusion_tag("components/wallets.html", takes_context=True)
def wallets(context: dict[str, Any], membership: Membership) -> dict[str, Any]:
    """The balance of each of the team's provider accounts, as it was last read."""
    return {"accounts": accounts_in_use(membership.team), "membership": membership}


@register.inclusion_tag("components/next_step.html", takes_context=True)
def next_step(context: dict[str, Any], *, rents: bool = True) -> dict[str, Any]:
    """What brings a list its first row, for whoever looks at it: a provider key, then a rental.

    Without `rents` a team that has a key is told nothing: it is good that the list is empty.
    """
    membership: Membership = context["membership"]
    begun = accounts_in_use(membership.team).exists()
    return {
        "team": membership.team,
        "begun": begun,
        "administers": membership.has(Role.ADMIN),
        "may_rent": rents and may_rent(membership),
        "admins": [] if begun else membership.team.admins(),
    }


@register.inclusion_tag("rentals/arrival.html")
def arrival(account: ProviderAccount) -> dict[str, Any]:
    """Whether the account's webhooks reach us, and what to do where they don't."""
    return {"health": account_health(account, timezone.now())}
