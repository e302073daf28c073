"""How the pages write what this application knows."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.contrib.messages import WARNING
from django.contrib.messages.storage.base import Message
from django.db.models import Model
from django.utils import formats

from accounts.models import Membership
from accounts.pages import browsers, columns
from accounts.pages.columns import Chosen
from accounts.pages.saved_views import Unreadable, filtered_page, kept, visible_views
from accounts.pages.undo import Undo, offered
from accounts.states import Role

register = template.Library()


class Count(int):
    """How many there are, written with thousands apart: 1,897. It chooses plurals as any int."""

    def __str__(self) -> str:
        return formats.number_format(int(self), use_l10n=True, force_grouping=True)


@register.filter
def roles(held: Iterable[str]) -> str:
    """Roles in people's words: "Member, Admin"."""
    return ", ".join(str(Role(role).label) for role in held)


@register.filter
def browser(user_agent: str) -> str:
    """In words, such as "Firefox on Windows"."""
    return browsers.named(user_agent)


@register.filter
def counted(number: int) -> Count:
    """For `{% blocktranslate count count=rows|counted %}`, which takes a number and no text."""
    return Count(number)


@register.filter
def is_bad(message: Message) -> bool:
    """Whether it says that something went wrong: such a toast stays until it is closed."""
    return message.level >= WARNING


@register.filter
def undo(message: Message) -> Undo | None:
    """The form that takes back what the message tells of, where there is one."""
    return offered(message.extra_tags or "")


@register.inclusion_tag("accounts/trail_link.html")
def trail(membership: Membership, about: Model) -> dict[str, object]:
    """A link to what the audit log has about a row, for those who may read it."""
    return {
        "reads": membership.has(Role.ADMIN, Role.FINANCE),
        "team": membership.team,
        "kind": about._meta.label_lower,
        "number": about.pk,
    }


@register.simple_tag(takes_context=True)
def chosen_columns(context: template.Context, route: str) -> Chosen:
    """The columns of a list as whoever looks has chosen them."""
    return columns.chosen(context["membership"], route)


@register.inclusion_tag("components/saved_views.html", takes_context=True)
def saved_views(context: template.Context, route: str) -> dict[str, Any]:
    """The views of a page for whoever looks, and a form that keeps what is filtered now."""
    membership: Membership = context["membership"]
    page = filtered_page(route)
    query, unreadable = "", ""
    try:
        query = kept(page, context["request"].GET.urlencode()) if page else ""
    except Unreadable as error:
        unreadable = str(error)
    return {
        "views": visible_views(membership).filter(page=route),
        "membership": membership,
        "team": membership.team,
        "page": route,
        "now": query,
        "unreadable": unreadable,
    }
