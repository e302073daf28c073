"""The bell of every page's top bar."""

from django import template

from accounts.models import Membership
from alerts.queries import unanswered

register = template.Library()


@register.inclusion_tag("alerts/bell.html", takes_context=True)
def bell(context: template.Context, membership: Membership) -> dict[str, object]:
    """How many alerts are open that nobody has taken on."""
    match = getattr(context.get("request"), "resolver_match", None)
    return {
        "team": membership.team,
        "count": unanswered(membership),
        "here": getattr(match, "url_name", "") == "alert_list",
        "oob": context.get("oob", False),
    }
