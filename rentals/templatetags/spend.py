"""Long lists of choices, written at once."""

from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString

from accounts.pages import widgets

register = template.Library()


@register.simple_tag
def options(names: Iterable[str], chosen: str | None) -> SafeString:
    """An <option> for each name, which is its value as well."""
    return widgets.options(((name, name) for name in names), [chosen or ""])


@register.simple_tag
def options_by_id(named: Iterable[tuple[int, str]], chosen: int | None) -> SafeString:
    """An <option> for each pair of an id and a name."""
    return widgets.options(named, [str(chosen or "")])
