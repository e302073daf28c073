"""The icons of heroicons, each drawn once: a page has dozens, and the library copies and writes a
tree of nodes for every one of them."""

from functools import lru_cache
from typing import Any

from django import template
from django.utils.safestring import SafeString
from heroicons.templatetags import heroicons

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=1)
def copy_icon() -> SafeString:
    """Of a button that copies, and what stands there once it has."""
    before: dict[str, Any] = {"class": "until-copied"}
    after: dict[str, Any] = {"class": "when-copied"}
    copies = heroicons.heroicon_outline("square-2-stack", **before)
    return SafeString(copies + heroicons.heroicon_outline("check", **after))


for style in ("micro", "mini", "outline", "solid"):
    draw = getattr(heroicons, f"heroicon_{style}")
    register.simple_tag(lru_cache(maxsize=1024)(draw), name=draw.__name__)
