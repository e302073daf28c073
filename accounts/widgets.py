"""Form controls that are written at once."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

SELECTED: Final = mark_safe(" selected")


def options(pairs: Iterable[tuple[Any, Any]], chosen: Collection[str]) -> SafeString:
    """An <option> for each pair of a value and its name; None is the value ""."""
    values = (("" if value is None else str(value), name) for value, name in pairs)
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SELECTED if value in chosen else "", name) for value, name in values),
    )


class Choices(forms.Select):
    """A select without groups. Django renders two templates for each option, which of two hundred
    takes longer than the rest of a page."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        own = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html(
            "<select{}>{}</select>",
            flatatt(own),
            options(self.choices, self.format_value(value)),
        )
