"""How the pages write money, numbers, times and time spans."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, ProviderAccount
from accounts.states import Role
from ledger import amounts
from providers import phone
from rentals.cards import Card
from rentals.health import account_health
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
def epoch(at: datetime | None) -> int | str:
    """Milliseconds since 1970, for the script's clocks."""
    return int(at.timestamp() * 1000) if at else ""


@register.simple_tag
def when(at: datetime | None, *, seconds: bool = False) -> str:
    """A time in the zone of whoever looks, with UTC on hover; the day only where it isn't today."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    today = local.date() == timezone.localdate()
    clock = formats.date_format(local, "H:i:s" if seconds else "H:i")
    year = "" if local.year == timezone.localdate().year else f" {local.year}"
    shown = clock if today else f"{formats.date_format(local, 'j M')}{year}, {clock}"
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        shown,
    )


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
