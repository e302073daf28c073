"""How the pages write what this application knows."""

from collections.abc import Iterable

from django import template

from accounts.states import Role

register = template.Library()


@register.filter
def roles(held: Iterable[str]) -> str:
    """Roles in people's words: "Member, Admin"."""
    return ", ".join(str(Role(role).label) for role in held)
