"""Long lists of choices, written at once."""

from collections.abc import Iterable
from decimal import Decimal

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts.pages import widgets
from ledger import amounts

register = template.Library()


@register.simple_tag
def options(names: Iterable[str], chosen: str | None) -> SafeString:
    """An <option> for each name, which is its value as well."""
    return widgets.options(((name, name) for name in names), [chosen or ""])


@register.simple_tag
def options_by_id(named: Iterable[tuple[int, str]], chosen: int | None) -> SafeString:
    """An <option> for each pair of an id and a name."""
    return widgets.options(named, [str(chosen or "")])


@register.simple_tag
def amount_cells(values: Iterable[Decimal], currency: str) -> SafeString:
    """A <td> for each amount of a row; a dash for nothing. A chart's table has hundreds."""
    cells = ((amounts.written(value or None, currency),) for value in values)
    return format_html_join("", '<td class="number">{}</td>', cells)


@register.filter
def in_words(amount: Decimal, currency: str) -> str:
    """Without marks, for a drawing or a sentence: USD 1,234.50."""
    return amounts.said(amount, currency)
