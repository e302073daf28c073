"""Long lists of choices, written at once."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
CHOSEN = mark_safe(" selected")


@register.simple_tag
def options(names: Iterable[str], chosen: str | None) -> SafeString:
    """An <option> for each name, which is its value as well."""
    return format_html_join(
        "", "<option{}>{}</option>", ((CHOSEN if name == chosen else "", name) for name in names)
    )


@register.simple_tag
def options_by_id(named: Iterable[tuple[int, str]], chosen: int | None) -> SafeString:
    """An <option> for each pair of an id and a name."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((pk, CHOSEN if pk == chosen else "", name) for pk, name in named),
    )
