"""How the pages write what this application knows."""

from collections.abc import Iterable

from django import template
from django.db.models import Model

from accounts.models import Membership
from accounts.states import Role

register = template.Library()


@register.filter
def roles(held: Iterable[str]) -> str:
    """Roles in people's words: "Member, Admin"."""
    return ", ".join(str(Role(role).label) for role in held)


@register.inclusion_tag("accounts/trail_link.html")
def trail(membership: Membership, about: Model) -> dict[str, object]:
    """A link to what the audit log has about a row, for those who may read it."""
    return {
        "reads": membership.has(Role.ADMIN, Role.FINANCE),
        "team": membership.team,
        "kind": about._meta.label_lower,
        "number": about.pk,
    }
